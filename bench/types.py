"""Types used in signatures; a docstring beside an array gives its shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.integer[Any]]
Floats: TypeAlias = NDArray[np.floating[Any]]
Bools: TypeAlias = NDArray[np.bool_]

Value: TypeAlias = bool | int | float | str
"""A value of a hyper-parameter, or of a setting of an operating point."""
Params: TypeAlias = Mapping[str, Value]
Point: TypeAlias = Mapping[str, Value]

Kind: TypeAlias = Literal[
    "trainer", "index", "learned index", "lexical", "generative", "bound", "other"
]
"""The kinds of methods: what a row of that kind is there to compare."""

LONGEST_VALUE = 1000
VALUES = (
    "True, False, a finite number (a whole one of 64 bits), or a text of at most "
    f"{LONGEST_VALUE:,} characters that can be printed"
)
"""Values in words."""


def has_type(value: Value, default: Value) -> bool:
    """Whether a value has the type that a parameter of this default takes."""
    return type(value) is type(default) or (type(default) is float and type(value) is int)


def is_value(value: object) -> bool:
    """Whether every file, board and chart can hold a value."""
    if isinstance(value, str):
        return len(value) <= LONGEST_VALUE and value.isprintable()
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, float) and math.isfinite(value)
