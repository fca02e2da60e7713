"""Checks of arguments from Python: the error for a wrong one names what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = 2**32


def names_of(given: object, what: str) -> list[str]:
    """One name or several.

    Args:
        given: a string, or a sequence of strings.
        what: the kind of name, for the message.

    Raises:
        TypeError: it is neither.
    """
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} takes a name or a list of names, got {given!r}")
    return list(names)


def path_of(given: Path | str | None) -> Path | None:
    """A path from a path or a text; None stays None."""
    return None if given is None else Path(given)


def require_seed(seed: object) -> None:
    """Raise TypeError for a seed that is no whole number, InputError for one out of range."""
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError(f"a seed is a whole number, got {seed!r}")
    if not 0 <= seed < SEEDS:
        raise InputError(f"a seed is 0 or more, and less than 2**32, got {seed}")


def seeds_of(given: int | Sequence[int]) -> tuple[int, ...]:
    """One seed or several, each once."""
    seeds = (given,) if isinstance(given, int) else tuple(dict.fromkeys(given))
    for seed in seeds:
        require_seed(seed)
    if not seeds:
        raise InputError("seeds is empty; give one or more, such as [0, 1, 2]")
    return seeds


def require_positive(**numbers: float) -> None:
    """Raise InputError for a number that is not above 0."""
    for name, number in numbers.items():
        if number <= 0:
            raise InputError(f"{name} must be above 0, got {number}")
