"""Generated vectors with the cluster structure of WordNet, of any number.

Every synset gets a place near the mean of its hypernyms' places; documents lie around synsets drawn
at random, so that clusters are nested and as unequal as the branches of the noun graph. A query is
a document with noise: that document is its answer, and other documents may be nearer.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from bench.arrays.vectors import Vectors, new_file
from bench.data.readers.vectors import vectors_task
from bench.data.readers.wordnet import read_graph
from bench.errors import InputError
from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bench.data.readers.wordnet import NounGraph
    from bench.task import Task
    from bench.types import Floats, Ints

_VERSION = 1
"""Version of the recipe; raise it when vectors change."""
SEED = 20261121
DECAY = 0.9
"""Factor of the noise from one level of the graph to the next."""
AROUND, ASKED = 0.5, 1.25
"""Length of the noise of a document around its synset, and of a query around its document."""
AT_ONCE = 65_536
MOST = 1_000_000_000


def read(name: str, graph: Path, n: int, queries: int, dim: int) -> Task:
    """``n`` documents and ``queries`` queries, generated once and kept in the cache.

    Vectors have length 1. The task's digest hashes the recipe and not the vectors, as the last bit
    of a value may differ from one processor to another.

    Raises:
        InputError: a number is too small or too large, or the cache cannot be written.
    """
    if not (2 <= dim <= 4096 and queries >= 22 and 100 <= n <= MOST):  # noqa: PLR2004
        raise InputError(
            f"clusters needs n from 100 to {MOST:,} documents, 22 queries or more and dim from 2 "
            f"to 4096, got n={n}, queries={queries}, dim={dim}"
        )
    nouns = read_graph(graph)
    content = hashlib.sha256(
        json.dumps([_VERSION, SEED, DECAY, AROUND, ASKED, n, queries, dim]).encode()
    )
    content.update(nouns.children.tobytes() + nouns.parents.tobytes())
    digest = content.hexdigest()
    folder = made_once(
        cache_folder() / "vectors" / digest[:24],
        lambda made: _make(nouns, n, queries, dim, made),
        f"{4 * n * dim / 1e6:,.0f} MB of vectors",
    )
    return vectors_task(
        name,
        Vectors(folder / "documents.npy", f"{digest} documents"),
        Vectors(folder / "queries.npy", f"{digest} queries"),
        np.load(folder / "answers.npy"),
    )


def _make(nouns: NounGraph, n: int, n_queries: int, dim: int, folder: Path) -> None:
    """Write documents, queries and answers."""
    synsets = _places(nouns, dim)
    documents = new_file(folder / "documents.npy", np.float32, (n, dim))
    for number, start in enumerate(range(0, n, AT_ONCE)):
        rows = slice(start, min(start + AT_ONCE, n))
        # A generator for each block: a document does not depend on the number of documents.
        rng = np.random.default_rng([SEED, 1, number])
        around = synsets[rng.integers(0, len(synsets), AT_ONCE)]
        documents[rows] = _near(around, AROUND, rng)[: rows.stop - start]
    documents.flush()
    rng = np.random.default_rng([SEED, 2])
    answers: Ints = rng.integers(0, n, n_queries)
    np.save(folder / "queries.npy", _near(documents[answers], ASKED, rng))
    np.save(folder / "answers.npy", answers[:, None])


def _places(nouns: NounGraph, dim: int) -> Floats:
    """[n_synsets, dim] unit vectors, level by level from the roots."""
    n_synsets = len(nouns.names)
    links = np.ones(len(nouns.children), np.float32)
    up = sparse.csr_array((links, (nouns.children, nouns.parents)), (n_synsets, n_synsets))
    rng = np.random.default_rng([SEED, 0])
    places = np.zeros((n_synsets, dim), np.float32)
    left, noise = np.ones(n_synsets, bool), 1.0
    while left.any():
        ready = left & (up @ left.astype(np.float32) == 0)
        mean = up[ready] @ places / np.maximum(up[ready].sum(axis=1), 1)[:, None]
        places[ready] = _near(mean, noise, rng)
        left &= ~ready
        noise *= DECAY
    return places


def _near(vectors: Floats, noise: float, rng: np.random.Generator) -> Floats:
    """Unit vectors near others [n, dim]: noise of about this length is added."""
    dim = vectors.shape[1]
    moved = vectors + rng.standard_normal(vectors.shape, np.float32) * np.float32(noise / dim**0.5)
    unit: Floats = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit.astype(np.float32)
