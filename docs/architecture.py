"""Draws ``docs/architecture.md`` from the imports: ``make docs``."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn by docs/architecture.py -->", "<!-- end of the drawing -->"
TOP = ("bench", "methods", "studies")
GROUND = ("bench.errors", "bench.types")
"""Every room may import them, and no arrow is drawn to them."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    files = [path for top in TOP for path in sorted((ROOT / top).rglob("*.py"))]
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files}
    found = {name.removesuffix(".__init__"): path for name, path in named.items()}
    return {**found, "run_bench": ROOT / "run_bench.py"}


def room_of(module: str) -> str:
    """The room that a module is in: a folder or a file of ``bench``, or all of ``methods``."""
    top, _, rest = module.partition(".")
    return f"{top}.{rest.partition('.')[0]}" if top == "bench" and rest else top


def imported(path: Path) -> Iterator[str]:
    """The modules of the project that a file imports, including those for types alone."""
    known = modules()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in known else node.module


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = {room_of(module): set() for module in modules()}
    for module, path in modules().items():
        found[room_of(module)] |= set(map(room_of, imported(path)))
    return {room: targets - {room} for room, targets in found.items()}


def files() -> dict[str, set[str]]:
    """The modules that each module imports."""
    return {module: set(imported(path)) - {module} for module, path in modules().items()}


def floors(graph: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The floor of each node: 1 for one that imports nothing, else one above all it imports.

    Raises:
        ValueError: nodes import each other in a circle.
    """
    found: dict[str, int] = {}

    def floor(node: str, above: tuple[str, ...]) -> int:
        if node in above:
            raise ValueError(f"a circle of imports: {' -> '.join((*above, node))}")
        if node not in found:
            below = [floor(target, (*above, node)) for target in sorted(graph[node])]
            found[node] = 1 + max(below, default=0)
        return found[node]

    for node in sorted(graph):
        floor(node, ())
    return found


def sentence(room: str) -> str:
    """The first sentence of a room's docstring."""
    path = modules().get(room, ROOT)
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path != ROOT else ""
    return " ".join((text or "").partition("\n\n")[0].split()).replace("``", "`")


def may_import(room: str) -> set[str] | None:
    """The rooms that a room's docstring allows; None if it does not list them."""
    text = ast.get_docstring(ast.parse(modules()[room].read_text(encoding="utf-8"))) or ""
    allowed = re.search(r"may\s+import\s+(.*?)\.(?:\s|$)", text, re.DOTALL)
    return (
        None
        if allowed is None
        else {f"bench.{n}" for n in re.findall(r"``(\w+)", allowed.group(1))}
    )


def drawing() -> str:
    """The rooms by floor, and the arrows that no longer path stands for."""
    graph = {
        room: targets - set(GROUND) for room, targets in arrows().items() if room not in GROUND
    }
    by_floor: dict[int, list[str]] = defaultdict(list)
    for room, floor in floors(graph).items():
        by_floor[floor].append(room)
    lines = ["```mermaid", "flowchart TD"]
    for floor in sorted(by_floor, reverse=True):
        names = "; ".join(f'{_id(room)}["{_short(room)}"]' for room in sorted(by_floor[floor]))
        lines.append(f"    {names}")
    for room in sorted(graph):
        longer = {end for middle in graph[room] for end in _reached(graph, middle)}
        lines += [f"    {_id(room)} --> {_id(end)}" for end in sorted(graph[room] - longer)]
    lines += ["```", "", "| floor | room | what it is |", "|---|---|---|"]
    for floor in sorted(by_floor, reverse=True):
        lines += [
            f"| {floor} | `{_short(room)}` | {sentence(room)} |" for room in sorted(by_floor[floor])
        ]
    return "\n".join(lines)


def _reached(graph: Mapping[str, set[str]], room: str) -> set[str]:
    """All rooms that a room imports, directly or through others."""
    return graph[room].union(*(_reached(graph, target) for target in graph[room]))


def _short(room: str) -> str:
    return room.removeprefix("bench.") if room != "bench" else "bench (Python)"


def _id(room: str) -> str:
    return room.replace(".", "_")


def page() -> str:
    """The page with today's drawing."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{drawing()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
