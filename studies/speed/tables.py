"""The vectors that a method of tables searches, for a peer to search the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from bench.method import Method
    from bench.types import Floats

FILE = "table.safetensors"


class Vectors(NamedTuple):
    """Of all queries and documents, as they are scored: [n_queries, dim] and [n_documents, dim]."""

    queries: Floats
    documents: Floats


def vectors_of(method: Method) -> Vectors:
    """What a fitted method of tables saves, scaled to length 1 where it scores by the cosine."""
    from safetensors import safe_open

    with tempfile.TemporaryDirectory() as folder:
        method.save(Path(folder))
        with safe_open(Path(folder) / FILE, "np") as tables:
            queries, documents = tables.get_tensor("queries"), tables.get_tensor("documents")
            if tables.metadata()["cosine"] == "True":
                queries, documents = _scaled(queries), _scaled(documents)
    return Vectors(queries, documents)


def _scaled(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
