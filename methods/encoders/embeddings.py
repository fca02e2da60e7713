"""Embeddings of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

import contextlib
import itertools
import zlib
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

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

_VECTORS, _FINISHED = "vectors.npy", "finished"
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
        _fill(computed, encoder, texts, _parts(texts), encode, workspace.progress)
        return computed
    place = place_of("embeddings", _VERSION, name, texts, mixed=encoder.mixed)
    folder = workspace.made_once(
        f"{place}.{np.dtype(dtype).name}",
        lambda made: _write(made, encoder, texts, dtype, encode, workspace.progress),
        "vectors of texts",
        resumes=True,
    )
    kept: Floats = np.load(folder / _VECTORS, mmap_mode="r")
    return kept


def place_of(kind: str, version: int, name: str, texts: Strings, *, mixed: bool) -> str:
    """The place in the cache of arrays that an encoder makes of texts in one precision.

    Args:
        kind: the kind of arrays.
        version: the version of their recipe.
        name: name of the encoder.
        texts: the texts.
        mixed: whether they are computed in bfloat16: a run on the CPU reads none of these.
    """
    precision = "-bfloat16" if mixed else ""
    return f"{kind}/{version}-{model_digest(name)[:16]}{precision}/{texts.digest[:32]}"


def _write(
    folder: Path,
    encoder: Pretrained,
    texts: Strings,
    dtype: type[np.floating],
    encode: Encode,
    progress: Progress,
) -> None:
    """Encode into a file; beside it is a line for each finished chunk, a checksum of its vectors.

    What a run that was cut short left is taken as far as the checksums hold.
    """
    parts = _parts(texts)
    vectors, sums = _finished(folder, parts, (len(texts), _dimension(encoder)), dtype)
    mapped = mapping(vectors)
    with (folder / _FINISHED).open("w", encoding="ascii") as record:
        record.writelines(sums)

        def keep(rows: Ints) -> None:
            vectors.flush()
            record.write(_checksum(vectors[rows]))
            record.flush()
            if mapped is not None:
                drop_pages(mapped)

        _fill(vectors, encoder, texts, parts[len(sums) :], encode, progress, keep)
    (folder / _FINISHED).unlink()


def _finished(
    folder: Path, parts: list[Ints], shape: tuple[int, int], dtype: type[np.floating]
) -> tuple[np.memmap, list[str]]:
    """The file of vectors, and the checksums of its chunks that are finished and hold."""
    file = folder / _VECTORS
    lines: list[str] = []
    with contextlib.suppress(OSError, ValueError):  # there is none, or it is damaged
        vectors = np.lib.format.open_memmap(file, "r+")
        if vectors.shape == shape and vectors.dtype == dtype:
            lines = (folder / _FINISHED).read_text("ascii").splitlines(keepends=True)
    if not lines:
        return np.lib.format.open_memmap(file, "w+", dtype, shape), []
    hold = (_checksum(vectors[rows]) == line for rows, line in zip(parts, lines, strict=False))
    return vectors, lines[: sum(itertools.takewhile(bool, hold))]


def _checksum(vectors: Floats) -> str:
    return f"{zlib.crc32(np.ascontiguousarray(vectors).data):08x}\n"


def _parts(texts: Strings) -> list[Ints]:
    """Rows of the texts in chunks, longest first: a batch holds texts of similar length."""
    order: Ints = np.argsort(-texts.lengths, kind="stable")
    return [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]


def _fill(
    vectors: Floats,
    encoder: Pretrained,
    texts: Strings,
    parts: list[Ints],
    encode: Encode,
    progress: Progress,
    keep: Callable[[Ints], None] = lambda _rows: None,
) -> None:
    """Fill in the vectors of chunks of rows; ``keep`` is called after each."""
    done = len(texts) - sum(map(len, parts))
    encoded = encode(encoder, (list(texts.take(rows)) for rows in parts))
    for rows, found in zip(parts, encoded, strict=True):
        vectors[rows] = found
        keep(rows)
        done += len(rows)
        progress(done, len(texts))


def _dimension(encoder: Pretrained) -> int:
    return int(encoder.model().get_embedding_dimension() or 0)
