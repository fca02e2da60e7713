"""The parts of the benchmark as measured last: ``speed.json``, and SPEED.md made from it."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field, ValidationError

from bench.errors import InputError
from bench.report.markdown import pipe_table
from bench.system.files import write_atomically
from bench.system.provenance import Provenance
from bench.system.records import Record
from studies.speed.rows import HEADER, SpeedRow

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

NAME = "speed.json"
PAGE = "SPEED.md"

PARTS = {
    "training": "studies.speed.training",
    "exact-search": "studies.speed.exact_search",
    "measures": "studies.speed.measures",
    "visited": "studies.speed.visited",
    "harness": "studies.speed.harness",
    "texts": "studies.speed.texts",
    "growth": "studies.speed.growth",
    "gpu": "studies.speed.gpu",
}
"""The module of each part; its docstring describes the part, its ``measure`` measures it."""

HEAD = """# Speed

Printed by `python -m bench speed`: Treeline beside peers that were measured in the same run, on
the CPU. A ratio with an aim of *at least* is the peer's time over ours, one with an aim of *at
most* our time over the peer's. Both go in turn, every other round in the opposite order;
*measured* is the median over rounds, with the smallest and the largest.
"""


class Findings(NamedTuple):
    """The rows of a part, and notes on what was left out and why."""

    rows: list[SpeedRow]
    notes: list[str]


class StoredPart(Record):
    """A part as it was measured.

    Attributes:
        seconds: seconds that measuring it took.
        provenance: machine, packages, commit and date.
    """

    rows: list[SpeedRow]
    notes: list[str]
    seconds: float
    provenance: Provenance


class SpeedRecord(Record):
    """``speed.json``: every part that was measured, by name."""

    schema_: int = Field(default=1, alias="schema")
    parts: dict[str, StoredPart] = Field(default_factory=dict)


def read(folder: Path) -> SpeedRecord:
    """Read the record in a results folder.

    Raises:
        InputError: its file is not one that ``bench speed`` wrote.
    """
    path = folder / NAME
    if not path.exists():
        return SpeedRecord()
    try:
        return SpeedRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(
            f"{path} is not what `bench speed` writes ({error.errors()[0]['msg']}); move it away "
            "and measure again"
        ) from error


def keep(folder: Path, name: str, part: StoredPart) -> None:
    """Replace a part by a newer one, and write the page again.

    Raises:
        InputError: the folder cannot be written, or its file is not one that ``bench speed`` wrote.
    """
    held = read(folder)
    held.parts[name] = part
    write_atomically(folder / NAME, held.model_dump_json(by_alias=True, indent=1) + "\n")
    write_atomically(folder / PAGE, page(held))


def page(held: SpeedRecord) -> str:
    """SPEED.md."""
    lines = [HEAD]
    for name in PARTS:
        if name not in held.parts:
            continue
        part = held.parts[name]
        lines += [f"## {name}", "", inspect.getdoc(module_of(name)) or "", ""]
        lines += [pipe_table(HEADER, [row.cells() for row in part.rows]), ""]
        lines += [*(f"{note}\n" for note in part.notes), _origin(part), ""]
    return "\n".join(lines)


def module_of(name: str) -> ModuleType:
    """The module of a part."""
    return importlib.import_module(PARTS[name])


def _origin(part: StoredPart) -> str:
    """The sentence on machine, packages, commit and date of a part."""
    origin = part.provenance
    machine = origin.machine
    versions = ", ".join(f"{package} {version}" for package, version in origin.versions.items())
    return (
        f"{origin.date[:10]}, {machine.get('cpu')}, {machine.get('cores')} cores, "
        f"{machine.get('memory_gb')} GB, {origin.threads} threads, commit `{origin.commit}`, "
        f"{part.seconds:.0f} s in all; {versions}."
    )
