"""What ``odd.py`` is to return, and what it returned; a test fills the first."""

from collections.abc import Callable
from typing import Any

CHANGED: dict[str, Callable[[Any], Any]] = {}
"""Name of an answer -> a function of the right answer that gives the odd one."""
SEARCHES: list[tuple[dict, Any]] = []
"""Each operating point with the result that ``search`` returned for it, in order."""


GIVEN: dict[str, Any] = {}
"""The last answer of each name."""


def answer(name: str, right: Any) -> Any:
    """The right answer, or the odd one that a test asks for."""
    GIVEN[name] = CHANGED[name](right) if name in CHANGED else right
    return GIVEN[name]


def forget() -> None:
    """Return right answers from now on."""
    for each in (CHANGED, SEARCHES, GIVEN):
        each.clear()
