"""Beam search over the identifiers that exist, with the work that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn.functional import log_softmax

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.generative.decoder import Cache, Decoder
    from methods.generative.identifiers import Identifiers

ROWS = 4096
"""Beginnings that are gone on with at once: their keys and values are held in memory."""


class Written(NamedTuple):
    """Identifiers written for n queries.

    Attributes:
        identifiers: [n, beam] the most probable ones first, -1 where no more exist.
        log_probs: [n, beam] log of the probability of each, -inf where there is none.
        work: multiply-adds for a query, in dot products of its dimension, by the shapes of the
            network and the beginnings that were gone on with.
    """

    identifiers: Ints
    log_probs: Floats
    work: float


class Writer:
    """A decoder held to the identifiers of a trie."""

    def __init__(self, decoder: Decoder, identifiers: Identifiers) -> None:
        """Compute the states of beginnings, which no query changes."""
        self._decoder = decoder.eval()
        self._children = torch.from_numpy(identifiers.children)
        self._n_nodes = identifiers.n_nodes
        self._states: torch.Tensor | None = None
        if decoder.shape.adapter:
            self._states = self._of_beginnings(identifiers)

    @torch.inference_mode()
    def _of_beginnings(self, identifiers: Identifiers) -> torch.Tensor:
        digits = torch.from_numpy(identifiers.paths().beginnings)
        lengths = (digits >= 0).sum(1).clamp_max(digits.shape[1] - 1)
        parts = zip(torch.split(digits.clamp_min(0), ROWS), torch.split(lengths, ROWS), strict=True)
        return torch.cat(
            [
                self._decoder.beginnings(some)[torch.arange(len(some)), length]
                for some, length in parts
            ]
        )

    @torch.inference_mode()
    def write(self, queries: Floats, beam: int) -> Written:
        """The identifiers that a beam ends in.

        Args:
            queries: [n, dim] unit vectors.
            beam: beginnings that are kept for a query at each level.
        """
        size = max(1, ROWS // beam)
        starts = range(0, max(len(queries), 1), size)
        blocks = [self._block(torch.tensor(queries[at : at + size]), beam) for at in starts]
        codes = np.concatenate([block[0].numpy() for block in blocks])
        scores = np.concatenate([block[1].numpy() for block in blocks])
        ends = np.isfinite(scores)
        work = sum(block[2] for block in blocks) / max(len(queries), 1)
        return Written(np.where(ends, codes - self._n_nodes, -1), scores, work)

    def _block(self, queries: torch.Tensor, beam: int) -> tuple[torch.Tensor, torch.Tensor, float]:
        """[n, beam] codes of children and their log probabilities, and dot products of them all."""
        shape, n = self._decoder.shape, len(queries)
        codes = torch.zeros(n, beam, dtype=torch.long)
        scores = torch.full((n, beam), -torch.inf)
        scores[:, 0] = 0.0
        cache: Cache = []
        place = torch.zeros(n, beam, dtype=torch.long)  # of each beginning in the cache
        place[:, 0] = torch.arange(n)
        digit: torch.Tensor | None = None
        multiplied = n * shape.first_cost()
        for level in range(shape.depth):
            goes_on = scores.isfinite() & (codes < self._n_nodes)
            if not goes_on.any():
                break
            nodes, kept = codes[goes_on], place[goes_on]
            multiplied += len(nodes) * shape.cost(level)
            cache = [(k[kept], v[kept]) for k, v in cache]
            logits, cache = self._decoder.step(
                None if level else queries,
                None if digit is None else digit[goes_on],
                level,
                cache,
                None if self._states is None else self._states[nodes],
            )
            below = self._children[nodes]
            found = log_softmax(logits.masked_fill(below < 0, -torch.inf), 1)
            # A last column keeps what has ended.
            candidates = torch.full((n, beam, shape.branching + 1), -torch.inf)
            candidates[..., -1] = scores.masked_fill(goes_on, -torch.inf)
            candidates[goes_on] = torch.cat(
                [found + scores[goes_on][:, None], torch.full((len(nodes), 1), -torch.inf)], 1
            )
            then = torch.full((n, beam, shape.branching + 1), -1)
            then[..., -1] = codes
            then[goes_on, :-1] = below
            rows = torch.zeros(n, beam, dtype=torch.long)
            rows[goes_on] = torch.arange(len(nodes))
            scores, best = candidates.flatten(1).topk(beam, dim=1)
            codes = then.flatten(1).gather(1, best)
            place = rows.gather(1, best // (shape.branching + 1))
            digit = best % (shape.branching + 1)
        return codes, scores, multiplied / shape.dim


def ranked(written: Written, documents: Ints, k: int) -> tuple[Ints, Floats]:
    """Documents [n, at most k] of the identifiers, in their order, and their log probabilities.

    Args:
        written: the identifiers of n queries.
        documents: [n_identifiers, most] documents of each, -1 where fewer.
        k: documents asked for.
    """
    n, beam = written.identifiers.shape
    most = documents.shape[1]
    here = written.identifiers >= 0
    ids = np.where(here[..., None], documents[written.identifiers], -1).reshape(n, beam * most)
    scores = np.repeat(written.log_probs, most, axis=1)
    order = np.argsort(ids < 0, axis=1, kind="stable")[:, :k]
    ids = np.take_along_axis(ids, order, axis=1)
    return ids, np.where(ids < 0, -np.inf, np.take_along_axis(scores, order, axis=1))
