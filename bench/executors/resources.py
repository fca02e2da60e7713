"""The resources that cells need on a node of a cluster, as the method or the user states them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.method import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.method import Method


class Needs:
    """The resources of each method: those that it states, changed as the user asked."""

    def __init__(self, texts: Iterable[str], methods: Iterable[type[Method]]) -> None:
        """Read ``[METHOD.]NAME=NUMBER``.

        Raises:
            InputError: it has another form, or names no resource or none of the methods.
        """
        self._methods = {method.name: method for method in methods}
        self._changes: dict[str, dict[str, float]] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            method, _, resource = name.strip().rpartition(".")
            if not equals or resource not in Resources._fields:
                known = ", ".join(Resources._fields)
                raise InputError(
                    f"--needs takes [METHOD.]NAME=NUMBER with a name of {known}; got {text!r}"
                )
            if method and method not in self._methods:
                raise InputError(
                    f"--needs {text}: {method!r} is not among the chosen methods: "
                    f"{', '.join(self._methods)}"
                )
            self._changes.setdefault(method, {})[resource] = _number(text, resource, value)

    def of(self, method: str) -> Resources:
        """The resources that a cell of a method asks for.

        Raises:
            InputError: the method states a need that no cluster can give.
        """
        stated = self._methods[method].resources
        changed = {**self._changes.get("", {}), **self._changes.get(method, {})}
        values: Mapping[str, float] = {**stated._asdict(), **changed}
        for resource, value in values.items():
            _number(f"{method}.{resource}={value}", resource, str(value))
        return Resources(int(values["cpus"]), values["gpus"], values["memory_gb"])


def _number(text: str, resource: str, value: str) -> float:
    """A quantity that Ray can count.

    Raises:
        InputError: it is no such quantity.
    """
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    is_whole = math.isfinite(number) and number == math.floor(number)
    takes = {
        "cpus": (is_whole and number >= 1, "a whole number from 1"),
        "gpus": (
            (is_whole and number >= 0) or 0 < number < 1,
            "a whole number from 0, or a share of one below 1",
        ),
        "memory_gb": (math.isfinite(number) and number >= 0, "gigabytes from 0"),
    }
    is_valid, wanted = takes[resource]
    if not is_valid:
        raise InputError(f"--needs {text}: {resource} is {wanted}")
    return number
