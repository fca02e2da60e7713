"""The same texts encoded on two devices: texts in a second, and how far their vectors agree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.method import Workspace
from bench.system.paths import load_object

if TYPE_CHECKING:
    from bench.types import Floats

ENCODER = "minilm"
EMBED = "methods.encoders.embeddings:embed"
NAMES = 40
"""Lemma names in a text, which makes it as long as a paragraph."""
WARM = 64
"""Texts encoded first and not counted."""


class Encoded(NamedTuple):
    """What two devices made of the same texts.

    Attributes:
        texts_per_second: of each.
        cosine: between the two vectors of a text, the smallest over all texts.
    """

    texts_per_second: list[float]
    cosine: float


def encode_on(devices: tuple[str, str], dataset: str, n_texts: int) -> Encoded:
    """Encode on each device.

    Args:
        devices: two of them, as a workspace names them.
        dataset: a hierarchy, whose names make the texts.
        n_texts: how many.
    """
    documents = load_dataset(dataset).document_names
    names = [name.partition(".")[0].replace("_", " ") for name in documents]
    texts = Strings.of(
        [
            ", ".join(names[(start + place) % len(names)] for place in range(NAMES))
            for start in range(n_texts)
        ]
    )
    rates, vectors = [], []
    for device in devices:
        seconds, found = _encode(device, texts)
        rates.append(n_texts / seconds)
        vectors.append(found)
    return Encoded(rates, float((vectors[0] * vectors[1]).sum(axis=1).min()))


def _encode(device: str, texts: Strings) -> tuple[float, Floats]:
    """Seconds and [n, dim] vectors; reading the model and the first texts are not counted."""
    embed = load_object(EMBED)
    workspace = Workspace(device=device)
    embed(ENCODER, texts.take(np.arange(min(WARM, len(texts)))), workspace)
    begin = time.perf_counter()
    vectors: Floats = embed(ENCODER, texts, workspace)
    return time.perf_counter() - begin, vectors
