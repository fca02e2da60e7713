"""The geometries of a table: how its rows become vectors that are compared by dot product.

- ``dot``: rows as they are.
- ``cosine``: rows scaled to length 1.
- ``lorentz``: points of hyperbolic space in the hyperboloid model (Nickel & Kiela 2018, eq. 2). A
  row is the point's d free coordinates, and sqrt(1 + |row|^2) is one more. The Lorentzian inner
  product, -cosh(distance), is a dot product of d + 1 numbers if the last one of a query changes its
  sign, so that every index can search it.
- ``euclidean``: points x of flat space. A query q is (q, 1) and a document (2x, -|x|^2), whose dot
  product is |q|^2 - |q - x|^2: it ranks by distance.
- ``order`` and ``box``: rows as they are, which are scored by no dot product; see
  ``methods.encoders.similarity``.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


def to_vectors(rows: torch.Tensor, geometry: str, *, queries: bool) -> torch.Tensor:
    """The vectors of rows [n, dim]: [n, dim], or [n, dim + 1] of lorentz and euclidean."""
    if geometry == "cosine":
        return normalize(rows)
    if geometry == "lorentz":
        last = (1 + (rows * rows).sum(1, keepdim=True)).sqrt_()
        return torch.cat([rows, -last if queries else last], 1)
    if geometry == "euclidean":
        if queries:
            return torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
        return torch.cat([2 * rows, -(rows * rows).sum(1, keepdim=True)], 1)
    return rows


def to_rows(
    gradient: torch.Tensor,
    rows: torch.Tensor,
    vectors: torch.Tensor,
    geometry: str,
    *,
    queries: bool,
) -> torch.Tensor:
    """The gradient by rows [n, dim], from that by their vectors, which may be overwritten."""
    if geometry == "cosine":  # the part along a vector is lost
        along = (gradient * vectors).sum(1, keepdim=True)
        length = rows.norm(dim=1, keepdim=True).clamp_min_(1e-12)
        return gradient.addcmul_(along, vectors, value=-1).div_(length)
    if geometry == "lorentz":
        return gradient[:, :-1].addcmul(rows, gradient[:, -1:] / vectors[:, -1:])
    if geometry == "euclidean":
        if queries:
            return gradient[:, :-1]
        return 2 * (gradient[:, :-1] - rows * gradient[:, -1:])
    return gradient
