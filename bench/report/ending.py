"""The end of a run: each dataset's best rows, the rows that ran, and what was not measured."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, get_args

from bench.data.readers.hierarchy import LONGER_PAIRS, NEW_QUERIES, TRANSDUCTIVE
from bench.data.readers.vectors import CONVERTED, NO_ANSWERS
from bench.measures.budget import UNLIMITED, Budget, By
from bench.report.best import Best, best_of, fastest, measure_of, unaided
from bench.report.published import scores_of
from bench.report.rows import label
from bench.report.signs import meanings
from bench.report.table import NONE
from bench.store.cell import Status
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell

NAMED = 5
"""Number of rows that are named, of those that are new and of those that were stored before."""
ASKED = (TRANSDUCTIVE, LONGER_PAIRS, NEW_QUERIES, NO_ANSWERS, *CONVERTED)
"""Beginnings of notes on what a board shows: of a hierarchy what is held or what generalises, of
vectors what was made of the user's files."""


def print_end(reports: Iterable[TaskReport], ran: Sequence[Cell], began: Collection[str]) -> None:
    """Print a short table for each dataset that ran, and one of what was not measured and why.

    Args:
        reports: the reports of the tasks that ran.
        ran: the cells that were asked for.
        began: dates of the run's own cells; others were stored before.
    """
    new = {cell.key for cell in ran if cell.provenance.date in began}
    before = {cell.key for cell in ran} - new
    shown = ""
    for report in filter(lambda each: each.rows, reports):
        legend = f"{measure_of(report)}, mean ± deviation over seeds"
        if report.is_searched:
            legend = f"{legend}, in %; visited / work in %"
        ran_here = (("new", _named(report, new)), ("stored before", _named(report, before)))
        asked = [("board", note) for note in report.cells[0].notes if note.startswith(ASKED)]
        lines = [*asked, *_best(report), *(each for each in ran_here if each[1])]
        say()
        say_table([report.name, legend], lines)
        shown += str(lines)
    if signs := meanings(shown):
        say(f"\n{'; '.join(signs)}.")
    missing = _not_measured(ran)
    if missing:
        say()
        say_table(["not measured", "methods and datasets"], missing)


def _best(report: TaskReport) -> list[tuple[str, str]]:
    """The best row without a limit, and of what is searched those within the budget."""
    if not unaided(report):
        return [("best", f"{NONE} (every row sees the test)")]
    budgets = [Budget(report.budget.share, by) for by in get_args(By) if report.is_searched]
    found = {"best": best_of(report, UNLIMITED)}
    found |= {f"best {each.at}": best_of(report, each) for each in budgets}
    dear = f"{NONE} (no row costs so little)"
    lines = [(title, _text(best) if best else dear) for title, best in found.items()]
    if not report.is_searched:
        return lines
    fast = fastest(report)
    if fast == NONE:
        some = best_of(report, report.budget)
        fast = f"{NONE} (every speed was taken on a busy machine)" if some else dear
    return [*lines, (f"fastest {report.budget.at}", fast)]


def _text(best: Best) -> str:
    shares = f" ({best.shares})" if best.shares else ""
    return f"{best.name}: {best.score}{shares}, {best.certainty}"


def _named(report: TaskReport, keys: set[str]) -> str:
    """The rows with a cell of some keys, the best first, each with its score and its rank.

    Rows that show the same digits share a rank; a row that sees the test comes last and has none.
    """
    scores = scores_of(report.rows)
    texts = {name: scores.text(row.most) for name, row in scores.rows.items()}
    shown = {name: float(text.partition(" ")[0]) for name, text in texts.items()}
    ranked = {row.label: shown[row.label] for row in unaided(report)}
    asked = [row.label for row in report.rows if keys.intersection(each.key for each in row.cells)]
    order = sorted(asked, key=lambda name: (name not in ranked, -scores.rows[name].most.mean))
    names = []
    for name in order:
        rank = 1 + sum(other > shown[name] for other in ranked.values())
        of_all = f" (rank {rank} of {len(ranked)})" if name in ranked else ""
        names.append(f"{name} {texts[name]}{of_all}")
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _not_measured(ran: Iterable[Cell]) -> list[list[str]]:
    """Status and reason of the cells without a measurement, and the names of all it holds for."""
    tasks_of: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for cell in ran:
        if cell.status is not Status.OK:
            tasks_of[f"{cell.status}: {cell.reason or NONE}", label(cell)][cell.task] = None
    names_of: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (why, name), tasks in tasks_of.items():
        names_of[why][", ".join(tasks)].append(name)
    return [
        [why, "; ".join(f"{', '.join(names)} on {tasks}" for tasks, names in each.items())]
        for why, each in names_of.items()
    ]
