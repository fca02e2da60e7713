"""Embeddings of a corpus, encoded in shards: each worker has the encoder, on a GPU of its own.

Chunks are those of :mod:`methods.encoders.embeddings`, and so are the file, its vectors and the
count of what is done: either goes on where the other stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from methods.encoders.embeddings import _VERSION, CHUNK, HALF_PRECISION_FROM, embed
from methods.encoders.sentence import load_model, model_digest
from methods.encoders.towers import Frozen
from methods.shards.pool import Actors

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints


class EncodingWorker:
    """A pretrained encoder, read when it is made."""

    def __init__(self, name: str) -> None:
        self._model = load_model(name)

    def encode(self, texts: list[str]) -> Floats:
        """[n, dim] unit vectors."""
        vectors: Floats = self._model.encode(
            texts, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors


class MappedTower(Frozen):
    """A frozen encoder whose vectors stay on disk, in half precision where they are kept so."""

    def __init__(self, frozen: Frozen, workers: int) -> None:
        """``workers``: actors that encode; 0: none, but this process."""
        super().__init__(frozen.name, frozen.workspace)
        self._workers = workers

    def encode(self, texts: Strings) -> Floats:
        """[n, dim] the embeddings, a read-only memory map."""
        if self._workers and self.workspace.cache is not None:
            encode_in_shards(self.name, texts, self.workspace, self.workspace.cache, self._workers)
        return embed(self.name, texts, self.workspace)


def encode_in_shards(
    name: str, texts: Strings, workspace: Workspace, cache: Path, workers: int
) -> None:
    """Put embeddings of texts where ``embed`` finds them, unless they are there.

    Args:
        name: of the encoder.
        texts: to be encoded.
        workspace: which is told of progress.
        cache: the folder that they are kept in.
        workers: Ray actors that encode, fewer where there are fewer GPUs.
    """
    dtype = np.dtype(np.float16 if len(texts) >= HALF_PRECISION_FROM else np.float32)
    folder = cache / "embeddings" / f"{_VERSION}-{model_digest(name)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{texts.digest[:32]}.{dtype.name}.npy"
    with FileLock(f"{target}.lock"):
        if target.exists():
            return
        partial, counted = target.with_suffix(".partial"), target.with_suffix(".done")
        done = int(counted.read_text()) if counted.exists() and partial.exists() else 0
        encoders = Actors(EncodingWorker, [(name,)] * workers, uses_gpu=True)
        shape = len(texts), encoders.call("encode", [""])[0].shape[1]
        vectors = np.lib.format.open_memmap(partial, "r+" if done else "w+", dtype, shape)
        order: Ints = np.argsort(-texts.lengths, kind="stable")
        for begin in range(done, len(order), CHUNK * len(encoders)):
            end = min(begin + CHUNK * len(encoders), len(order))
            chunks = [order[start : start + CHUNK] for start in range(begin, end, CHUNK)]
            given = [list(texts.take(rows)) for rows in chunks]
            for rows, encoded in zip(chunks, encoders.each("encode", given), strict=True):
                vectors[rows] = encoded
            vectors.flush()
            counted.write_text(str(end))
            workspace.progress(end, len(order))
        partial.replace(target)
        counted.unlink(missing_ok=True)
