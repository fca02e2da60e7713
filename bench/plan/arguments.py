"""Checks of arguments from Python: the error for a wrong one names what was expected."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.errors import InputError

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


def files_of(given: object, what: str) -> list[str]:
    """One file or several, each a text or a path; the same errors."""
    files = list(given) if isinstance(given, list | tuple) else [given]
    texts = [os.fspath(file) if isinstance(file, os.PathLike) else file for file in files]
    return names_of(texts, what)


def require(what: str, kinds: type | tuple[type, ...], **given: object) -> None:
    """Raise TypeError for an argument of another kind; None stands for one that is left out.

    Args:
        what: what the arguments take, for the message.
        kinds: the types that they may have; a truth value is no number.
        given: the arguments by name.
    """
    for name, value in given.items():
        of_kind = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
        if value is not None and not of_kind:
            raise TypeError(f"{name} takes {what}, got {value!r}")


def folder_of(what: str, given: object) -> Path:
    """A path from a path or a text.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"{what} takes a path, got {given!r}")
    return Path(given)


def path_of(what: str, given: object) -> Path | None:
    """The same for an argument that may be left out: None stays None."""
    return None if given is None else folder_of(what, given)


def require_seed(seed: object) -> None:
    """Raise TypeError for a seed that is no whole number, InputError for one out of range."""
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError(f"a seed is a whole number, got {seed!r}")
    if not 0 <= seed < SEEDS:
        raise InputError(f"a seed is 0 or more, and less than 2**32, got {seed}")


def seeds_of(given: object) -> tuple[int, ...]:
    """One seed or several, each once.

    Raises:
        TypeError: it is neither a whole number nor several.
        InputError: there is none, or one is out of range.
    """
    seeds: list[Any] = (
        list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    )
    for seed in seeds:
        require_seed(seed)
    if not seeds:
        raise InputError("seeds is empty; give one or more, such as [0, 1, 2]")
    return tuple(dict.fromkeys(seeds))


def require_positive(**numbers: float | None) -> None:
    """Raise TypeError for what is no number, InputError for a number that is not above 0."""
    require("a number", (int, float), **numbers)
    for name, number in numbers.items():
        if number is not None and not number > 0:
            raise InputError(f"{name} must be above 0, got {number}")
