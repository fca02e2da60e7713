"""Which columns of a table of links hold child, parent and name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies.nodes import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHILD, PARENT = "child", "parent"
CHILDREN = ("child", "id", "child_id", "node", "node_id", "id1")
PARENTS = ("parent_id", "parentid", "parent", "parent_node", "id2")
NAMES = ("name", "label", "title")
"""Names of the columns, best first; ``id1`` and ``id2`` are those of the files of Poincaré
embeddings (Nickel & Kiela, NeurIPS 2017)."""
_PARENT_ID = r"(.+_)?parent_(.+_)?(id|code)"
_PARENTS = (_PARENT_ID, "parent_.+", ".+_parent", "hypernym", "broader")
_CHILDREN = ("child_.+", "hyponym", "concept")
_IDS = ("(.+_)?(id|code)", "slug", "handle", "key")
_NAMES = (r"(?!.*parent).+_(name|label|title)",)
"""The same in exports, such as Category ID, Parent Category ID and Category Name."""


def roles(header: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    """Column -> what it holds, ``child``, ``parent`` or ``name``; empty if these are no names.

    Where names leave a choice, child and parent are the columns with most parents that are a child
    themselves.

    Args:
        header: the values of the first line.
        rows: the values of the other lines; without them names alone decide.
    """
    plain = {_plain(column): column for column in reversed(header)}
    places = {name: header.index(column) for name, column in plain.items()}
    pairs = [
        (parent, child)
        for parent in _ordered(plain, *PARENTS, *_PARENTS)
        for child in _children(plain, parent)
        if child != parent
    ]

    def n_linked(pair: tuple[str, str]) -> int:
        parent, child = (places[name] for name in pair)
        whole = [row for row in rows if len(row) == len(header)]
        ids = {row[child] for row in whole}
        return sum(
            not ids.isdisjoint((row[parent], row[parent].removesuffix(".0"))) for row in whole
        )

    if pairs:
        parent, child = max(pairs, key=n_linked) if len(pairs) > 1 and rows else pairs[0]
        found = {plain[parent]: PARENT, plain[child]: CHILD}
    else:  # what is missing is told where the table is read
        found = {plain[name]: CHILD for name in _ordered(plain, *CHILDREN)[:1]}
        found |= {plain[name]: PARENT for name in _ordered(plain, *PARENTS)[:1]}
    names = [plain[name] for name in _ordered(plain, *NAMES, *_NAMES) if plain[name] not in found]
    return found | dict.fromkeys(names[:1], NAME) if found else {}


def _children(names: Iterable[str], parent: str) -> list[str]:
    """The columns that can hold the children of those in ``parent``, the likeliest first."""
    of_same_kind = re.escape(re.sub("_?parent_?", "", parent, count=1))
    ids = [_IDS, NAMES] if re.fullmatch(_PARENT_ID, parent) else [NAMES, _IDS]
    return _ordered(names, *CHILDREN, of_same_kind, *_CHILDREN, *ids[0], *ids[1])


def _plain(column: str) -> str:
    """A name in lower case with ``_`` between its words: ``ParentID`` is ``parent_id``."""
    return "_".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", " ", column).lower().split())


def _ordered(names: Iterable[str], *patterns: str) -> list[str]:
    """The names that match a pattern, those of the first pattern first, each once."""
    found = (name for pattern in patterns for name in names if re.fullmatch(pattern, name))
    return list(dict.fromkeys(found))
