"""Embeddings of a corpus, encoded by Ray actors: each has the encoder, on a GPU of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.shards.pool import Actors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.types import Floats
    from methods.encoders.jagged import Jagged
    from methods.encoders.pretrained import Pretrained


class EncodingWorker:
    """Encodes with a pretrained encoder."""

    def __init__(self, encoder: Pretrained) -> None:
        """``encoder``: the encoder in the precision of the cell; an actor sees at most one GPU."""
        self._encoder = encoder._replace(device=encoder.device.partition(":")[0])

    def encode(self, tokens: Jagged) -> Floats:
        """[n, dim] unit vectors of texts by their token ids."""
        return self._encoder.encode(tokens)


def encode_by_actors(
    encoder: Pretrained, chunks: Iterable[Jagged], workers: int
) -> Iterator[Floats]:
    """Unit vectors of chunks, several at once.

    Args:
        encoder: the encoder that each actor reads.
        chunks: token ids of texts in chunks.
        workers: number of Ray actors that encode, fewer if there are fewer GPUs.
    """
    return Actors(EncodingWorker, [(encoder,)] * workers, uses_gpu=True).map("encode", chunks)
