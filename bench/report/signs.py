"""Signs after names and figures, and the meaning of each."""

from __future__ import annotations

from bench.report.points import CLAIMED, MUCH_WORK
from bench.report.rows import EARLIER

SIGNS = {
    CLAIMED.strip(): "the method's own word, which is not counted",
    MUCH_WORK.strip(): "its work is more than twice the share visited",
    EARLIER.strip(): "of an earlier version of its method",
}


def meanings(text: str) -> list[str]:
    """``sign: meaning`` of each sign in a text."""
    return [f"{sign}: {meaning}" for sign, meaning in SIGNS.items() if sign in text]
