"""``bench submit``: cells of one's own, checked as CI would, among the published ones."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from bench.certify.command import certified
from bench.certify.mark import read_mark, write_mark
from bench.errors import cannot_write
from bench.replay.command import replay
from bench.report.board import rows_of
from bench.report.console import name_of, say
from bench.report.markdown import write_leaderboard
from bench.report.task_report import by_task
from bench.run import RunOptions
from bench.store import MARK, QUERIES, RUN, Store
from bench.submit.checks import Checks, Refusal
from bench.submit.chosen import choose
from bench.submit.request import request_text, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.certify.mark import Mark
    from bench.submit.chosen import Candidate, SubmitOptions

ENOUGH_SEEDS = 3


def submit(options: SubmitOptions) -> bool:
    """Check cells; if all of them hold, publish them, build the boards again and replay.

    Args:
        options: what to submit, and where it goes.

    Returns:
        Whether all holds. Where a check fails, nothing was copied.

    Raises:
        InputError: there is nothing to submit, or it cannot be read or written.
    """
    chosen = choose(options)
    for line in chosen.left_out:
        say(f"Left out: {line}")
    checks = Checks(Store(options.source), options.data_dir)
    refusals = [refusal for each in chosen.candidates for refusal in checks.refusals(each)]
    marks: dict[str, Mark] = {}
    if not refusals:
        refusals = list(_certified(chosen.candidates, options, marks))
    for path, check, problem in refusals:
        say(f"REFUSED {path}: {check}: {problem}")
    if refusals:
        say(f"\nRefused: {len(refusals)}. Nothing was copied.")
        return False
    say(f"{len(chosen.candidates)} cells hold: files, commit, data, metrics, code, certify.")
    _warn(chosen.candidates)
    if options.check_only:
        return True
    return _published(chosen.candidates, marks, options)


def _certified(
    candidates: list[Candidate], options: SubmitOptions, marks: dict[str, Mark]
) -> Iterator[Refusal]:
    """Rows of which no cell was measured again, or one of which was with another outcome.

    Args:
        candidates: the cells.
        options: whether a row's first cell is measured again where none was.
        marks: what is found is added to them, by key.
    """
    paths = {each.cell.key: each.path for each in candidates}
    of_row = RunOptions(
        methods="",
        datasets="",
        timeout_s=options.timeout_s,
        out=options.source,
        data_dir=options.data_dir,
    )
    for group in by_task([each.cell for each in candidates]):
        for row in rows_of(group):
            found = {
                cell.key: read_mark(paths[cell.key].with_name(MARK), cell) for cell in row.cells
            }
            # A mark by other code than the cell's says nothing of it.
            known = {key: mark for key, mark in found.items() if mark and mark.key == key}
            first = row.cells[0]
            if not known and options.certify:
                known = {first.key: certified(paths[first.key], first, of_row)}
            for key, mark in known.items():
                if mark.failed:
                    problem = f"measured again, {mark.told()}; see {MARK} beside it"
                    yield Refusal(paths[key], "certify", problem)
            if not known:
                yield Refusal(
                    paths[first.key],
                    "certify",
                    f"no seed of {row.label} was measured again; submit with --certify, or run "
                    f"python -m bench certify {shlex.quote(str(paths[first.key].parent))} --out "
                    f"{shlex.quote(str(options.source))}",
                )
            marks |= known


def _warn(candidates: list[Candidate]) -> None:
    for group in by_task([each.cell for each in candidates]):
        for row in rows_of(group):
            n = len(row.cells)
            if n < ENOUGH_SEEDS:
                say(
                    f"Warning: {group[0].task} · {row.label} has {n} of {ENOUGH_SEEDS} seeds: it "
                    "will have no spread to be judged by (--seeds 0,1,2)"
                )


def _published(candidates: list[Candidate], marks: dict[str, Mark], options: SubmitOptions) -> bool:
    """Copy the cells, write boards and replay; whether that holds."""
    published = Store(options.out)
    published.prepare()
    before = {cell.key: cell for cell in published.cells()}
    for each in candidates:
        _copy(each, marks.get(each.cell.key), published)
    cells = [each.cell for each in candidates]
    after = {cell.key for cell in published.cells()}
    for key in before.keys() - after:
        say(f"Takes the place of {key}: {name_of(before[key])}, by older code")
    write_leaderboard(published, figures=True)
    say(f"\nReplay of {options.out}:")
    if not replay(options.out, options.data_dir):
        say(
            f"\nThe cells were copied, but {options.out} does not hold; `git status` shows what "
            "was written, and `git restore` and `git clean` take it back"
        )
        return False
    title = title_of(cells)
    say(f"\nTo commit:\n\n    git add {options.out}\n    git commit -m {shlex.quote(title)}")
    say(f"\nThe text of the pull request:\n\n{request_text(cells, marks)}")
    return True


def _copy(candidate: Candidate, mark: Mark | None, published: Store) -> None:
    """Store a cell with its files and its mark among the published ones."""
    path, cell = candidate
    with published.staging(cell.key) as folder:
        for name in (RUN, QUERIES):
            if (file := path.with_name(name)).is_file():
                try:
                    shutil.copy2(file, folder / name)
                except OSError as error:
                    raise cannot_write(published.root, error) from error
        published.commit(cell, folder)
    if mark is not None:
        write_mark(published.folder(cell) / MARK, mark)
