"""Tables of links: ``child,parent`` or ``id,parent_id,name``, with or without a header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.data.readers.tables import read_table, rows_of
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

CHILDREN = ("child", "id", "child_id", "node", "node_id", "id1")
PARENTS = ("parent", "parent_id", "parentid", "parent_node", "id2")
NAMES = ("name", "label", "title")
"""Names of the columns, best first; ``id1`` and ``id2`` are those of the files of Poincaré
embeddings (Nickel & Kiela, NeurIPS 2017)."""
_ID, _PARENT_ID = r"(.+_)?(id|code)", r"(.*_)?parent_(.*_)?(id|code)"
_NAME = r".+_(name|label|title)"
"""Names that exports give them, such as Category ID, Parent Category ID and Category Name."""
SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
_CHILD, _PARENT = "child", "parent"
_WITHOUT_HEADER = {2: (_CHILD, _PARENT), 3: (_CHILD, _PARENT, NAME)}


def read(path: Path) -> Nodes:
    """The links of a table with commas, tabs or semicolons between the values.

    A line without a parent is a root. With a column of names each node has a line of its own, and
    its id one name; other columns are texts of the nodes, too.

    Raises:
        InputError: a line is malformed, separators are mixed, the header names no child or no
            parent, an id has two names, or a parent has no line though names are given.
    """
    separator, header = _form(path)
    known = _known(header)
    if not known and len(header) not in _WITHOUT_HEADER:
        raise InputError(
            f"{path}, line 1 has no column child and no column parent, it is {header}; a line has "
            "two values then, child,parent, or three, id,parent,name; a file of paths A > B > C "
            "ends in .txt"
        )
    if twice := {column for column in header if known and header.count(column) > 1}:
        raise InputError(f"{path}, line 1 names the column {min(twice)} twice; rename one of them")
    names = [known.get(each, each) for each in header] if known else _WITHOUT_HEADER[len(header)]
    others = [column for column in names if column not in (_CHILD, _PARENT)]
    table = read_table(
        path,
        (_CHILD,),
        separator,
        header=None if known else names,
        also=known,
        optional=(_PARENT, *others),
        quotes=True,
    )
    texts = {column: _text(path, table, column) for column in sorted(others, key=NAME.__ne__)}
    links = table[table[_PARENT] != ""]
    if NAME in texts:
        _require_lines(path, table, links, has_header=bool(known))
    first = " -> ".join(filter(None, table.iloc[0][[_CHILD, _PARENT]])) if len(table) else ""
    told = f"The file names no columns; its first line is read as a link: {first}."
    return Nodes(
        str(path),
        links[_CHILD].tolist(),
        links[_PARENT].tolist(),
        links.index.tolist(),
        table[_CHILD].tolist(),
        texts,
        () if known else (told,),
    )


def has_header(path: Path) -> bool:
    """Whether the first line names the columns of links."""
    return bool(_known(_form(path)[1]))


def _form(path: Path) -> tuple[str, list[str]]:
    """The separator of a file, and the values of its first line."""
    first: dict[str, list[str]] = {}
    for separator in SEPARATORS:
        try:
            first[separator] = next(rows_of(path, separator, quotes=True), (1, []))[1]
        except InputError:  # quotes that are none where values end elsewhere
            continue
    if not first:
        return ",", next(rows_of(path, ",", quotes=True))[1]
    named = {sign: len(_known(values)) for sign, values in first.items() if _known(values)}
    if named:
        best = max(named, key=named.__getitem__)
        return best, first[best]
    fitting = [sign for sign, values in first.items() if len(values) in _WITHOUT_HEADER]
    if len(fitting) > 1:
        regular = [sign for sign in fitting if _is_regular(path, sign)]
        if len(regular) != 1:
            signs = " and with ".join(SEPARATORS[sign] for sign in fitting)
            raise InputError(
                f"{path}, line 1 can be read with {signs} between its values; put the values in "
                "double quotes, or name the columns on the first line"
            )
        fitting = regular
    best = fitting[0] if fitting else max(first, key=lambda sign: len(first[sign]))
    return best, first[best]


def _is_regular(path: Path, separator: str) -> bool:
    """Whether all lines have the same number of values."""
    try:
        return len({len(row) for _, row in rows_of(path, separator, quotes=True) if any(row)}) == 1
    except InputError:
        return False


def _known(header: Sequence[str]) -> dict[str, str]:
    """The names of a header that say child, parent or name, and what they say."""
    plain = {_plain(column): column for column in reversed(header)}
    parents = _ordered(plain, *PARENTS, _PARENT_ID)
    # A parent that is an id is one of another id, whatever the nodes are called beside it.
    ids = [_ID] if parents and re.fullmatch(_PARENT_ID, parents[0]) else []
    children = _ordered(plain, *CHILDREN, *ids, *NAMES)
    found: dict[str, str] = {}
    wanted = ((_PARENT, parents), (_CHILD, children), (NAME, _ordered(plain, *NAMES, _NAME)))
    for column, names in wanted:
        free = (plain[name] for name in names if plain[name] not in found)
        if (original := next(free, None)) is not None:
            found[original] = column
    # A line of nothing but a name is a node of that name.
    return found if {_PARENT} & {*found.values()} or set(plain) & set(CHILDREN) else {}


def _plain(column: str) -> str:
    """A name in lower case with ``_`` between its words: ``ParentID`` is ``parent_id``."""
    return "_".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", " ", column).lower().split())


def _ordered(names: Iterable[str], *patterns: str) -> list[str]:
    """The names that match a pattern, those of the first pattern first."""
    return [name for pattern in patterns for name in names if re.fullmatch(pattern, name)]


def _text(path: Path, table: pd.DataFrame, column: str) -> dict[str, str]:
    """The text of each node in a column.

    Raises:
        InputError: an id has two names.
    """
    given = table.loc[table[column] != "", [_CHILD, column]]
    if column == NAME:
        first = given.drop_duplicates(_CHILD).set_index(_CHILD)[column]
        other = given[given[column] != given[_CHILD].map(first)]
        for line, (node, name) in zip(other.index, other.to_numpy(), strict=True):
            before = given.index[given[_CHILD] == node][0]
            raise InputError(
                f"{path}, line {line}: {node!r} is named {name!r}, and {first[node]!r} on line "
                f"{before}; an id has one name: give one of them another id"
            )
    return dict(zip(given[_CHILD], given[column], strict=True))


def _require_lines(
    path: Path, table: pd.DataFrame, links: pd.DataFrame, *, has_header: bool
) -> None:
    """Raise InputError for a parent that is the id of no line."""
    weights = "" if has_header else "; a file of links with weights begins with id1,id2,weight"
    absent = links.loc[~links[_PARENT].isin(table[_CHILD]), _PARENT]
    for line, parent in absent.items():
        raise InputError(
            f"{path}, line {line}: the parent {parent!r} is the id of no line; give it a line with "
            f"its name, or leave the parent of a root empty{weights}"
        )
