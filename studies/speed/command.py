"""``bench speed``: Treeline beside its peers, part by part."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.errors import InputError, cannot_write
from bench.system.provenance import PACKAGES, provenance
from bench.system.terminal import say, say_table
from studies.speed import gpu
from studies.speed.record import PAGE, PARTS, Findings, StoredPart, keep, module_of, read
from studies.speed.rows import HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PEERS = ("orjson", "pytrec_eval-terrier")
"""Packages that only the peers need."""


def speed(names: Sequence[str], out: Path, data_dir: Path | None) -> None:
    """Measure parts, print each and keep it in the results folder at once.

    Args:
        names: names of the parts; without any, all, but ``gpu`` only if there is a GPU.
        out: results folder; parts of it that are not measured are kept.
        data_dir: the folder that is searched for data first.

    Raises:
        InputError: there is no such part, or a part cannot be measured; those before are kept.
    """
    for name in names:
        if name not in PARTS:
            raise InputError(f"unknown part {name!r} of the benchmark; parts: {', '.join(PARTS)}")
    import torch

    _prepare(out)
    chosen = list(dict.fromkeys(names or PARTS))
    if not names and (reason := gpu.lacks_gpu()):
        chosen.remove("gpu")
        say(f"gpu is left out: {reason}")
    for number, name in enumerate(chosen, start=1):
        say(f"[{number}/{len(chosen)}] {name}")
        origin = provenance(torch.get_num_threads(), (*PACKAGES, *PEERS))
        begin = time.perf_counter()
        found: Findings = module_of(name).measure(data_dir)
        seconds = time.perf_counter() - begin
        say()
        say_table(HEADER, [row.cells() for row in found.rows])
        say("\n".join([*found.notes, ""]))
        keep(out, name, StoredPart(**found._asdict(), seconds=seconds, provenance=origin))
    say(f"Written: {out / PAGE}")


def _prepare(out: Path) -> None:
    """Raise before minutes are spent if nothing can be kept."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    read(out)
