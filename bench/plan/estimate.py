"""Seconds of cells that were not measured yet, estimated from those of cells that were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from bench.data.views import parted_views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.store.took import Took
    from bench.types import Bools, Floats

MOST = 800
"""Measured cells that are read, the last ones."""
PRIOR_S, FLOOR_S = 5.0, 0.5
"""Seconds of a cell that nothing is known of; and what is added to all before their
logarithm, so that nobody minds how often a hundredth of a second goes into a tenth."""
FEW, BY_QUERIES = 1000, 0.75
"""From so many queries on, seconds without training are taken to grow with this power of their
number, if measured cells do not say otherwise: part of them is the index, which does not grow."""
NOISE = 0.25
"""Standard deviation of the logarithm of seconds of one cell, measured again and again."""


def _index(cell: Took) -> str:
    return cell.method.rpartition("+")[2]


def _dataset(cell: Took) -> str:
    return parted_views(cell.task)[0]


LIKENESSES: tuple[tuple[Callable[[Took], object], float], ...] = (
    (lambda _: "", 2.0),
    (lambda cell: cell.method, 1.4),
    (lambda cell: cell.trainer, 1.4),
    (_index, 0.3),
    (_dataset, 0.4),
    (lambda cell: (cell.task, cell.trainer), 0.3),
    (lambda cell: (cell.task, cell.method), 0.3),
    (lambda cell: (cell.task, cell.method, cell.params), 0.3),
    (lambda cell: (cell.machine, cell.threads), 0.5),
    (lambda cell: cell.run, 0.7),
    (lambda cell: (cell.run, cell.task), 0.1),
)
"""What cells may have in common, and by how much the logarithm of their seconds varies with it."""
BY_SIZE, BY_SIZE_OF_METHOD = 0.4, 0.1
"""The same for its growth with the logarithm of documents and queries, of all cells and of those
of a method."""


class Seconds(NamedTuple):
    """Estimated seconds of a cell: of its training, and of all else."""

    fit: float
    rest: float


def estimates(measured: Sequence[Took], wanted: Sequence[Took]) -> list[Seconds]:
    """The seconds of each wanted cell.

    The logarithms of seconds are regressed on what cells have in common (a Gaussian process): the
    same method on the same data counts most; else the method on other data, by their size, and
    other methods on the same data. What the present run has in common tells how fast the machine is
    today.

    Args:
        measured: cells with their seconds, those that tell most last.
        wanted: planned cells.
    """
    measured = measured[-MOST:]
    trained = [_of_trainer(cell) for cell in measured if cell.fit_s is not None]
    fits = [cell.fit_s or 0.0 for cell in trained]
    fit = _regressed(trained, [*map(_of_trainer, wanted)], fits)
    rest = _regressed(measured, wanted, [cell.rest_s for cell in measured], BY_QUERIES)
    return [Seconds(*each) for each in zip(fit, rest, strict=True)]


def _of_trainer(cell: Took) -> Took:
    """The cell as its training sees it: without the index, and with the training queries alone."""
    return cell._replace(method=cell.trainer, task=_dataset(cell))


def _regressed(
    measured: Sequence[Took],
    wanted: Sequence[Took],
    seconds: Sequence[float],
    by_queries: float = 0.0,
) -> list[float]:
    """The seconds of wanted cells by those of measured ones."""
    cells, n = [*measured, *wanted], len(measured)
    together, asked = _covariance(cells), np.array([cell.n_queries for cell in cells], float)
    prior = np.log(PRIOR_S) + by_queries * np.log(asked.clip(FEW) / FEW)
    logs = np.log(np.clip(seconds, 0, None) + FLOOR_S) - prior[:n]
    with threadpool_limits(1):  # so small that threads would only take cores from the cells
        weights = np.linalg.solve(together[:n, :n] + NOISE**2 * np.eye(n), logs)
    found: list[float] = (np.exp(together[n:, :n] @ weights + prior[n:]) - FLOOR_S).clip(0).tolist()
    return found


def _covariance(cells: Sequence[Took]) -> Floats:
    """[n, n] covariances of the logarithms of the cells' seconds."""
    sizes = np.array([(cell.n_documents, cell.n_queries) for cell in cells], float).clip(1)
    logs = np.log(sizes / 1e4)
    grows = logs @ logs.T / 2
    found: Floats = BY_SIZE**2 * grows
    for likeness, deviation in LIKENESSES:
        found += deviation**2 * _same([likeness(cell) for cell in cells])
    found += BY_SIZE_OF_METHOD**2 * grows * _same([cell.method for cell in cells])
    return found


def _same(labels: Sequence[object]) -> Bools:
    """[n, n] where two labels are equal."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    column = np.array([numbers[label] for label in labels])
    same: Bools = column[:, None] == column
    return same
