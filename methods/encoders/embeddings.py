"""Embeddings of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from methods.encoders.sentence import load_model, model_digest

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Progress, Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints

_VERSION = 1
"""Of how texts are encoded; raise it when that changes, or old vectors are served."""
CHUNK = 512
"""Texts encoded between two words of progress."""
HALF_PRECISION_FROM = 2_000_000
"""Texts from which embeddings are kept as float16: half the disk, errors of about 0.0005."""


def embed(name: str, texts: Strings, workspace: Workspace) -> Floats:
    """[n, dim] unit vectors of texts, from the cache or computed into it.

    An encoding that was cut short goes on where it stopped.

    Args:
        name: of the encoder.
        texts: to be encoded.
        workspace: its cache is keyed by digests of the encoder and of the texts.

    Returns:
        float32, or float16 from two million texts on; a read-only memory map where there is a
        cache.
    """
    dtype = np.float16 if len(texts) >= HALF_PRECISION_FROM else np.float32
    if workspace.cache is None:
        computed: Floats = np.empty((len(texts), _dimension(name)), dtype)
        _encode(name, texts, computed, workspace.progress)
        return computed
    folder = workspace.cache / "embeddings" / f"{_VERSION}-{model_digest(name)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{texts.digest[:32]}.{np.dtype(dtype).name}.npy"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _encode_into(target, name, texts, dtype, workspace.progress)
    kept: Floats = np.load(target, mmap_mode="r")
    return kept


def _encode_into(
    target: Path, name: str, texts: Strings, dtype: type[np.floating], progress: Progress
) -> None:
    """Encode into a partial file, whose finished rows are counted beside it, and rename it."""
    partial, counted = target.with_suffix(".partial"), target.with_suffix(".done")
    done = int(counted.read_text()) if counted.exists() and partial.exists() else 0
    shape = len(texts), _dimension(name)
    vectors = np.lib.format.open_memmap(partial, "r+" if done else "w+", dtype, shape)

    def keep(rows_done: int, total: int) -> None:
        vectors.flush()
        counted.write_text(str(rows_done))
        progress(rows_done, total)

    _encode(name, texts, vectors, keep, done)
    partial.replace(target)
    counted.unlink(missing_ok=True)


def _encode(name: str, texts: Strings, vectors: Floats, progress: Progress, done: int = 0) -> None:
    """Fill ``vectors``, the longest texts first, so that a batch holds texts of like length."""
    model = load_model(name)
    order: Ints = np.argsort(-texts.lengths, kind="stable")
    for start in range(done, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        vectors[rows] = model.encode(
            list(texts.take(rows)), normalize_embeddings=True, show_progress_bar=False
        )
        progress(start + len(rows), len(order))


def _dimension(name: str) -> int:
    return int(load_model(name).get_embedding_dimension() or 0)
