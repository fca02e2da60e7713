"""Optimisers that touch only the rows of a table that a batch used."""

from __future__ import annotations

from typing import ClassVar, Protocol

import torch


class RowOptimizer(Protocol):
    """Updates some rows of a table in place."""

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        """Move ``rows`` [n], distinct and int64, against their ``gradient`` [n, dim]."""


class RowAdam:
    """Lazy Adam: moments of a row decay only when the row is used (Kingma & Ba 2015, algorithm 1).

    The rule is that of ``torch.optim.SparseAdam``, at a fraction of its cost: rows are known to be
    distinct, so that no indices need to be merged.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("table", "mean", "square", "steps")

    def __init__(
        self, table: torch.Tensor, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        self.table = table
        self.betas = betas
        self.eps = eps
        self.mean = torch.zeros_like(table)
        self.square = torch.zeros_like(table)
        self.steps = 0

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        """Move ``rows`` [n] (distinct) against their ``gradient`` [n, dim]."""
        self.steps += 1
        beta1, beta2 = self.betas
        mean = self.mean.index_select(0, rows).mul_(beta1).add_(gradient, alpha=1 - beta1)
        square = self.square.index_select(0, rows).mul_(beta2)
        square.addcmul_(gradient, gradient, value=1 - beta2)
        self.mean.index_copy_(0, rows, mean)
        self.square.index_copy_(0, rows, square)
        # Bias corrections are part of the step size and epsilon: one division for each entry.
        correction = (1 - beta2**self.steps) ** 0.5
        size = lr * correction / (1 - beta1**self.steps)
        update = mean.div_(square.sqrt_().add_(self.eps * correction))
        moved = self.table.index_select(0, rows).add_(update, alpha=-size)
        self.table.index_copy_(0, rows, moved)  # twice as fast as index_add_ on rows far apart


class RowRMSProp:
    """RMSProp (Tieleman & Hinton 2012) with one mean square for a row, that of the whole gradient.

    It is Adam without momentum, and with a row where Adam has an entry, as in row-wise Adagrad
    (arXiv 2104.05158). After a row is used, dense Adam goes on moving it by momentum; all these
    moves are ten times as long as the first, which is the only one that lazy Adam takes. Here the
    first has the whole gradient, so that a row that is used a few times reaches as far. Nothing
    depends on the axes, and a move is as long in any dimension: about ``lr``, and longer for a row
    that is not used in every step.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("table", "square", "steps")

    def __init__(self, table: torch.Tensor, decay: float = 0.999, eps: float = 1e-8) -> None:
        self.table = table
        self.decay = decay
        self.eps = eps
        self.square = table.new_zeros(len(table))
        self.steps = 0

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        """Move ``rows`` [n] (distinct) against their ``gradient`` [n, dim]."""
        self.steps += 1
        square = self.square.index_select(0, rows)
        square.lerp_((gradient * gradient).sum(1), 1 - self.decay)
        self.square.index_copy_(0, rows, square)
        # The bias correction is part of the step size, as in RowAdam.
        size = lr * (1 - self.decay**self.steps) ** 0.5
        moved = self.table.index_select(0, rows)
        moved.addcdiv_(gradient, square.sqrt_().add_(self.eps)[:, None], value=-size)
        self.table.index_copy_(0, rows, moved)


class RowSGD:
    """Plain stochastic gradient descent."""

    checkpointed: ClassVar[tuple[str, ...]] = ("table",)

    def __init__(self, table: torch.Tensor) -> None:
        self.table = table

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        """Move ``rows`` [n] against their ``gradient`` [n, dim]."""
        self.table.index_add_(0, rows, gradient, alpha=-lr)
