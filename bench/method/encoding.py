"""Texts that a method will encode, told before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Price(NamedTuple):
    """What it costs to encode texts.

    Attributes:
        seconds: about how long it takes on this machine.
        n_bytes: about what the cache grows by.
    """

    seconds: float
    n_bytes: float


class Encoding(NamedTuple):
    """Texts that are encoded together and kept in the cache.

    Attributes:
        what: the texts in a word or two, such as ``documents``.
        encoder: name of their encoder.
        n_texts: number of the texts.
        place: the place of their vectors in the cache; empty where the texts are only counted.
        price: a function that encodes some of them, and tells what all cost.
        fewer: the hyper-parameter that lowers their number; empty: none does.
    """

    what: str
    encoder: str
    n_texts: int
    place: str
    price: Callable[[], Price]
    fewer: str = ""
