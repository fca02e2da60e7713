"""Which form a file has, by its ending and, for tables and paths, by its content."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies import columns, obo, paths, skos
from bench.data.readers.tables import content_of, decoded
from bench.errors import InputError

if TYPE_CHECKING:
    from bench.data.readers.hierarchies.nodes import Nodes

SKOS = {".ttl": "turtle", ".rdf": "xml", ".xml": "xml"}
TEXT = (".csv", ".tsv", ".txt")
ENDINGS = (*TEXT, ".obo", *SKOS)


def read(path: Path) -> Nodes:
    """The nodes of a file; the last file is kept, for the two tasks that are made of it.

    Raises:
        InputError: the ending is of no form, or the file is not of its form.
    """
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if path.exists() and ending not in ENDINGS:
        raise InputError(
            f"{path} has the ending {ending!r}, which is of no form of a hierarchy; known: "
            f"{', '.join(ENDINGS)} (docs/own-hierarchy.md says what each holds)"
        )
    return _read(path, ending, content_of(path))


@lru_cache(maxsize=1)
def _read(path: Path, ending: str, content: bytes) -> Nodes:
    if ending in SKOS:
        return skos.read(path, content, SKOS[ending])
    lines = decoded(path, content).split("\n")
    if ending == ".obo":
        return obo.read(path, lines)
    if ending == ".txt" and paths.is_of_paths(lines) and not columns.has_header(path):
        return paths.read(path, lines)
    return columns.read(path)
