"""Tables of links: ``child,parent`` or ``id,parent_id,name``, with or without a header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies.header import CHILD, PARENT, roles
from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.data.readers.tables import read_table, rows_of
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "pipes"}
NO_PARENT = {"NULL", "null", "None", "none", "NaN", "nan", "N/A", "\\N"}
NO_ID = {"0", "-1"}
"""What exports write for the parent of a root."""
_FLOAT = re.compile(r"^(\d+)\.0$")
_WITHOUT_HEADER = {2: (CHILD, PARENT), 3: (CHILD, PARENT, NAME)}


def read(path: Path) -> Nodes:
    """The links of a table with commas, tabs, semicolons or pipes between the values.

    A line without a parent is a root. With a column of names each node has a line of its own, and
    its id one name; other columns are texts of the nodes, too.

    Raises:
        InputError: a line is malformed, separators are mixed, the header names no child or no
            parent, an id has two names, or a parent has no line though names are given.
    """
    separator, header = _form(path)
    known = roles(header, [row for _, row in rows_of(path, separator, quotes=True)][1:])
    if not header:
        raise InputError(f"{path} is empty; a line has child,parent or id,parent,name")
    if not known and len(header) not in _WITHOUT_HEADER:
        raise InputError(
            f"{path}, line 1 has no column child and no column parent, it is {header}; a line has "
            "two values then, child,parent, or three, id,parent,name; between them are tabs, "
            "semicolons, commas or pipes; a file of paths A > B > C ends in .txt"
        )
    if twice := {column for column in header if known and header.count(column) > 1}:
        raise InputError(f"{path}, line 1 names the column {min(twice)} twice; rename one of them")
    names = [known.get(each, each) for each in header] if known else _WITHOUT_HEADER[len(header)]
    others = [column for column in names if column not in (CHILD, PARENT)]
    table = read_table(
        path,
        (CHILD,),
        separator,
        header=None if known else names,
        also=known,
        optional=(PARENT, *others),
        quotes=True,
    )
    texts = {column: _text(path, table, column) for column in sorted(others, key=NAME.__ne__)}
    told = [] if known else [_told_of_first(table)]
    table[PARENT], of_roots = _parents(table, has_names=NAME in texts)
    links = table[table[PARENT] != ""]
    if NAME in texts:
        _require_lines(path, table, links, has_header=bool(known))
    return Nodes(
        str(path),
        links[CHILD].tolist(),
        links[PARENT].tolist(),
        links.index.tolist(),
        table[CHILD].tolist(),
        texts,
        (*told, *of_roots),
    )


def _told_of_first(table: pd.DataFrame) -> str:
    """The sentence on the first line of a file without a header."""
    ends = [*filter(None, table.iloc[0][[CHILD, PARENT]])] if len(table) else []
    what = f"a link: {' -> '.join(ends)}" if len(ends) > 1 else f"a root: {''.join(ends)}"
    return f"The file names no columns; its first line is read as {what}."


def _parents(table: pd.DataFrame, *, has_names: bool) -> tuple[pd.Series, list[str]]:
    """The parents, empty for a root however it is marked, and a sentence on such marks.

    Whole numbers that were written as ``2.0``, as columns with empty values are by pandas, are 2.
    """
    ids, parents = set(table[CHILD]), table[PARENT]
    if not any(map(_FLOAT.fullmatch, ids)):
        parents = parents.str.replace(_FLOAT, r"\1", regex=True)
    # A table of links alone may have a root 0 without a line of its own.
    marks = (NO_PARENT | NO_ID if has_names else NO_PARENT) - ids
    of_roots = parents.isin(marks)
    if not of_roots.any():
        return parents, []
    named = ", ".join(sorted(set(parents[of_roots])))
    return parents.mask(of_roots, ""), [
        f"Parents that are {named} are read as none, as no line has that id: "
        f"{of_roots.sum():,} nodes are roots."
    ]


def has_header(path: Path) -> bool:
    """Whether the first line names the columns of links."""
    return bool(roles(_form(path)[1]))


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
    named = {sign: len(roles(values)) for sign, values in first.items() if roles(values)}
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


def _text(path: Path, table: pd.DataFrame, column: str) -> dict[str, str]:
    """The text of each node in a column.

    Raises:
        InputError: an id has two names.
    """
    given = table.loc[table[column] != "", [CHILD, column]]
    if column == NAME:
        first = given.drop_duplicates(CHILD).set_index(CHILD)[column]
        other = given[given[column] != given[CHILD].map(first)]
        for line, (node, name) in zip(other.index, other.to_numpy(), strict=True):
            before = given.index[given[CHILD] == node][0]
            raise InputError(
                f"{path}, line {line}: {node!r} is named {name!r}, and {first[node]!r} on line "
                f"{before}; an id has one name: give one of them another id"
            )
    return dict(zip(given[CHILD], given[column], strict=True))


def _require_lines(
    path: Path, table: pd.DataFrame, links: pd.DataFrame, *, has_header: bool
) -> None:
    """Raise InputError for a parent that is the id of no line."""
    first = "; a first line of names is id,parent,name, or id1,id2,weight for links with weights"
    absent = links.loc[~links[PARENT].isin(table[CHILD]), PARENT]
    for line, parent in absent.items():
        raise InputError(
            f"{path}, line {line}: the parent {parent!r} is the id of no line; give it a line with "
            f"its name, or leave the parent of a root empty{'' if has_header else first}"
        )
