"""``bench replay``: whether what is published is what was measured, without model or GPU."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.data.load import task_reader
from bench.errors import InputError
from bench.store.folder import CELL, MARK, QUERIES, RUN, Store
from bench.system.terminal import say
from bench.verify.files import Checked, check_files
from bench.verify.metrics import Derived, check_metrics
from bench.verify.pages import check_boards

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


ABLATIONS = "ablations"
"""A results folder of its own within one: cells, and no leaderboard."""


def replay(out: Path, data_dir: Path | None = None, datasets: Iterable[str] = ()) -> bool:
    """Check the files of a results folder, rebuild its boards, derive its metrics again.

    Args:
        out: the results folder; the ablations in it are checked too.
        data_dir: where data files are looked for.
        datasets: to read what a task's name alone does not find, as ``--dataset`` takes them.

    Returns:
        Whether all holds; what does not was told, a line each.

    Raises:
        InputError: it holds no runs, or a dataset that was named cannot be read.
    """
    store = Store(out)
    if not store.runs.is_dir():
        raise InputError(f"{store.runs} is not there; name a results folder with --out")
    inner = Store(out / ABLATIONS)
    stores = [each for each in (store, inner) if each.runs.is_dir()]
    checked = [_files(each) for each in stores]
    failed = sum(len(each.failures) for each in checked)
    failed += _boards(store, checked[0])
    cells = {path: cell for each in checked for path, cell in each.cells.items()}
    task_of = task_reader(datasets, data_dir)
    began = time.perf_counter()
    for derived in check_metrics(cells, task_of):
        now = time.perf_counter()
        _say_derived(derived, now - began)
        failed += len(derived.failures)
        began = now
    say(f"\n{failed} FAILED" if failed else "\nAll holds.")
    return not failed


def _files(store: Store) -> Checked:
    checked = check_files(store)
    names = (CELL, RUN, QUERIES, *([MARK] if checked.whole[MARK] else []))
    whole = ", ".join(f"{checked.whole[name]} {name}" for name in names)
    more = "".join(f"; {n} {name} not published" for name, n in checked.unpublished.items())
    say(f"{store.runs}: {whole} as stored{more}")
    _fail(checked.failures)
    return checked


def _boards(store: Store, checked: Checked) -> int:
    """Check the boards, and say so; how many files are wrong."""
    if checked.failures:
        say("Boards: not rebuilt, as files under runs are not as they were stored")
        return 0
    same, failures = check_boards(store)
    say(f"Boards: {same} rebuilt, byte for byte the same")
    _fail(failures)
    absent = checked.unpublished[QUERIES]
    if failures and absent:
        say(f"  {absent} {QUERIES} are not here; boards that compare queries are made from them")
    return len(failures)


def _say_derived(derived: Derived, seconds: float) -> None:
    absent = f"; {derived.absent} have no run file here" if derived.absent else ""
    if derived.reason:
        n = derived.cells - derived.absent
        say(f"{derived.task}: metrics of {n} cells not derived again{absent}: {derived.reason}")
    else:
        say(
            f"{derived.task}: metrics of {derived.equal} cells derived again, equal{absent} "
            f"({seconds:.1f} s)"
        )
    if derived.lacking:
        names = ", ".join(sorted(derived.lacking))
        say(f"  cells of {derived.task} lack {names}; `python -m bench recompute` adds them")
    _fail(derived.failures)


def _fail(failures: Iterable[str]) -> None:
    for failure in failures:
        say(f"FAIL {failure}")
