"""Embeddings of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

import contextlib
import itertools
import zlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from methods.chunks import drop_pages, mapping
from methods.device import chosen, shared_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bench.method import Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints
    from methods.encoders.jagged import Jagged
    from methods.encoders.pretrained import Pretrained

    Encode: TypeAlias = Callable[[Pretrained, Iterable[Jagged]], Iterator[Floats]]
    """A function from an encoder and token ids in chunks to unit vectors [n, dim] of each chunk."""

_VECTORS, _FINISHED = "vectors.npy", "finished"
_VERSION = 2
"""Version of the encoding; raise it when vectors change, or old ones are read."""
CHUNK = {"cpu": 512, "cuda": 8192}
"""Texts encoded between two reports of progress: seconds on the CPU, part of one on a GPU."""
SAMPLE = 16
"""Texts that are encoded in both precisions before bfloat16 is relied on."""
HALF_PRECISION_FROM = 2_000_000
"""Number of texts from which embeddings are float16: half the disk, errors of about 0.0005."""


def encode_here(encoder: Pretrained, chunks: Iterable[Jagged]) -> Iterator[Floats]:
    """Unit vectors of chunks, one after another, in this process."""
    return map(encoder.encode, chunks)


def embed(
    encoder: Pretrained, texts: Strings, workspace: Workspace, encode: Encode = encode_here
) -> Floats:
    """[n, dim] unit vectors of texts, from the cache or computed into it.

    An encoding that was cut short continues where it stopped, with any ``encode``.

    Args:
        encoder: the encoder, with its precision; float32 stands in for bfloat16 if that changes
            vectors.
        texts: the texts to encode.
        workspace: the workspace with the cache, whose keys are digests of the encoder and of the
            texts, and the precision.
        encode: a function that is given the token ids of texts in chunks, and gives their vectors
            in order.

    Returns:
        float32, or float16 from two million texts on; a read-only memory map if there is a cache.
    """
    dtype = np.float16 if len(texts) >= HALF_PRECISION_FROM else np.float32
    if workspace.cache is None:
        work = _Encoding.of(encoder, texts, workspace, encode)
        computed: Floats = np.empty(work.shape, dtype)
        work.fill(computed, work.parts())
        return computed
    place = f"{encoder.place_of('embeddings', _VERSION, texts)}.{np.dtype(dtype).name}"

    def write(made: Path) -> None:
        work = _Encoding.of(encoder, texts, workspace, encode)
        # The cores of those that wait for these vectors would be idle.
        with shared_threads(lambda: workspace.waiting(place)) as share_again:
            _write(made, work, dtype, share_again)

    folder = workspace.made_once(place, write, "vectors of texts", resumes=True)
    kept: Floats = np.load(folder / _VECTORS, mmap_mode="r")
    return kept


class _Encoding(NamedTuple):
    """The texts to be encoded, by their token ids, and the encoder in the precision that holds."""

    encoder: Pretrained
    tokens: Jagged
    encode: Encode
    workspace: Workspace

    @classmethod
    def of(
        cls, encoder: Pretrained, texts: Strings, workspace: Workspace, encode: Encode
    ) -> _Encoding:
        tokens = encoder.tokens(texts, workspace)
        sample = tokens.take(np.arange(len(texts))[:: max(1, len(texts) // SAMPLE)][:SAMPLE])
        return cls(encoder.precise_enough(sample, workspace), tokens, encode, workspace)

    @property
    def shape(self) -> tuple[int, int]:
        """Texts and dimensions."""
        dim = int(self.encoder.model().get_embedding_dimension() or 0)
        return len(self.tokens.lengths), dim

    def parts(self) -> list[Ints]:
        """Rows of the texts in chunks, longest first: a batch holds texts of similar length."""
        order: Ints = np.argsort(-self.tokens.lengths, kind="stable")
        size = CHUNK[chosen(self.encoder.device).type]
        return [order[start : start + size] for start in range(0, len(order), size)]

    def fill(
        self, vectors: Floats, parts: list[Ints], keep: Callable[[Ints], None] = lambda _rows: None
    ) -> None:
        """Fill in the vectors of chunks of rows; ``keep`` is called after each."""
        done = len(vectors) - sum(map(len, parts))
        encoded = self.encode(self.encoder, (self.tokens.take(rows) for rows in parts))
        for rows, found in zip(parts, encoded, strict=True):
            vectors[rows] = found
            keep(rows)
            done += len(rows)
            self.workspace.progress(done, len(vectors))


def _write(
    folder: Path, work: _Encoding, dtype: type[np.floating], after_chunk: Callable[[], None]
) -> None:
    """Encode into a file; beside it is a line for each finished chunk, a checksum of its vectors.

    What a run that was cut short left is taken as far as the checksums hold.
    """
    parts = work.parts()
    vectors, sums = _finished(folder, parts, work.shape, dtype)
    mapped = mapping(vectors)
    with (folder / _FINISHED).open("w", encoding="ascii") as record:
        record.writelines(sums)

        def keep(rows: Ints) -> None:
            vectors.flush()
            record.write(_checksum(vectors[rows]))
            record.flush()
            if mapped is not None:
                drop_pages(mapped)
            after_chunk()

        work.fill(vectors, parts[len(sums) :], keep)
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
