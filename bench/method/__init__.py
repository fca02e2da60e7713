"""The contract of a method: its data, its answers, and the resources that it may ask for.

In: nothing. Out: the class that every method extends, and what it is given and answers. It may
import ``task``, ``system`` and ``leaves``.
"""

from bench.method.checkpoint import Checkpoint
from bench.method.contract import (
    Ablations,
    FitIdentity,
    Method,
    SearchResult,
    check_params,
)
from bench.method.encoding import Encoding, Price
from bench.method.exported import Code, Exported
from bench.method.stated import check_part, check_stated
from bench.method.workspace import Progress, Resources, Workspace, no_progress
from bench.system.cluster import join_cluster, require_ray
from bench.types import Kind, Params, Point, Value

__all__ = [
    "Ablations",
    "Checkpoint",
    "Code",
    "Encoding",
    "Exported",
    "FitIdentity",
    "Kind",
    "Method",
    "Params",
    "Point",
    "Price",
    "Progress",
    "Resources",
    "SearchResult",
    "Value",
    "Workspace",
    "check_params",
    "check_part",
    "check_stated",
    "join_cluster",
    "no_progress",
    "require_ray",
]
