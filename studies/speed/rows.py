"""Rows of the benchmark: ours, the peer, the ratio of the two with its range, the aim."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.system.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEADER = ["what", "ours", "peer", "measured", "aim", ""]


class Spread(Record):
    """The median, the smallest and the largest of several measurements."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of one measurement or more."""
        return cls(middle=median(values), low=min(values), high=max(values))


class SpeedRow(Record):
    """One measurement beside its aim.

    Attributes:
        what: the name of what is measured.
        ours, peer: the figure of each, as text; empty if nothing is compared.
        measured: the ratio, or the amount itself if there is no peer.
        unit: unit of the amount; empty for a ratio.
        at_least: whether more is better.
        aim: the value that the median of ``measured`` should reach; None if there is none.
        cut_short: whether the peer was stopped, so that the ratio is at least this.
    """

    what: str
    ours: str = ""
    peer: str = ""
    measured: Spread
    unit: str = ""
    at_least: bool
    aim: float | None
    cut_short: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the median is as good as the aim.

        None if there is no aim, or if the peer was stopped before that could be seen.
        """
        middle = self.measured.middle
        if self.aim is None or (self.cut_short and middle < self.aim):
            return None
        return middle >= self.aim if self.at_least else middle <= self.aim

    def cells(self) -> list[str]:
        """The row as text, under ``HEADER``."""
        spread, unit = self.measured, f" {self.unit}" if self.unit else ""
        text = f"{'≥ ' if self.cut_short else ''}{format_number(spread.middle)}"
        if spread.low != spread.high:
            text += f" ({format_number(spread.low)} to {format_number(spread.high)})"
        aim = "" if self.aim is None else f"{'≥' if self.at_least else '≤'} {self.aim:g}{unit}"
        unknown = "stopped before" if self.cut_short else ""
        verdict = {True: "reached", False: "not reached", None: unknown}[self.reached]
        return [self.what, self.ours, self.peer, text + unit, aim, verdict]


def format_number(value: float) -> str:
    """A number with two decimals, or one if it is large."""
    return f"{value:,.2f}" if abs(value) < 20 else f"{value:,.1f}"  # noqa: PLR2004


def faster(
    what: str, timings: Sequence[list[float]], aim: float | None, text: Callable[[float], str]
) -> SpeedRow:
    """How many times as fast ours is: the peer's seconds over ours, which should be ``aim``.

    Args:
        what: the name of what is measured.
        timings: seconds of ours and of the peer, one of each for every repeat.
        aim: the ratio should be no less; None: there is no aim.
        text: formats seconds.
    """
    ratios = [peer / ours for ours, peer in zip(*timings, strict=True)]
    ours, peer = (text(median(seconds)) for seconds in timings)
    measured = Spread.of(ratios)
    return SpeedRow(what=what, ours=ours, peer=peer, measured=measured, at_least=True, aim=aim)


def slower(
    what: str, timings: Sequence[list[float]], aim: float, text: Callable[[float], str]
) -> SpeedRow:
    """How many times as long ours takes: our seconds over the peer's, at most ``aim``."""
    ours, peer = timings
    ratios = Spread.of([mine / other for mine, other in zip(ours, peer, strict=True)])
    row = faster(what, timings, aim, text)
    return row.model_copy(update={"measured": ratios, "at_least": False})


def amount(what: str, values: Sequence[float], aim: float | None, unit: str) -> SpeedRow:
    """An amount without a peer, which should be ``aim`` at most, if there is an aim."""
    return SpeedRow(what=what, measured=Spread.of(values), unit=unit, at_least=False, aim=aim)


def alternate(repeats: int, *ways: Callable[[], float], warm: bool = True) -> list[list[float]]:
    """The values that several functions return, called in turn, ``repeats`` times each.

    Every other round goes backwards, so that a slowdown of the machine affects all of them.

    Args:
        repeats: the number of rounds.
        ways: the functions, which mostly return seconds.
        warm: whether each is called once before, uncounted: the first call pays for imports and
            fresh memory.
    """
    if warm:
        for way in ways:
            way()
    found: list[list[float]] = [[] for _ in ways]
    numbered = list(enumerate(ways))
    for repeat in range(repeats):
        for number, way in reversed(numbered) if repeat % 2 else numbered:
            found[number].append(way())
    return found


def seconds_of(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def in_rate(seconds: float) -> str:
    """A number a second as text, of the seconds that one takes."""
    return f"{format_number(1 / seconds)} / s"


def in_seconds(seconds: float) -> str:
    """Seconds as text."""
    return f"{format_number(seconds)} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
