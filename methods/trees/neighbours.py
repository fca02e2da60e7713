"""Leaves of the documents nearest to a query, which are labels of its routes beside its pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

if TYPE_CHECKING:
    from bench.types import Floats, Ints

MOST = 1 << 14
"""Documents that neighbours are sought among, the most: comparing a batch with them takes about as
long as its step."""


class Neighbours:
    """Documents of the corpus and their leaves, as they were at the last refresh."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_rng", "_documents", "_leaf")

    def __init__(self, seed: int, device: torch.device) -> None:
        """Draw documents of a larger corpus with ``seed``, and seek among them on ``device``."""
        self._rng = np.random.default_rng([seed, 3])
        self._device = device
        self._documents = torch.empty(0, 0)
        self._leaf = torch.empty(0, dtype=torch.long)

    def refresh(self, documents: Floats, leaf: Ints) -> None:
        """Take vectors [n_documents, dim] and their leaves [n_documents] as they are now."""
        if len(documents) > MOST:
            drawn = self._rng.choice(len(documents), MOST, replace=False)
            documents, leaf = documents[drawn], leaf[drawn]
        self._documents = torch.tensor(documents, device=self._device)
        self._leaf = torch.tensor(leaf, dtype=torch.long, device=self._device)

    @torch.no_grad()
    def leaves(self, queries: torch.Tensor, count: int) -> torch.Tensor:
        """[n, count] leaves of the ``count`` documents nearest to each query [n, dim]."""
        scores = queries @ self._documents.T
        return self._leaf[scores.topk(min(count, scores.shape[1]), dim=1).indices]
