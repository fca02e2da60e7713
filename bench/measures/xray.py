"""X-ray: 1 - recall = encoder + routing + scoring - gain from pruning, exactly, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.measures.records import LossShares, XRay

if TYPE_CHECKING:
    from bench.arrays.relevance import Relevance
    from bench.types import Bools

LOSSES = ("encoder", "routing", "scoring", "gain")


def losses(found: Bools, exact: Bools, reached: Bools | None) -> dict[str, Bools]:
    """The kind of loss of each relevant pair; ``~found`` is encoder + routing + scoring - gain.

    Args:
        found: [n_pairs] whether the pair is among the best returned.
        exact: [n_pairs] whether exact search over the same vectors returns it among the best.
        reached: [n_pairs] whether the document was visited for the query; None: not known, and
            ``routing`` then includes the loss in scoring.

    Returns:
        [n_pairs] a mask for each of ``LOSSES``.
    """
    lost = exact & ~found
    visited = np.zeros_like(found) if reached is None else reached
    return {
        "encoder": ~exact,
        "routing": lost & ~visited,
        "scoring": lost & visited,
        "gain": found & ~exact,
    }


def xray(found: Bools, exact: Bools, reached: Bools | None, relevance: Relevance) -> XRay:
    """The losses of all pairs and at each distance, as shares; arguments as for ``losses``."""
    of_pairs = losses(found, exact, reached)
    n = np.bincount(relevance.distances)
    sums = {
        name: np.bincount(relevance.distances, pairs, len(n)) for name, pairs in of_pairs.items()
    }
    shares = {name: counts.sum() / n.sum() for name, counts in sums.items()}
    return XRay(
        overall=LossShares(n=int(n.sum()), **shares),
        by_distance={
            distance: LossShares(
                n=int(n[distance]),
                **{name: counts[distance] / n[distance] for name, counts in sums.items()},
            )
            for distance in np.flatnonzero(n).tolist()
        },
        undivided=reached is None,
    )
