"""``bench submit``: cells of one's own, checked as CI would, among the published ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data.load import dataset_of
from bench.errors import InputError, cannot_write, unknown
from bench.report.leaderboard import NAME, write_leaderboard
from bench.report.rows import by_task, rows_of
from bench.report.stated import stated_budget
from bench.store.cell import Cell, Status
from bench.store.folder import MARK, QUERIES, RUN, Store
from bench.system.records import NotWholeError, read_record
from bench.system.terminal import counted, say
from bench.verify.certify import CertifyOptions, find_cell
from bench.verify.certify import certify as measure_again
from bench.verify.replay import replay
from bench.verify.request import CLAIMED, Candidate, Seeds, print_request
from bench.verify.submit_checks import wrong_with

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence


ENOUGH_SEEDS = 3
"""Seeds that differences to other rows need, to be told from chance."""


def submit(
    cells: Sequence[str],
    source: Path,
    out: Path,
    *,
    methods: Collection[str] = (),
    datasets: Iterable[str] = (),
    certify: bool = False,
    check_only: bool = False,
    timeout_s: float = 3600,
    data_dir: Path | None = None,
) -> bool:
    """Check cells; if all of them hold, publish them, build the boards again and replay.

    Args:
        cells: paths or beginnings of keys; none: all cells that were measured.
        source: the results folder that the cells are taken from.
        out: the published results folder.
        methods: only these; empty: all.
        datasets: names as ``--dataset`` takes them: only these; none: all.
        certify: whether a seed of each row is measured again, where none was.
        check_only: whether nothing is copied.
        timeout_s: seconds that a cell may take that is measured again.
        data_dir: where data files are looked for.

    Returns:
        Whether all holds. Where a check fails, nothing was copied.

    Raises:
        InputError: there is nothing to submit, or it cannot be read or written.
    """
    found = _filtered(_read(cells, source), methods, datasets, source)
    found = list(_not_left_out(found, source, out, named=bool(cells)))
    if not found:
        raise InputError(f"no cell of {source} is to be submitted")
    new, rows = [each for each in found if each.new], _rows(found)
    refusals = list(wrong_with({each.path: each.cell for each in new}, source, data_dir))
    if certify and new and not refusals:
        how = CertifyOptions(source, timeout_s=timeout_s, data_dir=data_dir)
        for row in rows:
            if not row.again:
                measure_again(str(next(each.path for each in row.cells if each.new)), how)
    refusals += [
        f"certify: {each.path}: measured again, {mark.outcome}; see {MARK} beside it"
        for each in new
        if (mark := each.mark) is not None and mark.failed
    ]
    for refusal in refusals:
        say(f"REFUSED {refusal}")
    if refusals:
        say(f"\nRefused: {len(refusals)}. Nothing was copied.")
        return False
    say(f"{counted(len(new), 'cell holds', 'cells hold')}: files, commit, data, metrics, code.")
    say(CLAIMED)
    if len(found) > len(new):
        here = counted(len(found) - len(new), "cell is", "cells are")
        say(f"{here} published already.")
    for seeds in rows:
        if (n_seeds := len(seeds.cells)) < ENOUGH_SEEDS:
            say(
                f"Warning: {seeds.cells[0].cell.task} · {seeds.row.label} has {n_seeds} of "
                f"{ENOUGH_SEEDS} seeds: differences to other rows are hard to tell from chance; of "
                "one seed they are never starred (--seeds 0,1,2)"
            )
    return check_only or (_publish(new, out, data_dir) and print_request(rows, out))


def _read(named: Sequence[str], source: Path) -> list[Candidate]:
    """The cells that are named, or all.

    Raises:
        InputError: there are no cells, a name is of none or of another folder, or of a cell that
            is not as it was stored; where none is named, such a one is printed and left out.
    """
    store = Store(source)
    if not store.runs.is_dir():
        raise InputError(
            f"{store.runs} is not there; measure first ({' '.join(RUN)}), or name the results "
            "folder with --from"
        )
    paths = {path.resolve(): path for path in store.cell_paths()}
    wanted = [find_cell(name, source) for name in named]
    for path in wanted:
        if path.resolve() not in paths:
            raise InputError(f"{path} is not in {store.runs}; name its results folder with --from")
    found = []
    for path in dict.fromkeys(path.resolve() for path in wanted) or paths:
        try:
            found.append(Candidate(paths[path], read_record(paths[path], Cell)))
        except NotWholeError as error:
            problem = f"{error}; measure it again"
            if named:
                raise InputError(problem) from error
            say(f"Left out: {problem}")
    return found


def _filtered(
    found: list[Candidate], methods: Iterable[str], datasets: Iterable[str], source: Path
) -> list[Candidate]:
    """The cells of the methods and datasets that are named."""
    asked: tuple[tuple[str, set[str], Callable[[Cell], str]], ...] = (
        ("method", set(methods), lambda cell: cell.method),
        ("dataset", set(map(dataset_of, datasets)), lambda cell: dataset_of(cell.task)),
    )
    for kind, names, name_in in asked:
        there = {name_in(each.cell) for each in found}
        for name in sorted(names - there):
            raise unknown(f"{kind} in {source}", name, there)
        found = [each for each in found if not names or name_in(each.cell) in names]
    return found


def _not_left_out(
    found: list[Candidate], source: Path, out: Path, *, named: bool
) -> Iterator[Candidate]:
    """The cells to publish, and those that are published just as they are; others are printed."""
    if source.resolve() == out.resolve():
        raise InputError(f"--from and --out are both {out}: cells are copied between two")
    published = Store(out)
    for each in found:
        there = published.find(each.cell)
        if each.cell.status is not Status.OK and not named:
            problem = f"ended as {each.cell.status}"
        elif there is not None and there.sha256 != each.cell.sha256:
            problem = (
                "is published already, of another measurement; take "
                f"{published.folder(there)} away to publish this one"
            )
        else:
            marked = each.mark is not None and not (published.folder(each.cell) / MARK).exists()
            yield each._replace(new=there is None or marked)
            continue
        say(f"Left out: {each.path}: {each.cell.title}: {problem}")


def _rows(found: list[Candidate]) -> list[Seeds]:
    """The rows with a cell to publish; all rows where there is none: a stopped submission ends."""
    by_key = {each.cell.key: each for each in found}
    rows = [
        Seeds(row, [by_key[cell.key] for cell in row.cells])
        for group in by_task(each.cell for each in found).values()
        for row in rows_of(group)
    ]
    return [row for row in rows if any(each.new for each in row.cells)] or rows


def _publish(new: list[Candidate], out: Path, data_dir: Path | None) -> bool:
    """Copy the new cells, write boards and replay; whether that holds."""
    store = Store(out)
    store.prepare()
    before = {cell.key: cell for cell in store.cells()}
    for each in new:
        names = (RUN, QUERIES, MARK) if each.mark else (RUN, QUERIES)
        with store.staging(each.cell.key) as folder:
            for file in filter(Path.is_file, map(each.path.with_name, names)):
                try:
                    shutil.copy2(file, folder / file.name)
                except OSError as error:
                    raise cannot_write(out, error) from error
            store.commit(each.cell, folder)
    for key in before.keys() - {cell.key for cell in store.cells()}:
        say(f"Takes the place of {key}: {before[key].title}, by older code")
    write_leaderboard(store, stated_budget(store.root / NAME), figures=True)
    say(f"\nReplay of {out}:")
    if replay(out, data_dir):
        return True
    say(
        f"\nThe cells were copied, but {out} does not hold; `git status` shows what was written, "
        "and `git restore` and `git clean` take it back"
    )
    return False
