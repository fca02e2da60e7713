"""Embeddings of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from filelock import FileLock

from methods.chunks import drop_pages, mapping
from methods.encoders.pretrained import Pretrained
from methods.encoders.sentence import model_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bench.method import Progress, Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints

    Encode: TypeAlias = Callable[[Pretrained, Iterable[list[str]]], Iterator[Floats]]
    """A function from an encoder and chunks of texts to unit vectors [n, dim] of each chunk."""

_VERSION = 1
"""Version of the encoding; raise it when vectors change, or old ones are read."""
CHUNK = 512
"""Texts encoded between two reports of progress."""
HALF_PRECISION_FROM = 2_000_000
"""Number of texts from which embeddings are float16: half the disk, errors of about 0.0005."""


def encode_here(encoder: Pretrained, chunks: Iterable[list[str]]) -> Iterator[Floats]:
    """Unit vectors of chunks, one after another, in this process."""
    return map(encoder.encode, chunks)


def embed(name: str, texts: Strings, workspace: Workspace, encode: Encode = encode_here) -> Floats:
    """[n, dim] unit vectors of texts, from the cache or computed into it.

    An encoding that was cut short continues where it stopped, with any ``encode``.

    Args:
        name: name of the encoder.
        texts: the texts to encode.
        workspace: the workspace with the cache, whose keys are digests of the encoder and of the
            texts, and the precision of the device.
        encode: a function that is given chunks of the texts, and gives their vectors in order.

    Returns:
        float32, or float16 from two million texts on; a read-only memory map if there is a cache.
    """
    dtype = np.float16 if len(texts) >= HALF_PRECISION_FROM else np.float32
    encoder = Pretrained.of(name, workspace)
    if workspace.cache is None:
        computed: Floats = np.empty((len(texts), _dimension(encoder)), dtype)
        _fill(computed, encoder, texts, encode, workspace.progress)
        return computed
    folder = folder_of(workspace.cache, "embeddings", _VERSION, name, mixed=encoder.mixed)
    target = folder / f"{texts.digest[:32]}.{np.dtype(dtype).name}.npy"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _write(target, encoder, texts, dtype, encode, workspace.progress)
    kept: Floats = np.load(target, mmap_mode="r")
    return kept


def folder_of(cache: Path, kind: str, version: int, name: str, *, mixed: bool) -> Path:
    """The folder for arrays that an encoder makes of texts in one precision; it is created.

    Args:
        cache: the user's cache.
        kind: the kind of arrays.
        version: the version of their recipe.
        name: name of the encoder.
        mixed: whether they are computed in bfloat16: a run on the CPU reads none of these.
    """
    precision = "-bfloat16" if mixed else ""
    folder = cache / kind / f"{version}-{model_digest(name)[:16]}{precision}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(
    target: Path,
    encoder: Pretrained,
    texts: Strings,
    dtype: type[np.floating],
    encode: Encode,
    progress: Progress,
) -> None:
    """Encode into a partial file with a count of finished rows beside it, and rename it."""
    partial, counted = target.with_suffix(".partial"), target.with_suffix(".done")
    done = int(counted.read_text()) if counted.exists() and partial.exists() else 0
    shape = len(texts), _dimension(encoder)
    vectors = np.lib.format.open_memmap(partial, "r+" if done else "w+", dtype, shape)

    mapped = mapping(vectors)

    def keep(rows_done: int, total: int) -> None:
        vectors.flush()
        if mapped is not None:
            drop_pages(mapped)
        counted.write_text(str(rows_done))
        progress(rows_done, total)

    _fill(vectors, encoder, texts, encode, keep, done)
    partial.replace(target)
    counted.unlink(missing_ok=True)


def _fill(
    vectors: Floats,
    encoder: Pretrained,
    texts: Strings,
    encode: Encode,
    progress: Progress,
    done: int = 0,
) -> None:
    """Fill in vectors, the longest texts first, so that a batch holds texts of similar length."""
    order: Ints = np.argsort(-texts.lengths, kind="stable")
    parts = [order[start : start + CHUNK] for start in range(done, len(order), CHUNK)]
    encoded = encode(encoder, (list(texts.take(rows)) for rows in parts))
    for rows, found in zip(parts, encoded, strict=True):
        vectors[rows] = found
        done += len(rows)
        progress(done, len(order))


def _dimension(encoder: Pretrained) -> int:
    return int(encoder.model().get_embedding_dimension() or 0)
