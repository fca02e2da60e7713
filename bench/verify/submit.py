"""``bench submit``: cells of one's own, checked as CI would, among the published ones."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from bench.errors import InputError, cannot_write
from bench.report.leaderboard import write_leaderboard
from bench.store.folder import MARK, QUERIES, RUN, Store
from bench.system.terminal import say
from bench.verify.mark import write_mark
from bench.verify.replay import replay
from bench.verify.submit_checks import Checks
from bench.verify.submit_chosen import choose
from bench.verify.submit_request import request_text, title_of
from bench.verify.submit_rows import few_seeds, marks_of, submission_of, uncertified

if TYPE_CHECKING:
    from bench.verify.mark import Mark
    from bench.verify.submit_checks import Refusal
    from bench.verify.submit_chosen import Candidate, SubmitOptions
    from bench.verify.submit_rows import Submission


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
    if refusals := [refusal for each in chosen.candidates for refusal in checks.refusals(each)]:
        return _refused(refusals)
    submission = submission_of(chosen, checks)
    for line in submission.left_out:
        say(f"Left out: {line}")
    if not submission.by_key:
        none = "" if chosen.left_out or submission.left_out else ": it has none"
        raise InputError(f"no cell of {options.source} is to be submitted{none}")
    marks = marks_of(submission, options)
    if refusals := uncertified(submission, marks, options):
        return _refused(refusals)
    say(f"{len(submission.by_key)} cells hold: files, commit, data, metrics, code, certify.")
    if submission.published:
        say(f"{len(submission.published)} of them are published already.")
    for line in few_seeds(submission.rows):
        say(f"Warning: {line}")
    if options.check_only:
        return True
    return _published(submission, marks, options)


def _refused(refusals: list[Refusal]) -> bool:
    """Say why; False."""
    for path, check, problem in refusals:
        say(f"REFUSED {path}: {check}: {problem}")
    say(f"\nRefused: {len(refusals)}. Nothing was copied.")
    return False


def _published(submission: Submission, marks: dict[str, Mark], options: SubmitOptions) -> bool:
    """Copy the new cells, write boards and replay; whether that holds."""
    published = Store(options.out)
    published.prepare()
    before = {cell.key: cell for cell in published.cells()}
    for each in submission.new:
        _copy(each, marks.get(each.cell.key), published)
    cells = [each.cell for each in submission.by_key.values()]
    after = {cell.key for cell in published.cells()}
    for key in before.keys() - after:
        say(f"Takes the place of {key}: {before[key].title}, by older code")
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
