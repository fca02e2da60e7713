"""The contract of a method: its data, its answers, and the resources that it may ask for.

It may import ``task``, ``system`` and ``leaves``.
"""

from bench.method.contract import (
    Ablations,
    FitIdentity,
    Method,
    SearchResult,
    check_params,
)
from bench.method.workspace import Progress, Resources, Workspace
from bench.system.cluster import join_cluster, require_ray
from bench.types import Params, Point, Value

__all__ = [
    "Ablations",
    "FitIdentity",
    "Method",
    "Params",
    "Point",
    "Progress",
    "Resources",
    "SearchResult",
    "Value",
    "Workspace",
    "check_params",
    "join_cluster",
    "require_ray",
]
