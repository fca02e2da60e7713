"""``bench replay``: whether what is published is what was measured, without model or GPU."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from bench.data.several import task_reader
from bench.store.folder import CELL, MARK, QUERIES, RUN, Store
from bench.system.terminal import counted, say
from bench.verify.files import check_files
from bench.verify.metrics import check_metrics
from bench.verify.pages import check_boards
from bench.verify.runs import stores_of, tasks_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.verify.files import Checked
    from bench.verify.metrics import Derived


def replay(out: Path, data_dir: Path | None = None, datasets: Iterable[str] = ()) -> bool:
    """Check the files of a results folder, rebuild its boards, derive its metrics again.

    Args:
        out: the results folder; the ablations in it are checked too.
        data_dir: where data files are looked for.
        datasets: to read what a task's name alone does not find, as ``--dataset`` takes them.

    Returns:
        Whether all holds; a line is printed for each thing that does not.

    Raises:
        InputError: it holds no runs, or a dataset that was named cannot be read.
    """
    cells: dict[Path, Cell] = {}
    failed = absent = 0
    unread: Counter[str] = Counter()
    stores = stores_of(out)
    task_of = task_reader(datasets, data_dir, tasks_in(stores))
    for store in stores:
        checked = check_files(store)
        _print_files(store, checked)
        cells |= checked.cells
        failed += len(checked.failures)
        if store.root == out:
            failed += _check_boards(store, checked)
    began = time.perf_counter()
    for derived in check_metrics(cells, task_of):
        now = time.perf_counter()
        _print_metrics(derived, now - began)
        failed += len(derived.failures)
        began = now
        if derived.runs.reason:
            unread[derived.runs.name] += len(derived.runs.here)
        absent += len(derived.runs.absent)
    say(f"\n{failed} FAILED" if failed else "\nAll holds.")
    _print_not_derived(unread, absent)
    return not failed


def _print_files(store: Store, checked: Checked) -> None:
    names = (CELL, RUN, QUERIES, *([MARK] if checked.whole[MARK] else []))
    whole = ", ".join(f"{checked.whole[name]} {name}" for name in names)
    more = "".join(f"; {n} {name} not published" for name, n in checked.unpublished.items())
    say(f"{store.runs}: {whole} as stored{more}")
    _print_failures(checked.failures)


def _check_boards(store: Store, checked: Checked) -> int:
    """Check the boards, and print the outcome; how many files are wrong."""
    if checked.failures:
        say("Boards: not rebuilt, as files under runs are not as they were stored")
        return 0
    same, failures = check_boards(store)
    say(f"Boards: {same} rebuilt, byte for byte the same")
    _print_failures(failures)
    absent = checked.unpublished[QUERIES]
    if failures and absent:
        say(f"  {absent} {QUERIES} are not here; boards that compare queries are made from them")
    return len(failures)


def _print_metrics(derived: Derived, seconds: float) -> None:
    runs = derived.runs
    if runs.reason:
        say(
            f"{runs.name}: metrics of {counted(len(runs.here), 'cell')} not derived again"
            f"{runs.without}: {runs.reason}"
        )
    else:
        say(
            f"{runs.name}: metrics of {counted(derived.equal, 'cell')} derived again, equal"
            f"{runs.without} ({seconds:.1f} s)"
        )
    if derived.lacking:
        names = ", ".join(sorted(derived.lacking))
        say(f"  cells of {runs.name} lack {names}; `python -m bench recompute` adds them")
    _print_failures(derived.failures)


def _print_not_derived(unread: Mapping[str, int], absent: int) -> None:
    """Say of how many cells the metrics rest on the cells alone, and why."""
    why = [f"{absent} whose run is not here"] if absent else []
    if unread:
        tasks = ", ".join(unread)
        why.append(
            f"{sum(unread.values())} whose data cannot be read here, of {tasks} (--data-dir or "
            "--dataset says where they lie)"
        )
    if why:
        say(f"Not derived again: metrics of {' and of '.join(why)}.")


def _print_failures(failures: Iterable[str]) -> None:
    for failure in failures:
        say(f"FAIL {failure}")
