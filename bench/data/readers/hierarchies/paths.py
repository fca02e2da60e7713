"""Paths from the root down, one a line: ``Animals > Pet Supplies > Bird Supplies``.

Google's product taxonomy is published in this form, with a number before each path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

BETWEEN = " > "
_COLUMNS = re.compile(r"[,;]\S|\t")
"""What is between the values of a table; a name such as ``Arts, Crafts`` has a blank there."""
_ID = re.compile(r"(\d+) - |(\w+://\S+)\s*: ")
"""What precedes a path: Google's number, or Shopify's ``gid://shopify/TaxonomyCategory/ap  : ``."""
_STEP = re.compile("-?>")


def is_of_paths(lines: Iterable[str]) -> bool:
    """Whether a line has two steps of a path."""
    told = [text for _, text in _told(lines)]
    bare = any(">" in text for text in told) and not any(map(_COLUMNS.search, told))
    return bare or any(BETWEEN in text for text in told)


def read(path: Path, lines: Sequence[str]) -> Nodes:
    """The nodes of paths: a node's id is its path, its name the last step.

    A path need not have a line for each path above it. Lines that begin with ``#`` are comments.

    Raises:
        InputError: a step is empty, a line is that of a table, some lines have a number and others
            not, or a number or a path with a number is there twice.
    """
    links: dict[tuple[str, str], int] = {}
    names: dict[str, str] = {}
    numbers: dict[str, int] = {}
    numbered: dict[str, int] = {}
    first: tuple[int, bool] | None = None
    for line, text in _told(lines):
        number = _ID.match(text)
        first = first or (line, number is not None)
        if first[1] != (number is not None):
            raise InputError(
                f"{path}, line {line} has {'a' if number else 'no'} number before its path, and "
                f"line {first[0]} has {'none' if number else 'one'}; all lines have one, as in "
                "`3 - Animals > Birds`, or none"
            )
        steps = [step.strip() for step in _STEP.split(text[number.end() if number else 0 :])]
        if not all(steps):
            raise InputError(
                f"{path}, line {line}: a step of the path is empty, {text[:100]!r}; it needs a "
                "name before and after each >"
            )
        nodes = [BETWEEN.join(steps[: depth + 1]) for depth in range(len(steps))]
        names.update(zip(nodes, steps, strict=True))
        for child, parent in zip(nodes[1:], nodes, strict=False):
            links.setdefault((child, parent), line)
        if number:
            for kind, key, known in (
                ("number", number[1] or number[2], numbers),
                ("path", nodes[-1], numbered),
            ):
                if (before := known.setdefault(key, line)) != line:
                    raise InputError(
                        f"{path}, line {line}: the {kind} {key!r} is also on line {before}; each "
                        "path has one line and one number: remove one of them"
                    )
    above = {parent for _, parent in links}
    for line, text in _told(lines):
        if ">" not in text and text not in above and _COLUMNS.search(text):
            raise InputError(
                f"{path}, line {line} is no path and looks like a line of a table: {text[:100]!r}; "
                "write `parent > child` as the other lines do, or a blank after the comma of a name"
            )
    children, parents = ([pair[end] for pair in links] for end in (0, 1))
    return Nodes(str(path), children, parents, [*links.values()], names, {NAME: names})


def _told(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number and the text of each line that is neither blank nor a comment."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text
