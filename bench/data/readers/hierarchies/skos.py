"""Thesauri in SKOS: concepts, their ``broader`` and ``narrower`` links and their labels.

SKOS Simple Knowledge Organization System Reference, W3C, 2009. Read by the library rdflib.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.data.readers.cache import cached
from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.errors import InputError, in_one_line, lacks_packages

if TYPE_CHECKING:
    from pathlib import Path

    from rdflib import Graph

NODES = "nodes.json"
_VERSION = 1
"""Version of what is kept; raise it when the same file gives other nodes."""
BASE = "file:///"
"""Ids that are relative begin with it, in whichever folder the file is."""
PREFERRED = ("en", "")
"""Languages of the labels that are the names of concepts, best first; then the most common one."""


def read(path: Path, content: bytes, form: str) -> Nodes:
    """The concepts of a thesaurus; each language of its labels is a text of its own.

    rdflib takes 15 seconds for 50,000 concepts, so that what it read of a file is kept.

    Args:
        path: the file, for errors.
        content: its bytes.
        form: ``turtle`` or ``xml``, as rdflib calls them.

    Raises:
        InputError: rdflib is missing or cannot read the file, there is no concept, or a concept
            has two labels in one language.
    """
    if lacks := lacks_packages(["rdflib"]):
        raise InputError(f"{path}: SKOS {lacks}")

    def write(folder: Path) -> None:
        text = json.dumps(asdict(_parsed(path, content, form)))
        (folder / NODES).write_text(text, encoding="utf-8")

    kept = json.loads((cached([path], f"skos-{_VERSION} {form}", write) / NODES).read_bytes())
    return Nodes(**kept | {"source": str(path), "notes": tuple(kept["notes"])})


def _parsed(path: Path, content: bytes, form: str) -> Nodes:
    """The concepts as rdflib reads them."""
    from rdflib import RDF, SKOS, Graph

    graph = Graph()
    try:
        graph.parse(data=content, format=form, publicID=BASE)
    except Exception as error:  # of the parser, or of what it reads with
        raise InputError(f"{path} cannot be read as {form}: {in_one_line(str(error))}") from error
    links = {(str(child), str(parent)) for child, parent in graph[: SKOS.broader]}
    links |= {(str(child), str(parent)) for parent, child in graph[: SKOS.narrower]}
    concepts = sorted(str(concept) for concept in graph[: RDF.type : SKOS.Concept])
    if not concepts and not links:
        raise InputError(f"{path} has no skos:Concept and no skos:broader; it is no thesaurus")
    texts, notes = _labels(path, graph)
    children, parents = ([link[end] for link in sorted(links)] for end in (0, 1))
    return Nodes(str(path), children, parents, (), concepts, texts, notes)


def _labels(path: Path, graph: Graph) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """The preferred labels by language, the best language being the name, and a note on it."""
    from rdflib import SKOS

    labels: dict[str, dict[str, str]] = {}
    for concept, label in graph[: SKOS.prefLabel]:
        of_language = labels.setdefault(getattr(label, "language", None) or "", {})
        known = of_language.setdefault(str(concept), str(label))
        if known != str(label):
            first, second = sorted((known, str(label)))
            raise InputError(
                f"{path}: {concept} has two preferred labels in one language, {first!r} and "
                f"{second!r}; leave one, and make the other skos:altLabel"
            )
    if not labels:
        return {}, ()
    common = sorted(labels, key=lambda language: (-len(labels[language]), language))
    best = next(filter(labels.get, PREFERRED), common[0])
    # A concept without a label in the best language has one of another language, if it has any.
    names: dict[str, str] = {}
    for language in (*reversed(common), best):
        names |= labels[language]
    counts = ", ".join(f"{language or 'none'} {len(labels[language]):,}" for language in common)
    told = f"Labels by language: {counts}; names are those of {best or 'none'} where there are any."
    texts = {NAME: names} | {language: labels[language] for language in common if language}
    return texts, (told,) if len(labels) > 1 else ()
