"""What trainers and indexes have in common: their fields are hyper-parameters, checked at once."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from bench.errors import InputError


class Part:
    """A dataclass of hyper-parameters.

    Attributes:
        may_be_zero: numbers that may be 0; all others must be more.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that can mean nothing, before anything runs."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, str):
                continue
            least = "0 or more" if field.name in self.may_be_zero else "more than 0"
            if value < 0 or (value == 0 and least == "more than 0" and value is not False):
                raise InputError(f"{field.name} must be {least}, got {value}")
