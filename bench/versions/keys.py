"""Keys of cells and of fitted states: a hash of everything that can change the result."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from bench.versions.stated import code_of, code_of_fit

if TYPE_CHECKING:
    from bench.method import Method


def canonical(value: Any) -> str:  # noqa: ANN401
    """JSON with sorted keys and nothing lost: equal values and no others give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:  # noqa: ANN401
    """The first 24 hexadecimal digits of the sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:24]


def cell_key(task_digest: str, method: Method, seed: int, depth: int) -> str:
    """Key of a cell: task, method, every hyper-parameter, seed, depth of the ranking, code."""
    # The identity of the fit may hold more than the parameters: a digest of files they name.
    params = [method.values, dict(method.fit_identity().params)]
    return digest([task_digest, method.name, params, seed, depth, code_of(type(method))])


def fit_key(task_digest: str, method: Method, seed: int) -> str:
    """Key of a fitted state; rows that differ by index alone share it."""
    name, params, parts = method.fit_identity()
    return digest([task_digest, name, dict(params), seed, code_of_fit(type(method), parts)])
