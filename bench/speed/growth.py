"""How seconds and memory grow with the size of a corpus: the exponent of a power law."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.geometry.search import slope

if TYPE_CHECKING:
    from collections.abc import Sequence


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The e of values ~ sizes^e by least squares over logarithms.

    Args:
        sizes: at least two different ones, above 0.
        values: seconds or bytes at each size, above 0.
    """
    return slope([math.log(size) for size in sizes], [math.log(value) for value in values]).value
