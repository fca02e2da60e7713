"""Tables of text by columns, and figures as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NONE = "–"
INTERVAL = "95 % interval"
"""The title of a column."""

T = TypeVar("T")


class Labelled(Protocol):
    """Something that is a row of a table."""

    @property
    def label(self) -> str:
        """The text of its first column."""
        ...


R = TypeVar("R", bound=Labelled)


@dataclass(frozen=True)
class Board:
    """A table: a title, sentences on how to read it, header and rows of text."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


class Column(NamedTuple, Generic[T]):
    """A column of a board: its title, and the function that makes its text for a row."""

    title: str
    text: Callable[[T], str]


def table(
    title: str,
    rows: Iterable[R],
    choose: Callable[[R], T | None],
    columns: Sequence[Column[T]],
    notes: Iterable[str] = (),
    best: Callable[[T], float | tuple[float, ...]] | None = None,
    absent: str = "",
) -> Board:
    """A board by columns; the first one has the labels of the rows.

    Args:
        title: title of the board.
        rows: the rows, in their order.
        choose: the part of a row that is shown, such as points within a budget; None: leave it out.
        columns: the columns, which read the chosen part.
        notes: sentences on how to read the board.
        best: the key that orders the rows, the largest first.
        absent: the beginning of a note that names the rows left out; empty: no note.
    """
    chosen = {row.label: choose(row) for row in rows}
    shown = [(label, found) for label, found in chosen.items() if found is not None]
    if best is not None:
        shown.sort(key=lambda pair: best(pair[1]), reverse=True)
    texts = [[label, *(column.text(found) for column in columns)] for label, found in shown]
    without = [label for label, found in chosen.items() if found is None]
    note = [f"{absent}: {', '.join(without)}."] if absent and without else []
    header = ["method", *(column.title for column in columns)]
    return Board(title, header, texts, [*notes, *note])


def itself(row: R) -> R:
    """The row itself: the choice for columns that read the whole row."""
    return row


def mean_and_std(values: Sequence[float], digits: int = 1, factor: float = 100) -> str:
    """Mean in per cent, with the standard deviation if there are several seeds."""
    text = f"{factor * fmean(values):.{digits}f}"
    return f"{text} ± {factor * stdev(values):.{digits}f}" if len(values) > 1 else text


def mean_text(shares: Iterable[float]) -> str:
    """Mean in per cent."""
    return f"{100 * fmean(shares):.1f}"


def ends_text(distances: Sequence[int]) -> str:
    """Distances as boards name them, such as ``7–8``."""
    return "–".join(map(str, distances))


def interval_text(ends: Sequence[tuple[float, float]], digits: int = 1, factor: float = 100) -> str:
    """The ends of intervals, each end averaged over seeds, in per cent."""
    low, high = (factor * fmean(end) for end in zip(*ends, strict=True))
    return f"{low:.{digits}f} … {high:.{digits}f}"
