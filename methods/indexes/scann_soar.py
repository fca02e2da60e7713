"""ScaNN with SOAR: each document in two leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from methods.indexes.scann import ScaNN


@dataclass
class ScaNNSOAR(ScaNN):
    """ScaNN with each document in two leaves, the second chosen by SOAR (Sun et al., NeurIPS 2023).

    The second leaf is one whose residual is nearly orthogonal to that of the first: a query that
    misses the first for the direction of its residual finds the second. ScaNN takes twice the
    documents that are asked for and leaves out those found again. A document whose best second leaf
    is its first lies in that alone. As in scann, leaves are scanned by brute force.
    """

    version: ClassVar[str] = "scann-soar 1"
    leaves_per_document: ClassVar[int] = 2

    soar_lambda: float = 1.5  # weight of the part of the residual that is parallel to the first's

    def spilling(self) -> dict[str, float]:
        """The second leaf, and room for documents that are found twice."""
        return {"soar_lambda": self.soar_lambda, "overretrieve_factor": 2.0}
