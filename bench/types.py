"""Types used in signatures; a docstring beside an array gives its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.integer[Any]]
Floats: TypeAlias = NDArray[np.floating[Any]]
Bools: TypeAlias = NDArray[np.bool_]

Value: TypeAlias = bool | int | float | str
"""A value of a hyper-parameter, or of a setting of an operating point."""
Params: TypeAlias = Mapping[str, Value]
Point: TypeAlias = Mapping[str, Value]
