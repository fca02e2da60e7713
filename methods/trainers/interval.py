"""interval-de: the closed form of a hierarchy in as few dimensions as its relevance has runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from methods.trainers.base import Trainer
from methods.trainers.circle import Layout, best_layout, nodes_of

if TYPE_CHECKING:
    from bench.method import Progress, Workspace
    from bench.task import Training
    from bench.types import Floats, Ints
    from methods.encoders.base import Encoder

BLOCK = 100_000
"""Pairs that are scored at once."""
SMALLEST = float(np.finfo(float).eps)
"""Margins below it are those of float64, which rounds them."""
WITHIN_LOBE = 4.0
"""Order of a kernel times half width of its run, at most: there the kernel is 0.2, and 0.05 at most
beyond its main lobe."""
LARGEST_EXPONENT = 80.0
"""Powers of e beyond it do not fit into float32."""


@dataclass(frozen=True)
class Interval(Trainer):
    """Nodes on a circle, and runs of them as half planes: exact in few dimensions, nothing learned.

    The queries of a tree are numbered as a depth-first walk meets them and lie on a circle at these
    numbers, so that a document is relevant to one run of consecutive queries: its subtree (interval
    labels: Agrawal, Borgida & Jagadish, SIGMOD 1989). With q = (1, cos t, sin t) for the query at
    angle t and x = (-cos h, cos c, sin c) for the document whose run has the centre c and the half
    width h, the score q . x = cos(t - c) - cos h is above 0 on the run and below 0 outside. In a
    graph that is no tree a row has up to k runs: its polynomial is the product of k such factors,
    of degree k in (1, cos t, sin t, ..., cos kt, sin kt), so that 2k + 1 dimensions hold it (few
    changes of sign bound the sign rank: Alon, Moran & Yehudayoff, arXiv 1503.07648). Either side of
    the relation may lie on the circle: the one with fewer dimensions does.

    The largest distance costs one dimension: from the score of a query at depth a and a document at
    depth b it takes exp(r (a - b - L - 1/2)), which is small up to the distance L and large beyond.

    Vectors have length 1 and the threshold of all queries is 0. With one dimension less, the nodes
    lie on a part of the circle over which each polynomial has a negative mean, rows are divided by
    it, and the threshold is 1: a tree fits in two dimensions, with documents of various lengths.

    The margin is small: 2.3 / n^2 for a tree of n nodes, which float32 holds up to 6,000 of them.
    Where it does not, factors are made narrower by polynomials of a higher degree, up to ``dim``.
    """

    version: ClassVar[str] = "interval-de 1"

    dim: int = 3  # the most dimensions; it takes as many as it needs, 3 for a tree

    def skip(self, data: Training) -> str | None:
        """The trainer makes tables of a hierarchy, in no fewer dimensions than it needs."""
        if data.document_texts is not None:
            return "makes tables, which have no vector for a query or a text that is not trained on"
        try:
            layout = best_layout(data.relevance)
        except InputError as error:
            return str(error)
        if self.dim >= layout.fewest:
            return None
        runs = "1 run" if layout.degree == 1 else f"{layout.degree} runs"
        return (
            f"{data.query_names[int(layout.n_runs.argmax())]} has {runs} of relevant "
            f"{'queries' if layout.documents else 'documents'}"
            f"{', cut at the largest distance' if layout.is_cut else ''}, which needs "
            f"dim={layout.fewest + 1}, or dim={layout.fewest} with a smaller margin; dim is "
            f"{self.dim}"
        )

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Lay the nodes out, and multiply the factors of each row's runs."""
        import torch

        from methods.encoders.table import TableEncoder

        layout = best_layout(data.relevance)
        scaled = self.dim > layout.fewest
        most = max(layout.degree, (self.dim - 1 - layout.is_cut) // 2)
        degree, fewest_wrong = layout.degree, len(layout.place) ** 2
        while fewest_wrong:
            exact = vectors(layout, degree, scaled=scaled)
            rounded = exact[0].astype(np.float32), exact[1].astype(np.float32)
            wrong = int(np.count_nonzero(margins(layout, *rounded, scaled=scaled) <= 0))
            if wrong < fewest_wrong:
                fewest_wrong, best, rows, columns = wrong, exact, *rounded
            if degree == most:
                break
            degree = min(2 * degree, most)
        if fewest_wrong:
            workspace.warn(_warning(layout, best, (rows, columns), scaled=scaled))
        queries, documents = (columns, rows) if layout.documents else (rows, columns)
        documents = documents[nodes_of(data.relevance)]
        return TableEncoder(torch.from_numpy(queries), torch.from_numpy(documents), "dot")


def vectors(layout: Layout, degree: int, *, scaled: bool) -> tuple[Floats, Floats]:
    """Rows and columns, [n, d] float64 each; their product is above the threshold on the runs.

    Args:
        layout: the nodes on the circle.
        degree: that of the polynomials; the layout's, or more for a larger margin.
        scaled: True: the vectors of the circle have length 1, and the threshold is 0. False: one
            dimension less, and the threshold is 1.
    """
    # On a quarter of the circle each factor is smaller at a point than opposite to it, so that the
    # mean is negative; one factor alone may have nearly half of the circle. A run of all nodes
    # ends in the gap that is left.
    edges = layout.edges * (0.97 if scaled else 0.45 if degree == 1 else 0.25)
    angles = ((edges[1:] + edges[:-1]) / 2)[layout.place]
    columns = _waves(angles, degree) / (degree + 1) ** 0.5
    rows = _polynomials(layout, edges, degree, narrow=scaled)
    if layout.is_cut:
        near, far = _limit(layout, rows, columns)
        rows, columns = np.column_stack([rows, -near]), np.column_stack([columns, far])
    if scaled:
        return rows, columns
    return rows[:, 1:] / -rows[:, :1], columns[:, 1:] / columns[:, :1]


def margins(layout: Layout, rows: Floats, columns: Floats, *, scaled: bool) -> Floats:
    """[n_scored] how far scores are on the right side of the threshold; below 0 on the wrong one.

    All relevant pairs are scored, all beyond the largest distance, and the neighbours of runs:
    between two runs a polynomial is nearest to 0 at their borders.
    """
    n = np.int64(len(layout.place))
    at = np.argsort(layout.place)
    beside = at[np.concatenate([layout.first - 1, (layout.last + 1) % n])]
    row = np.concatenate([layout.run_rows, layout.run_rows])
    outside = ~np.isin(row * n + beside, layout.rows * n + layout.columns)
    row = np.concatenate([layout.rows, row[outside]])
    column = np.concatenate([layout.columns, beside[outside]])
    relevant = np.arange(len(row)) < len(layout.rows)
    relevant[: len(layout.rows)] &= ~layout.beyond
    above = _scores(rows, columns, row, column) - (0 if scaled else 1)
    return above * np.where(relevant, 1, -1)


def _warning(
    layout: Layout, exact: tuple[Floats, Floats], rounded: tuple[Floats, Floats], *, scaled: bool
) -> str:
    """The warning that float32 has pairs on the wrong side of the threshold."""
    margin = max(margins(layout, *exact, scaled=scaled).min(), SMALLEST)
    in_float32 = margins(layout, *rounded, scaled=scaled)
    return (
        f"float32 does not hold the margin, {margin:.0e} at most in {rounded[0].shape[1]} "
        f"dimensions: {np.count_nonzero(in_float32 <= 0):,} of {len(in_float32):,} pairs, relevant "
        "ones and neighbours of them, are on the wrong side of the threshold"
    )


def _waves(angles: Floats, degree: int) -> Floats:
    """[n, 2 degree + 1] values 1, cos t, sin t, ..., cos kt, sin kt of each angle t."""
    waves = np.exp(1j * np.multiply.outer(angles, np.arange(1, degree + 1)))
    return np.column_stack([np.ones(len(angles)), waves.view(float)])


def _polynomials(layout: Layout, edges: Floats, degree: int, *, narrow: bool) -> Floats:
    """[n, 2 degree + 1] coefficients of each row, scaled to length 1: from as many values.

    A run's factor is the Fejér kernel of an order J, less its value at the ends of the run: with
    J = 2 (1 + cos t) / 2, and narrower with a larger one, which the degree is spent on if
    ``narrow``. The kernel's main lobe must be wider than the run.
    """
    begin, end = edges[layout.first], edges[layout.last + 1]
    centre, half = ((begin + end) / 2)[:, None], ((end - begin) / 2)[:, None]
    order = 1 + degree // layout.n_runs[layout.run_rows, None]
    order = np.clip(order, 2, np.maximum(2, WITHIN_LOBE // half) if narrow else 2)
    angles = np.arange(2 * degree + 1) * (2 * np.pi / (2 * degree + 1))
    values = np.where(layout.n_runs % 2, 1.0, -1.0)[:, None] * np.ones(len(angles))
    factors = _fejer(angles - centre, order) - _fejer(half, order)
    np.multiply.at(values, layout.run_rows, factors)
    waves = np.fft.rfft(values)
    coefficients = np.column_stack([waves[:, 0].real, 2 * waves[:, 1:].conj().view(float)])
    unit: Floats = coefficients / np.linalg.norm(coefficients, axis=1, keepdims=True)
    return unit


def _fejer(angles: Floats, order: Ints) -> Floats:
    """The Fejér kernel: 1 at 0, and a polynomial of degree ``order - 1`` in cos t and sin t."""
    turns = angles / (2 * np.pi)
    kernel: Floats = (np.sinc(order * turns) / np.sinc(turns)) ** 2
    return kernel


def _limit(layout: Layout, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """[n] coordinates of rows and [n] of columns whose product is taken from the score."""
    n, beyond = len(layout.place), layout.beyond
    scores = _scores(rows, columns, layout.rows, layout.columns)
    nearest, furthest = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(nearest, layout.rows[~beyond], scores[~beyond])
    np.maximum.at(furthest, layout.rows[beyond], scores[beyond])
    scale = np.sqrt(nearest * furthest)  # 0 for a row of which no pair is beyond
    cut = furthest > 0
    rate = np.log(16 * (furthest[cut] / nearest[cut]).max())
    depths = layout.depths
    limit = (depths[layout.columns] - depths[layout.rows])[~beyond].max()
    middle = (depths.max() + limit) / 2  # where both exponents are as small as they can be
    of_rows = rate * (middle - depths - limit - 0.5)
    of_columns = rate * (depths - middle)
    return scale * _power(of_rows), _power(of_columns)


def _power(exponent: Floats) -> Floats:
    power: Floats = np.exp(exponent.clip(-LARGEST_EXPONENT, LARGEST_EXPONENT))
    return power


def _scores(rows: Floats, columns: Floats, row: Ints, column: Ints) -> Floats:
    """[n_pairs] products of pairs of vectors."""
    scores = np.empty(len(row), rows.dtype)
    for first in range(0, len(row), BLOCK):
        part = slice(first, first + BLOCK)
        scores[part] = (rows[row[part]] * columns[column[part]]).sum(1)
    return scores
