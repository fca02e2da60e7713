"""Changes since the boards that were marked last: rows that are new, moved, reseeded or gone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report.published import Published, RowScores, TaskScores

SHOWN = 3
"""Rows of one kind that a line names."""
KINDS = ("new", "moved", "seeds", "gone")
BUDGET = "≤ 10 %"


class Change(NamedTuple):
    """A row that changed.

    Attributes:
        kind: one of ``KINDS``; ``seeds`` if nothing but their number changed.
        seeds, most, tenth: texts of the row's figures, with an arrow if they changed.
        size: the difference of the scores, for the order.
    """

    label: str
    kind: str
    seeds: str
    most: str
    tenth: str
    size: float

    def text(self) -> str:
        """The row with its changed figures."""
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
        data: text after the task's name, if there is another task of that name.
    """

    task: str
    data: str
    changes: list[Change]

    def line(self) -> str:
        """All kinds of change in one line: the first rows of each, and the number of others."""
        kinds = []
        for kind in KINDS:
            texts = [change.text() for change in self.changes if change.kind == kind]
            more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
            if texts:
                kinds.append(f"**{kind}** {', '.join(texts[:SHOWN])}{more}")
        return "; ".join(kinds)


def changes_since(published: Published, now: Sequence[TaskScores]) -> list[TaskChanges]:
    """The tasks with a row that now shows other digits.

    Scores of other data, or by another measure, are not compared.

    Args:
        published: the scores that were marked.
        now: the scores of today's tasks.
    """
    before, after = (
        {(task.task, task.digest, task.measure): task for task in tasks}
        for tasks in (published.tasks, now)
    )
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
    note = (
        "Rows whose digits are not what they were: the measure of the summary at the setting that "
        f"visits most, of all and within 10 % ({BUDGET}), over seeds. A row under "
        "another name is a new one and one that is gone."
    )
    return Board(
        f"Changed since {published.date}", header, table, [note if changes else "Nothing."]
    )


def _changes(before: TaskScores | None, after: TaskScores | None) -> list[Change]:
    old, new = (task.rows if task else {} for task in (before, after))
    task = after or before
    labels = dict.fromkeys([*new, *old])
    changes = [_change(task, label, old.get(label), new.get(label)) for label in labels if task]
    found = [change for change in changes if change is not None]
    return sorted(found, key=lambda change: (KINDS.index(change.kind), -change.size))


def _change(
    task: TaskScores, label: str, old: RowScores | None, new: RowScores | None
) -> Change | None:
    """The change of a row, or None if it shows the same digits."""
    shown = [row for row in (old, new) if row is not None]
    seeds, most, tenth = (
        " → ".join(dict.fromkeys(texts))
        for texts in (
            [str(row.seeds) for row in shown],
            [task.text(row.most) for row in shown],
            [task.text(row.tenth) for row in shown],
        )
    )
    if old is None or new is None:
        return Change(label, "new" if old is None else "gone", seeds, most, tenth, 0.0)
    moved = "→" in most + tenth
    if not moved and "→" not in seeds:
        return None
    pairs = ((old.most, new.most), (old.tenth, new.tenth))
    size = max(abs((a.mean if a else 0.0) - (b.mean if b else 0.0)) for a, b in pairs)
    return Change(label, "moved" if moved else "seeds", seeds, most, tenth, size)
