"""The peer of our trainers: tables trained by simple PyTorch code.

Two ``nn.Embedding`` with dense gradients, ``torch.optim.Adam`` over all their rows, automatic
differentiation. Batches, negatives, temperature and the decay of the learning rate are those of the
method it is compared with, and so is the loss: see ``tests/test_speed.py``.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from bench.arrays.relevance import Relevance
    from bench.method import Params
    from bench.types import Ints


class Tables(nn.Module):
    """One free vector for each query and each document, of length about 1 at the start."""

    def __init__(self, n_queries: int, n_documents: int, dim: int) -> None:
        super().__init__()
        self.queries = nn.Embedding(n_queries, dim)
        self.documents = nn.Embedding(n_documents, dim)
        for table in (self.queries, self.documents):
            nn.init.normal_(table.weight, std=dim**-0.5)


class PlainBatch(NamedTuple):
    """Some queries with all their pairs.

    Attributes:
        queries: [r] query rows.
        pair_rows: [p] the place in ``queries`` of each pair.
        documents: [p] document rows.
        distances: [p] distance of each pair.
        negatives: [n] document rows drawn from the corpus.
    """

    queries: torch.Tensor
    pair_rows: torch.Tensor
    documents: torch.Tensor
    distances: torch.Tensor
    negatives: torch.Tensor


def in_batch_loss(tables: Tables, batch: PlainBatch, params: Params) -> torch.Tensor:
    """Cross-entropy of each pair's document among the documents of all pairs: [p, p] scores."""
    q = tables.queries(batch.queries[batch.pair_rows])
    x = tables.documents(batch.documents)
    scores = float(params["temperature"]) * q @ x.T
    return functional.cross_entropy(scores, torch.arange(len(x), device=x.device))


def masked_loss(tables: Tables, batch: PlainBatch, params: Params) -> torch.Tensor:
    """Each pair's document among those that are not relevant to its query, by the cosine."""
    candidates, column = torch.unique(
        torch.cat([batch.documents, batch.negatives]), return_inverse=True
    )
    column = column[: len(batch.documents)]
    q = functional.normalize(tables.queries(batch.queries))
    x = functional.normalize(tables.documents(candidates))
    scores = float(params["temperature"]) * q @ x.T
    relevant = torch.zeros(scores.shape, dtype=torch.bool, device=q.device)
    relevant[batch.pair_rows, column] = True
    negatives = scores.masked_fill(relevant, -torch.inf).logsumexp(1)
    losses = functional.softplus(negatives[batch.pair_rows] - scores[batch.pair_rows, column])
    weights = torch.where(batch.distances == 0, float(params["self_weight"]), 1.0)
    return (weights * losses).mean()


LOSSES = {"standard-de": in_batch_loss, "masked-de": masked_loss}
RATES = {"standard-de": 0.005, "masked-de": 0.05}
"""Learning rates: that of standard-de, which is trained by Adam, too; for masked-de the better of
0.025 and 0.05, with 90.9 and 91.3 % of WordNet after 500 steps."""


class PlainTrainer:
    """Trains tables on pairs.

    Attributes:
        tables: the tables that are trained.
    """

    def __init__(
        self, method: str, params: Params, relevance: Relevance, device: str = "cpu"
    ) -> None:
        """Start from random tables.

        Args:
            method: name of the method whose loss it uses.
            params: hyper-parameters of that method.
            relevance: the training pairs.
            device: the device of the tables.
        """
        self._loss, self._params, self._relevance = LOSSES[method], params, relevance
        self._rate = RATES[method]
        self._rng = np.random.default_rng(0)
        n_queries, n_documents = relevance.n_queries, relevance.n_documents
        self.tables = Tables(n_queries, n_documents, int(params["dim"])).to(device)

    def train(self, steps: int, cap_s: float = math.inf) -> float:
        """Train, and return the seconds.

        Args:
            steps: number of batches, over which the learning rate falls to 0 on half a cosine.
            cap_s: seconds after which training is stopped.
        """
        optimizer = torch.optim.Adam(self.tables.parameters(), lr=self._rate)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
        queries: list[Ints] = []
        begin = time.perf_counter()
        for _ in range(steps):
            if time.perf_counter() - begin >= cap_s:
                break
            queries = queries or self._epoch()
            optimizer.zero_grad()
            self._loss(self.tables, self._batch(queries.pop()), self._params).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            falling.step()
        return time.perf_counter() - begin

    @torch.inference_mode()
    def ranked(self, queries: Ints, k: int) -> Ints:
        """[n, k] documents of the given queries, best first, by the trained score."""
        q, x = self.tables.queries.weight, self.tables.documents.weight
        q = q[torch.tensor(queries, device=q.device)]
        if self._loss is masked_loss:
            q, x = functional.normalize(q), functional.normalize(x)
        ids: Ints = (q @ x.T).topk(k).indices.cpu().numpy()
        return ids

    def _epoch(self) -> list[Ints]:
        """All queries in random order, in batches; an incomplete batch is dropped."""
        answered = self._relevance.answered
        size = min(int(self._params["batch"]), len(answered))
        order = self._rng.permutation(answered)
        return [order[at : at + size] for at in range(0, len(order) - size + 1, size)]

    def _batch(self, queries: Ints) -> PlainBatch:
        pairs = self._relevance.rows(queries)
        drawn = min(int(self._params.get("negatives", 0)), pairs.n_documents)
        device = self.tables.queries.weight.device
        return PlainBatch(
            *(
                torch.from_numpy(part).to(device)
                for part in (
                    queries.copy(),
                    pairs.queries.astype(np.int64),
                    pairs.documents.astype(np.int64),
                    pairs.distances.copy(),
                    self._rng.integers(0, pairs.n_documents, drawn),
                )
            )
        )
