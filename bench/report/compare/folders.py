"""Two results folders compared, as sentences and tables."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import card_of_task
from bench.errors import InputError, unknown
from bench.measures.budget import DEFAULT, UNLIMITED
from bench.measures.differences import ALPHA
from bench.report.boards.cost import STEPS
from bench.report.boards.paired import lead_text
from bench.report.compare.figures import changes, measures_of
from bench.report.compare.pairs import paired
from bench.report.console import plain
from bench.report.load import load_notes, marked, speed_text
from bench.report.points import SHARES_NOTE, shares_text
from bench.report.published import scores_of
from bench.report.rows import earlier_note
from bench.report.table import NONE, mean_and_std
from bench.report.task_report import COMPARED
from bench.system.terminal import counted, say, say_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.budget import Budget
    from bench.report.compare.figures import Change, Side
    from bench.report.compare.pairs import Pair, TaskPair
    from bench.store.cell import Cell
    from bench.store.folder import Store

SAME = "the same"
ARROW = " → "
NOTE = (
    "A → B: means over the seeds that both have. B − A: points that B is ahead, in brackets the "
    "95 % interval over seeds and queries, behind it the seeds in which B is ahead; an asterisk "
    f"marks p < {ALPHA} with Holm's correction over the rows of the table that differ; ° one seed, "
    "or few queries: not tested. The same: each query has the same value. Seconds are as each "
    "machine measured them."
)


class Asked(NamedTuple):
    """What is compared of two folders.

    Attributes:
        tasks, methods: names of those alone; empty: all.
        measures: keys of ``COMPARED``; empty: the main one of each task.
        budget: the largest cost; None: that of each dataset's card.
    """

    tasks: Sequence[str] = ()
    methods: Sequence[str] = ()
    measures: Sequence[str] = ()
    budget: Budget | None = None


def compare_folders(before: Store, after: Store, asked: Asked) -> None:
    """Print which rows are in one folder alone, and how the others differ, task by task.

    Args:
        before: the first results folder, A.
        after: the second one, B.
        asked: what is compared of them.

    Raises:
        InputError: both are one folder, one holds no cell, or a name is of nothing in them.
    """
    if before.root.resolve() == after.root.resolve():
        raise InputError(f"{before.root} and {after.root} are one folder; name two")
    sides = [_cells(store) for store in (before, after)]
    for option, names, name_of in (
        ("--dataset", asked.tasks, lambda cell: cell.task),
        ("--methods", asked.methods, lambda cell: cell.method),
    ):
        sides = _chosen(option, names, sides, name_of)
    for letter, store, cells in zip("AB", (before, after), sides, strict=True):
        say(f"{letter}: {store.root} ({counted(len(cells), 'cell')})")
    tasks = paired(*sides)
    known = {name for task in tasks for name in measures_of(task.both)}
    for name in asked.measures:
        if name not in known:
            raise unknown("measure of the rows in both", name, known)
    shown = [_print_task(task, asked, before, after) for task in tasks]
    if any(shown):
        say(f"\n{NOTE} {plain(SHARES_NOTE)}")
        for note in earlier_note(pair.after for task in tasks for pair in task.both):
            say(plain(note))
        waited = [point.waited for side in sides for cell in side for point in cell.points]
        for note in load_notes(waited):
            say(note)


def _cells(store: Store) -> list[Cell]:
    """The whole cells of a folder, at least one; others are printed."""
    cells, problems = store.read()
    for problem in problems:
        say(f"Left out: {problem}")
    if not cells:
        raise InputError(f"{store.runs} holds no cell to compare; name a results folder")
    return cells


def _chosen(
    option: str,
    names: Sequence[str],
    sides: list[list[Cell]],
    name_of: Callable[[Cell], str],
) -> list[list[Cell]]:
    known = {name_of(cell) for side in sides for cell in side}
    for name in names:
        if name not in known:
            raise unknown(f"value of {option} in both folders", name, known)
    return [[cell for cell in side if not names or name_of(cell) in names] for side in sides]


def _print_task(task: TaskPair, asked: Asked, before: Store, after: Store) -> bool:
    """Print one task; whether it has a row in both folders."""
    say(f"\n== {task.name} ==")
    for letter, only in (("A", task.before), ("B", task.after)):
        if only:
            say(f"Only in {letter}: {', '.join(only)}")
    if not task.both:
        why = ": the folders have other data of this name, which cannot be compared"
        say(f"No row is in both{why if task.changed else ''}.")
        return False
    for pair in task.both:
        if told := pair.changes():
            say(f"{pair.label}: {'; '.join(told)}")
    if not any(cell.points for pair in task.both for cell in pair.after.cells):
        _print_word_pairs(task.both)
        return True
    card = card_of_task(task.both[0].after.cells[0].task)
    budget = asked.budget or (DEFAULT if card is None else card.compared_at)
    of_task = measures_of(task.both)
    for measure in [name for name in asked.measures if name in of_task] or of_task[:1]:
        _print_measure(task, measure, (UNLIMITED, budget), asked.budget, before, after)
    return True


def _print_measure(
    task: TaskPair,
    measure: str,
    budgets: Sequence[Budget],
    asked: Budget | None,
    before: Store,
    after: Store,
) -> None:
    last: list[Change] = []
    for budget in budgets:
        found = changes(task.both, measure, budget, before.query_values, after.query_values)
        if not found and budget == asked:
            say(f"\n{COMPARED[measure]} {budget.at}: no row of both has a setting that costs less")
        if not found or _points(found) == _points(last):  # rows without a setting that costs less
            continue
        last = found
        say(f"\n{COMPARED[measure]} {budget.at}: {_summary(found)}")
        header = ["row", "seeds", "A → B", "B − A", "visited / work %", "train s", "q/s"]
        say_table(header, [_line(each) for each in found])


def _points(found: Sequence[Change]) -> list[object]:
    return [(each.pair, each.before.points, each.after.points) for each in found]


def _summary(found: Sequence[Change]) -> str:
    """How many rows differ, and how many of these beyond chance."""
    differ = [each for each in found if not each.is_same]
    better, worse = (
        sum(each.lead is not None and each.lead.is_significant and sign * (each.by or 0) > 0
            for each in differ)
        for sign in (1, -1)
    )  # fmt: skip
    beyond = f", {better} of them better and {worse} worse beyond chance" if differ else ""
    return f"{len(differ)} of {len(found)} rows differ{beyond}"


def _line(each: Change) -> list[str]:
    sides = (each.before, each.after)
    n_shared, (n_before, n_after) = len(each.pair.seeds), (len(row.cells) for row in each.pair)
    seeds = f"{n_shared}" + f" of {n_before}, {n_after}" * (not n_shared == n_before == n_after)
    return [
        each.pair.label,
        seeds,
        _arrow([mean_and_std(side.means) if side.means else NONE for side in sides]),
        _lead(each),
        _arrow([shares_text(side.points) if side.points else NONE for side in sides]),
        _arrow([_train_text(side) for side in sides]),
        _arrow([speed_text(side.points) if side.points else NONE for side in sides]),
    ]


def _lead(each: Change) -> str:
    if each.is_same:
        return SAME
    if each.lead is not None:
        return lead_text(each.lead)
    why = next((side.values for side in (each.before, each.after) if isinstance(side.values, str)),
               "no seed in common")  # fmt: skip
    return NONE if each.by is None else f"{each.by:+.1f} ({why})"


def _train_text(side: Side) -> str:
    costs = [cell.cost for cell in side.row.cells if cell.cost is not None]
    if not costs:
        return NONE
    name = STEPS["train s"]
    return marked(f"{fmean(cost.fit_s for cost in costs):.1f}",
                  [(cost.waited or {}).get(name) for cost in costs])  # fmt: skip


def _arrow(texts: Sequence[str]) -> str:
    """Two texts with an arrow between, or one where they are equal."""
    return ARROW.join(dict.fromkeys(texts))


def _print_word_pairs(pairs: Sequence[Pair]) -> None:
    """Correlations of word pairs, which no test compares."""
    lines = []
    for pair in pairs:
        texts, means = [], []
        for row in pair:
            scores = scores_of([row])
            texts.append(scores.text(scores.rows[row.label].most))
            means.append(scores.rows[row.label].most.mean)
        by = means[1] - means[0]
        lines.append([pair.label, _arrow(texts), SAME if math.isclose(by, 0) else f"{by:+.3f}"])
    say_table(["row", f"{scores_of([pairs[0].after]).measure}, A → B", "B − A"], lines)
