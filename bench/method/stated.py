"""What a class of a method states about itself, checked before a cell is planned with it."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from bench.errors import InputError
from bench.method.workspace import Resources
from bench.types import VALUES, Kind, is_value

if TYPE_CHECKING:
    from collections.abc import Callable


def check_stated(method: type) -> None:
    """Raise InputError for an attribute of a Method that is not as the contract has it."""
    stated: dict[str, Any] = {name: getattr(method, name, None) for name in _STATED}
    for name, (is_valid, wanted) in _STATED.items():
        value = stated[name]
        if not is_valid(value):
            raise InputError(
                f"{method.__qualname__}.{name} is {reprlib.repr(value)}; it must be {wanted}"
            )
    for name, default in stated["params"].items():
        if not _is_name(name) or not is_value(default):
            raise InputError(
                f"{method.__qualname__}.params[{reprlib.repr(name)}] is {reprlib.repr(default)}; "
                f"a name is an identifier, and a default is {VALUES}"
            )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier()


def _is_text(value: object) -> bool:
    """Whether a value is a string that a file can hold: one without half of a surrogate pair."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value


def _is_module(value: object) -> bool:
    return isinstance(value, str) and all(map(str.isidentifier, value.split(".")))


_STATED: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": (_is_text, "a text"),
    "kind": (lambda value: value in get_args(Kind), f"one of {', '.join(get_args(Kind))}"),
    "params": (lambda value: isinstance(value, dict), "a dictionary of names to defaults"),
    "version": (_is_text, "a text"),
    "requires": (
        lambda value: isinstance(value, tuple | list) and all(map(_is_module, value)),
        "a tuple of names of packages, as they are imported",
    ),
    "files": (
        lambda value: isinstance(value, tuple | list) and all(map(_is_text, value)),
        "a tuple of paths, from the folder of the method's file",
    ),
    "ablations": (lambda value: isinstance(value, Mapping), "a mapping of questions to answers"),
    "sees_test": (lambda value: isinstance(value, bool), "True or False"),
    "scores_documents": (lambda value: isinstance(value, bool), "True or False"),
    "resources": (lambda value: isinstance(value, Resources), "Resources(cpus, gpus, memory_gb)"),
    "exempt": (lambda value: isinstance(value, Mapping), "a mapping of checks to reasons"),
}
"""Attribute -> whether a value is valid, and the valid values in words."""
