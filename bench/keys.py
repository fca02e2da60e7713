"""Keys of cells and of fitted states: a hash of everything that can change the result."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    return digest([task_digest, method.name, params, seed, depth, fingerprint(method.modules())])


def fit_key(task_digest: str, method: Method, seed: int) -> str:
    """Key of a fitted state; rows that differ by index alone share it."""
    name, params, modules = method.fit_identity()
    return digest([task_digest, name, dict(params), seed, fingerprint(modules)])


def fingerprint(modules: Iterable[str]) -> str:
    """Hash of the code of modules and of those of their own package that they import.

    Comments, docstrings and layout do not count, so that documenting a method does not throw away
    its results.
    """
    sources = sorted({path for module in modules for path in _reachable(module)})
    return hashlib.sha256("\n".join(_code(path) for path in sources).encode()).hexdigest()


@cache
def _reachable(module: str) -> frozenset[Path]:
    """Source files of a module and, transitively, of its imports from the same top package."""
    package = module.partition(".")[0]
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if name in found or path is None:
            continue
        found[name] = path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting.extend(name for name in _imports(tree) if name.partition(".")[0] == package)
    return frozenset(found.values())


def _imports(tree: ast.Module) -> Iterator[str]:
    """Names that a module imports, those that may be attributes instead included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _source(module: str) -> Path | None:
    """The file of a module, or None for what is no module or has no Python source."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


@cache
def _code(path: Path) -> str:
    """The code of a file without comments, docstrings and layout."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _is_docstring(item)]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
