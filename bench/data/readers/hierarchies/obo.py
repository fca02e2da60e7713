"""Ontologies in OBO, the form of the Gene Ontology: terms, and their ``is_a`` links.

The OBO Flat File Format 1.4, https://owlcollab.github.io/oboformat/doc/obo-syntax.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TERM = "[Term]"
_DEFINITION = re.compile(r'"((?:[^"\\]|\\.)*)"')
_AFTER = re.compile(r"\s*(?:\s![^\n]*|\{[^}]*\}\s*(?:![^\n]*)?)$")  # a comment, modifiers


@dataclass
class _Term:
    """A stanza: the line that it begins at, and its values by tag, each with its line."""

    line: int
    values: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def first(self, tag: str) -> str:
        """The first value of a tag; empty if there is none."""
        return self.values.get(tag, [(0, "")])[0][1]


def read(path: Path, lines: Iterable[str]) -> Nodes:
    """The terms and their ``is_a`` links; obsolete terms are left out.

    A term's texts are its ``name`` and its ``def``. Other relations, such as ``part_of``, are not
    links. A parent that another ontology defines stays, without a name.

    Raises:
        InputError: a line is no ``tag: value``, a term has no id or is there twice, or a parent is
            obsolete.
    """
    terms: dict[str, _Term] = {}
    for term in _terms(path, lines):
        name = term.first("id")
        if not name:
            raise InputError(f"{path}, line {term.line}: the term has no id; it needs `id: NAME`")
        if (other := terms.setdefault(name, term)) is not term:
            raise InputError(
                f"{path}, line {term.line}: the term {name} is also on line {other.line}; remove "
                "one of them"
            )
    obsolete = {name for name, term in terms.items() if term.first("is_obsolete") == "true"}
    kept = {name: term for name, term in terms.items() if name not in obsolete}
    links = [
        (child, parent, line)
        for child, term in kept.items()
        for line, parent in term.values.get("is_a", [])
    ]
    for child, parent, line in links:
        if parent in obsolete:
            raise InputError(
                f"{path}, line {line}: {child} is_a {parent}, which is obsolete (line "
                f"{terms[parent].line}); remove the link, or name the term that replaces it"
            )
    notes = [f"Obsolete terms, left out: {len(obsolete):,}."] * bool(obsolete)
    if absent := {parent for _, parent, _ in links} - terms.keys():
        notes.append(
            f"Parents that no term defines, without a name: {len(absent):,}, such as {min(absent)}."
        )
    names = {name: _unescaped(term.first(NAME)) for name, term in kept.items()}
    definitions = {name: _quoted(term.first("def")) for name, term in kept.items()}
    return Nodes(
        str(path),
        [child for child, _, _ in links],
        [parent for _, parent, _ in links],
        [line for *_, line in links],
        kept,
        {NAME: names, "def": definitions},
        tuple(notes),
    )


def _terms(path: Path, lines: Iterable[str]) -> Iterator[_Term]:
    """The stanzas of terms; those of typedefs and instances, and the header, are passed over."""
    term: _Term | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith("["):
            if term is not None:
                yield term
            term = _Term(number) if text == TERM else None
        elif term is not None and text and not text.startswith("!"):
            tag, colon, value = text.partition(":")
            if not colon:
                raise InputError(f"{path}, line {number} is no `tag: value`: {text[:100]!r}")
            plain = value.strip() if tag == "def" else _AFTER.sub("", value).strip()
            term.values.setdefault(tag.strip(), []).append((number, plain))
    if term is not None:
        yield term


def _quoted(value: str) -> str:
    """The text in the quotes of a definition, which its sources follow."""
    found = _DEFINITION.match(value)
    return _unescaped(found[1]) if found else value


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
