"""The base of trainers and indexes: fields are hyper-parameters, checked when they are set."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Hyperparameters:
    """A dataclass of hyper-parameters: the base of trainers and indexes.

    Attributes:
        name: the name that it has in compositions; a plugin states it, others have it from where
            they are listed.
        requires: packages that it imports, without which the cell is skipped.
        exempt: checks of ``bench check`` that do not apply to its methods, each with the reason.
        may_be_zero: numbers that may be 0; all others must be above 0.
        shares: numbers that may not be above 1.
        choices: the allowed values of a text.
        version: a name and a number, raised when results may change; see ``bench lock``.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    exempt: ClassVar[Mapping[str, str]] = {}
    version: ClassVar[str] = ""
    may_be_zero: ClassVar[tuple[str, ...]] = ()
    shares: ClassVar[tuple[str, ...]] = ()
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __post_init__(self) -> None:
        """Refuse meaningless values before anything runs."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value, known = getattr(self, field.name), self.choices.get(field.name)
            if known and value not in known:
                raise InputError(f"{field.name} is one of {', '.join(known)}, got {value!r}")
            if field.name in self.shares and value > 1:
                raise InputError(f"{field.name} takes a share up to 1, got {value}")
            if isinstance(value, str):
                continue
            least = "0 or more" if field.name in self.may_be_zero else "more than 0"
            if value < 0 or (value == 0 and least == "more than 0" and value is not False):
                raise InputError(f"{field.name} must be {least}, got {value}")
