"""The part of a source text that can change a result, and what the text imports and runs."""

from __future__ import annotations

import ast
from functools import lru_cache

from bench.errors import InputError

BUILT_IN = "methods"
"""The package of the methods that come with Treeline."""
HARNESS = frozenset({"bench", "run_bench"})
"""The harness is no part of a method's code."""
_LOADERS = frozenset({"importlib", "runpy", "pkgutil", "imp", "__import__"})
_RUNNERS = frozenset({"exec", "eval"})
"""Names that stand for running code which the source does not name."""


@lru_cache(maxsize=1024)
def parsed(text: str) -> ast.Module:
    """A source text as a tree, without what runs for type checkers alone.

    Raises:
        InputError: it is no Python.
    """
    try:
        tree: ast.Module = _Running().visit(ast.parse(text))
    except SyntaxError as error:
        raise InputError(f"{error.msg} in line {error.lineno} of {error.text!r}") from error
    return tree


@lru_cache(maxsize=1024)
def code_that_counts(text: str, *, built_in: bool) -> str:
    """A source text without what changes no result.

    Comments, docstrings, types of functions and what is imported for types alone do not count; in a
    built-in, neither do the modules that names come from, nor the version that it states.
    """
    stripped: ast.Module = (_OfBuiltIns() if built_in else _Stripped()).visit(ast.parse(text))
    if built_in:
        # The project's own imports first, by what they name: their order follows names of modules.
        stripped.body.sort(
            key=lambda node: (not _is_own(node), _is_own(node) and ast.unparse(node))
        )
    return ast.unparse(stripped)


class _Running(ast.NodeTransformer):
    """Leaves out what is under ``if TYPE_CHECKING:``."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.AST] | None:
        if _name_of(node.test) != "TYPE_CHECKING":
            return self.generic_visit(node)
        return [self.visit(each) for each in node.orelse] or None


class _Stripped(_Running):
    """Leaves out docstrings and annotations of functions as well."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)] or [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # The types of a class's fields make a dataclass of them.
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        node.body = [each for each in node.body if each not in fields]
        visited = self.generic_visit(node)
        node.body = [*fields, *node.body]
        return visited

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)


class _OfBuiltIns(_Stripped):
    """Leaves out the modules that names are imported from, and the versions that are stated."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if _is_own(node):
            node.module = BUILT_IN
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            each
            for each in node.body
            if not (isinstance(each, ast.AnnAssign) and _name_of(each.target) == "version")
        ]
        return super().visit_ClassDef(node)


def _is_own(node: ast.AST) -> bool:
    """Whether a statement imports from the project itself."""
    return isinstance(node, ast.ImportFrom) and (
        (node.module or "").partition(".")[0] in HARNESS | {BUILT_IN}
    )


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _name_of(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


@lru_cache(maxsize=1024)
def imported(tree: ast.Module) -> tuple[str, ...]:
    """Names that a module imports when it runs, those that may be attributes instead included."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


@lru_cache(maxsize=1024)
def runs_unnamed_code(tree: ast.Module) -> bool:
    """Whether a module may run code that its source does not name, under whatever alias."""
    loads = any(name.partition(".")[0] in _LOADERS for name in imported(tree))
    return loads or any(
        _name_of(node) in _LOADERS or (isinstance(node, ast.Name) and node.id in _RUNNERS)
        for node in ast.walk(tree)
    )
