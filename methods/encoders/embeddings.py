"""Embeddings of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from methods.encoders.sentence import load_model, model_digest

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Progress, Workspace
    from bench.strings import Strings
    from bench.types import Floats, Ints

CHUNK = 2048
"""Texts encoded between two words of progress."""
HALF_PRECISION_FROM = 2_000_000
"""Texts from which embeddings are kept as float16: half the disk, errors of about 0.0005."""


def embed(name: str, texts: Strings, workspace: Workspace) -> Floats:
    """[n, dim] unit vectors of texts, from the cache or computed into it.

    Args:
        name: of the encoder.
        texts: to be encoded.
        workspace: its cache is keyed by digests of the encoder and of the texts.

    Returns:
        float32, or float16 from two million texts on. Where there is a cache it is a memory map;
        what is written into it is lost.
    """
    dtype = np.float16 if len(texts) >= HALF_PRECISION_FROM else np.float32
    if workspace.cache is None:
        return _compute(name, texts, dtype, workspace.progress, None)
    folder = workspace.cache / "embeddings" / model_digest(name)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{texts.digest[:32]}.{np.dtype(dtype).name}.npy"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            partial = target.with_name(f"{target.stem}.{os.getpid()}.partial")
            try:
                _compute(name, texts, dtype, workspace.progress, partial)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
    vectors: Floats = np.load(target, mmap_mode="c")
    return vectors


def _compute(
    name: str, texts: Strings, dtype: type[np.floating], progress: Progress, file: Path | None
) -> Floats:
    """Encode the longest texts first, so that a batch holds texts of like length."""
    model = load_model(name)
    shape = len(texts), int(model.get_embedding_dimension() or 0)
    if file is None:
        vectors: Floats = np.empty(shape, dtype)
    else:
        vectors = np.lib.format.open_memmap(file, "w+", dtype, shape)
    order: Ints = np.argsort(-texts.lengths, kind="stable")
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        vectors[rows] = model.encode(
            list(texts.take(rows)), normalize_embeddings=True, show_progress_bar=False
        )
        progress(start + len(rows), len(order))
    if isinstance(vectors, np.memmap):
        vectors.flush()
    return vectors
