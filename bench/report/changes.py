"""What changed since the boards that were marked last: new rows, moved, of other seeds, gone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from bench.report.rows import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report.published import Published, RowScores, Score, TaskScores

TOLD = 3
"""Rows of a kind that are named in a line."""
KINDS = ("new", "moved", "seeds", "gone")
BUDGET = "≤ 10 %"


class Change(NamedTuple):
    """A row that changed.

    Attributes:
        kind: one of ``KINDS``; ``seeds`` where nothing but their number changed.
        seeds, most, tenth: as shown, with an arrow where that changed.
        size: by how much a score moved, for the order.
    """

    label: str
    kind: str
    seeds: str
    most: str
    tenth: str
    size: float = 0.0

    def told(self) -> str:
        """The row with what is new of it."""
        if self.kind == "seeds":
            return f"{self.label} ({self.seeds})"
        parts = [self.most, f"{BUDGET}: {self.tenth}", f"{self.seeds} seeds"]
        if self.kind == "moved":
            shown = [part for part in parts if "→" in part]
        else:
            shown = parts[:1] if self.tenth == NONE else parts[:2]
        return f"{self.label} ({'; '.join(shown)})"


class TaskChanges(NamedTuple):
    """The rows of a task that changed, by kind, the most important first.

    Attributes:
        data: set beside the task's name where another of that name is told of too.
    """

    task: str
    data: str
    changes: list[Change]

    def line(self) -> str:
        """All kinds of change in a line: the first rows of each, the rest counted."""
        kinds = []
        for kind in KINDS:
            told = [change.told() for change in self.changes if change.kind == kind]
            more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
            if told:
                kinds.append(f"**{kind}** {', '.join(told[:TOLD])}{more}")
        return "; ".join(kinds)


def changes_since(published: Published, now: Sequence[TaskScores]) -> list[TaskChanges]:
    """The tasks with a row that shows other digits than it did.

    Args:
        published: what was marked.
        now: the scores of today's tasks.
    """
    before = {_key(task): task for task in published.tasks}
    after = {_key(task): task for task in now}
    keys = sorted(before.keys() | after.keys())
    alike = Counter(key[0] for key in keys)
    found = []
    for key in keys:
        data = f" (data {key[1][:8]})" if alike[key[0]] > 1 else ""
        found.append(TaskChanges(key[0], data, _changes(before.get(key), after.get(key))))
    return [task for task in found if task.changes]


def changes_board(published: Published, changes: Sequence[TaskChanges]) -> Board:
    """Every row that changed."""
    header = ["dataset", "row", "change", "seeds", "score", f"score at {BUDGET} visited"]
    table = [
        [task.task + task.data, change.label, change.kind, change.seeds, change.most, change.tenth]
        for task in changes
        for change in task.changes
    ]
    return Board(f"Changed since {published.date}", header, table, [reading(changes)])


def reading(changes: Sequence[TaskChanges]) -> str:
    """How to read what changed, or that nothing did."""
    if not changes:
        return "Nothing."
    return (
        "Rows whose digits are not what they were: the measure of the summary at the setting that "
        f"visits most, and at the dearest within 10 % visited ({BUDGET}), over seeds. A row under "
        "another name is a new one and one that is gone."
    )


def _key(task: TaskScores) -> tuple[str, str, str]:
    """Scores of other data, or by another measure, are not compared."""
    return task.task, task.digest, task.measure


def _changes(old: TaskScores | None, new: TaskScores | None) -> list[Change]:
    was = old.rows if old else {}
    found = []
    if new:
        for label, row in new.rows.items():
            change = _moved(new, label, was[label], row) if label in was else _whole(new, label)
            if change is not None:
                found.append(change)
    if old:
        is_here = new.rows if new else {}
        found += [_whole(old, label, "gone") for label in was if label not in is_here]
    return sorted(found, key=lambda change: (KINDS.index(change.kind), -change.size))


def _whole(task: TaskScores, label: str, kind: str = "new") -> Change:
    row = task.rows[label]
    return Change(label, kind, str(row.seeds), task.told(row.most), task.told(row.tenth))


def _moved(task: TaskScores, label: str, old: RowScores, new: RowScores) -> Change | None:
    """What of a row shows other digits, or None."""
    scores = [(task.told(a), task.told(b)) for a, b in _pairs(old, new)]
    most, tenth = (_arrow(*pair) for pair in scores)
    kind = "moved" if any(a != b for a, b in scores) else "seeds"
    if kind == "seeds" and old.seeds == new.seeds:
        return None
    size = max(abs(_mean(a) - _mean(b)) for a, b in _pairs(old, new))
    return Change(label, kind, _arrow(str(old.seeds), str(new.seeds)), most, tenth, size)


def _pairs(old: RowScores, new: RowScores) -> list[tuple[Score | None, Score | None]]:
    return [(old.most, new.most), (old.tenth, new.tenth)]


def _arrow(old: str, new: str) -> str:
    return new if old == new else f"{old} → {new}"


def _mean(score: Score | None) -> float:
    return score.mean if score else 0.0
