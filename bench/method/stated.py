"""What a class of a method states about itself, checked before a cell is planned with it."""

from __future__ import annotations

import dataclasses
import inspect
import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from bench.errors import InputError
from bench.method.workspace import Resources
from bench.types import VALUES, Kind, is_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def check_stated(method: type) -> None:
    """Raise InputError for an attribute of a Method that is not as the contract has it."""
    _check(method, _STATED)
    params: dict[Any, Any] = method.params  # type: ignore[attr-defined]
    for name, default in params.items():
        if not _is_name(name) or not is_value(default):
            raise InputError(
                f"{method.__qualname__}.params[{reprlib.repr(name)}] is {reprlib.repr(default)}; "
                f"a name is an identifier, and a default is {VALUES}"
            )


def check_part(part: type) -> None:
    """Raise InputError for a trainer or an index that cannot be a part of a method.

    Its hyper-parameters are the fields of a dataclass, each with a default.
    """
    _check(part, OF_PARTS)
    fields = {field.name: field.default for field in dataclasses.fields(part)}
    for name, annotation in inspect.get_annotations(part).items():
        if name not in fields and "ClassVar" not in str(annotation):
            raise InputError(
                f"{part.__qualname__}.{name} is no hyper-parameter, as {part.__qualname__} is no "
                "dataclass; write @dataclass above the class, with frozen=True for a trainer"
            )
    for name, default in fields.items():
        if vars(part).get(name, default) is not default:
            raise InputError(
                f"{part.__qualname__}.{name} is a hyper-parameter of its base, and its new default "
                f"has no effect without a type; write {name}: {type(default).__name__} = …"
            )
        if not is_value(default):
            shown = "missing" if default is dataclasses.MISSING else reprlib.repr(default)
            raise InputError(
                f"the default of {part.__qualname__}.{name} is {shown}; a hyper-parameter has a "
                f"default, {VALUES}"
            )


def _check(stated: type, names: Iterable[str]) -> None:
    """Raise InputError for an attribute that has no valid value."""
    for name in names:
        value, (is_valid, wanted) = getattr(stated, name, None), _STATED[name]
        if not is_valid(value):
            raise InputError(
                f"{stated.__qualname__}.{name} is {reprlib.repr(value)}; it must be {wanted}"
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
OF_PARTS = ("version", "requires", "exempt")
"""Those that trainers and indexes state, too."""
