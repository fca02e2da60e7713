"""EHI's joint loss: terms for the vectors, for the paths in the tree, and for its balance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import torch
from torch.nn.functional import relu

from methods.trainers.loop import LossWatch
from methods.trainers.losses import Gradients, MaskedSoftmax

if TYPE_CHECKING:
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Temperature
    from methods.trees.indexer import Indexer
    from methods.trees.neighbours import Neighbours
    from methods.trees.settings import TreeSettings

TINY = 1e-30
"""Added to a probability before its logarithm: far below that of any pair, which the gradient is
divided by, and far above the smallest float, whose inverse would overflow."""


def triplet(
    scores: torch.Tensor, negatives: torch.Tensor, batch: Batch, margin: float
) -> torch.Tensor:
    """Mean over pairs and negatives of [s(q, d-) - s(q, d+) + margin]+ (EHI, eq. 2).

    Args:
        scores: [r, c] scores of queries and the batch's documents.
        negatives: [r, c] whether each document is a negative of each query.
        batch: the pairs and their weights.
        margin: the lead that a relevant document should have.
    """
    positive = scores.flatten()[batch.pairs]
    counted = negatives[batch.pair_rows]
    short = relu(scores[batch.pair_rows] - positive[:, None] + margin) * counted
    of_pairs = short.sum(1) / counted.sum(1).clamp_min(1)
    return (batch.weights * of_pairs).mean()


def softmax(logits: torch.Tensor, negatives: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean over pairs of -log of the document's share against all negatives (InfoNCE).

    MaskedSoftmax is the same loss with a gradient written by hand, which ends at the vectors; this
    gradient continues into the tree.
    """
    against = logits.masked_fill(~negatives, -math.inf).logsumexp(1).clamp_min(-1e4)
    positive = logits.flatten()[batch.pairs]
    total = torch.logaddexp(positive, against[batch.pair_rows])
    return (batch.weights * (total - positive)).mean()


class JointLoss:
    """The loss of a batch; each call updates the tree and returns the gradients of the vectors."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_tree", "_optimizer", "_softmax", "_step", "_watch")

    def __init__(
        self,
        tree: Indexer,
        settings: TreeSettings,
        neighbours: Neighbours,
        *,
        temperature: Temperature,
        steps: int,
    ) -> None:
        """Train ``tree`` with its own AdamW.

        Args:
            tree: the tree that each call updates.
            settings: the terms and their weights.
            neighbours: the documents that are near a query, and their leaves.
            temperature: factor of the scores of vectors.
            steps: number of steps over which the tree's learning rate falls to 0, on half a cosine.
        """
        self._tree, self._settings, self._neighbours = tree, settings, neighbours
        self._steps, self._step = steps, 0
        self._optimizer = torch.optim.AdamW(tree.parameters())
        self._softmax = MaskedSoftmax(temperature)
        self._watch = LossWatch(math.isfinite, "lr or indexer_lr")

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """Loss and gradients of a batch.

        Raises:
            InputError: the loss is not a number; on a GPU, the loss of one of the last steps.
        """
        if batch.negatives is None:
            irrelevant = torch.ones(len(q), len(x), dtype=torch.bool, device=q.device)
            irrelevant.view(-1)[batch.pairs] = False
            for_vectors = for_paths = irrelevant
        else:
            for_vectors, for_paths = batch.negatives
        of_vectors = self._of_vectors(q, x, for_vectors, batch)
        q, x = q.detach().requires_grad_(), x.detach().requires_grad_()
        loss = self._of_paths(q, x, for_paths, batch)
        if loss.requires_grad:
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._move()
        self._step += 1
        total = loss.detach() + of_vectors.loss
        self._watch.add(total)
        if self._step == self._steps:
            self._watch.look()
        of_paths = [0 if vectors.grad is None else vectors.grad for vectors in (q, x)]
        return Gradients(
            total, of_vectors.queries + of_paths[0], of_vectors.documents + of_paths[1]
        )

    def _of_vectors(
        self, q: torch.Tensor, x: torch.Tensor, negatives: torch.Tensor, batch: Batch
    ) -> Gradients:
        """The similarity term (EHI, eq. 3)."""
        weight = self._settings.similarity_weight
        if self._settings.similarity_loss == "softmax":
            found = self._softmax(q, x, batch)
            return Gradients(weight * found.loss, weight * found.queries, weight * found.documents)
        q, x = q.detach().requires_grad_(), x.detach().requires_grad_()
        loss = weight * triplet(q @ x.T, negatives, batch, self._settings.margin)
        of_q, of_x = torch.autograd.grad(loss, [q, x])
        return Gradients(loss.detach(), of_q, of_x)

    def _of_paths(
        self, q: torch.Tensor, x: torch.Tensor, negatives: torch.Tensor, batch: Batch
    ) -> torch.Tensor:
        """The indexing, neighbour, intra-leaf and balance terms."""
        settings = self._settings
        loss = q.new_zeros(())
        weights = (
            settings.indexing_weight,
            settings.neighbour_weight,
            settings.intra_leaf_weight,
            settings.balance,
        )
        if not any(weights):
            return loss
        of_q, of_x = self._paths(q), self._paths(x)
        if settings.indexing_weight:
            met = of_q @ of_x.T
            term = (
                triplet(met, negatives, batch, settings.margin)
                if settings.indexing_loss == "triplet"
                else softmax((met + TINY).log(), negatives, batch)
            )
            loss = loss + settings.indexing_weight * term
        if settings.neighbour_weight:
            leaves = self._neighbours.leaves(q, settings.neighbours)
            of_nearest = self._of_leaves(q, of_q).gather(1, leaves)
            loss = loss - settings.neighbour_weight * (of_nearest + TINY).log().mean()
        if settings.intra_leaf_weight:
            loss = loss + settings.intra_leaf_weight * self._intra_leaf(x, of_x, negatives, batch)
        if settings.balance:
            loss = loss + settings.balance * unevenness(self._of_leaves(x, of_x))
        return loss

    def _paths(self, vectors: torch.Tensor) -> torch.Tensor:
        if self._settings.paths == "best":
            return self._tree.path_embedding(vectors)
        return self._tree.node_probabilities(vectors)[-1]

    def _of_leaves(self, vectors: torch.Tensor, paths: torch.Tensor) -> torch.Tensor:
        """[n, B^H] probabilities of all leaves for vectors whose ``paths`` are known."""
        trained = self._settings.paths
        return paths if trained == "all" else self._tree.node_probabilities(vectors)[-1]

    def _intra_leaf(
        self, x: torch.Tensor, of_x: torch.Tensor, negatives: torch.Tensor, batch: Batch
    ) -> torch.Tensor:
        """Negatives unlike the relevant document should be in other leaves (eq. 5)."""
        columns = batch.pairs % len(x)
        unlike = (x[columns] @ x.T).detach() < self._settings.threshold
        counted = unlike & negatives[batch.pair_rows]
        own = (of_x[columns] ** 2).sum(1, keepdim=True)
        short = relu(of_x[columns] @ of_x.T - own + self._settings.margin) * counted
        return (short.sum(1) / counted.sum(1).clamp_min(1)).mean()

    def _move(self) -> None:
        falling = (1 + math.cos(math.pi * self._step / self._steps)) / 2
        for group in self._optimizer.param_groups:
            group["lr"] = self._settings.indexer_lr * falling
        self._optimizer.step()


def unevenness(of_leaves: torch.Tensor) -> torch.Tensor:
    """Divergence (KL) of the mean of [n, leaves] probabilities from an even distribution."""
    mean = of_leaves.mean(0)
    return (mean * (mean * len(mean) + TINY).log()).sum()
