"""What callers from Python give: checked, so that a wrong argument says what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.evaluation.preparation import method_named
from bench.method import Method
from bench.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.method import Value

SEEDS = 2**32


def names_of(given: object, what: str) -> list[str]:
    """One name or several.

    Args:
        given: a string, or a sequence of strings.
        what: they are names of, for the message.

    Raises:
        TypeError: it is something else.
    """
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} takes a name or a list of names, got {given!r}")
    return list(names)


def path_of(given: Path | str | None) -> Path | None:
    """A path, if there is one."""
    return None if given is None else Path(given)


def require_seed(seed: object) -> None:
    """Raise TypeError for what is no whole number, InputError for one that is out of range."""
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


def require_task(task: object) -> None:
    """Raise TypeError for what is no task."""
    if not isinstance(task, Task):
        way = f"; bench.load({task!r}) reads one" if isinstance(task, str) else ""
        raise TypeError(f"a task is expected, as bench.load returns it, got {task!r}{way}")


def method_of(method: object, task: Task, settings: Mapping[str, Value]) -> Method:
    """A method, made by its name if that is what was given.

    Args:
        method: a method, or its name.
        task: whose defaults a method that is given by name takes.
        settings: hyper-parameter -> value, of one that is given by name.

    Raises:
        InputError: it is a class, or a name that is unknown; or its hyper-parameters are given
            beside it.
        TypeError: it is something else.
    """
    if isinstance(method, str):
        return method_named(method, task, settings)
    if isinstance(method, type) and issubclass(method, Method):
        name = method.__name__
        raise InputError(
            f"{name} is a class, and a method that was made of it is expected: "
            f"bench.evaluate({name}(...), task)"
        )
    if not isinstance(method, Method):
        raise TypeError(
            "a method is expected, or its name such as 'masked-de', as `python -m bench list` has "
            f"them; got {method!r}"
        )
    if settings:
        raise InputError(
            f"settings {dict(settings)!r} are for a method that is given by name; give "
            f"{type(method).__name__} its hyper-parameters where it is made"
        )
    return method
