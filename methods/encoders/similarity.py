"""Scores of tables that are no dot product, and the search by them: every document, in blocks.

A score is a sum over dimensions. It is written for one number of a query and one of a document at a
time, and serves single pairs as well as blocks of queries with documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn.functional import softplus

from methods.chunks import DEFAULT_MEMORY, merged
from methods.device import chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.types import Floats, Ints

DOCUMENTS = 4096
"""Documents of a block; it does not depend on memory, so that ties are cut alike everywhere."""
CELLS = 1 << 17
"""Scores of a block that stay in the cache of a core, for each thread."""
GPU_CELLS = 1 << 26
"""Scores of a block on a GPU, a quarter of a gigabyte: smaller ones wait for their launch."""
FAR = 15.0
"""Minus the side below which the log of its softplus is the side, to 2e-7."""
COPIES = 8
"""Arrays as large as a block that a score holds at once, at most."""


class Similarity(Protocol):
    """A score of queries and documents."""

    def __call__(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The scores of queries [w, …] and documents [w, …], the dimension first: broadcast [...].

        ``[w, n]`` and ``[w, n]`` give n pairs, ``[w, r, 1]`` and ``[w, 1, c]`` a table [r, c].
        """


def order(q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """-|max(0, |x| - |q|)|^2: minus the penalty of order embeddings (arXiv 1511.06361, eq. 2).

    It is 0 where the document lies below the query in each dimension, and so contains it. Points
    have no negative coordinates: of a row's entries the absolute value counts.
    """
    score = q.new_zeros(())
    for of_query, of_document in zip(q.abs().unbind(), x.abs().unbind(), strict=True):
        above = (of_document - of_query).clamp_min_(0)
        score = torch.addcmul(score, above, above, value=-1)
    return score


def box(q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Log P(x | q), the log of the share of the query's box that lies in the document's box.

    A row is a corner, and the length of each side before its softplus. A volume is the product of
    the softplus of the sides, so that boxes that do not touch have a gradient, too (Li, Vilnis,
    Zhang, Boratko & McCallum, ICLR 2019).
    """
    low_q, low_x = q[: len(q) // 2], x[: len(x) // 2]
    side_q, side_x = softplus(q[len(low_q) :]), softplus(x[len(low_x) :])
    score = -softplus(side_q).log().sum(0)
    for a, b, end_a, end_b in zip(low_q, low_x, low_q + side_q, low_x + side_x, strict=True):
        side = torch.minimum(end_a, end_b).sub_(torch.maximum(a, b))
        # Far below 0 the log of softplus is the side itself; float32 would round softplus to 0.
        score = score + softplus(side.clamp_min(-FAR)).log() + (side + FAR).clamp_max(0)
    return score


SIMILARITIES: dict[str, Similarity] = {"order": order, "box": box}
"""The geometries of tables that are scored otherwise than by dot products."""


def table_of(similarity: Similarity, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """[r, c] the scores of queries [r, w] with documents [c, w]."""
    # The numbers of a dimension lie side by side: strided ones take twice as long.
    return similarity(q.T.contiguous()[:, :, None], x.T.contiguous()[:, None, :])


@torch.inference_mode()
def best_by(
    similarity: Similarity,
    queries: Floats,
    documents: Floats,
    k: int,
    ceiling: int = 0,
    device: str = "cpu",
) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, at most k], of the k documents with the largest scores.

    Args:
        similarity: the score.
        queries: [n, w] float32.
        documents: [n_documents, w] float32.
        k: number of documents.
        ceiling: bytes that the process may allocate; 0: not known. Queries are taken so many at a
            time that an eighth of it suffices.
        device: where blocks are scored, by the name that a workspace gives it.
    """
    place = chosen(device)
    x = torch.split(torch.from_numpy(documents).to(place), DOCUMENTS)
    held = (ceiling or DEFAULT_MEMORY) // 8 // (4 * COPIES)
    on_cpu = place.type == "cpu"
    cells = min(held, CELLS * torch.get_num_threads()) if on_cpu else GPU_CELLS
    parts = torch.split(torch.from_numpy(queries).to(place), max(1, cells // DOCUMENTS))

    def found(q: torch.Tensor) -> Iterator[tuple[Floats, Ints]]:
        for number, chunk in enumerate(x):
            top = table_of(similarity, q, chunk).topk(min(k, len(chunk)))
            yield top.values.cpu().numpy(), (top.indices + number * DOCUMENTS).cpu().numpy()

    ranked = [merged(found(q), k) for q in parts]
    scores, ids = (torch.cat([torch.from_numpy(r[i]) for r in ranked]).numpy() for i in (0, 1))
    return scores, ids
