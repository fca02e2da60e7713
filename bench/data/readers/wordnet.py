"""The noun graph of WordNet 3.0: read from the embedded file, and built into it from the original.

The embedded file holds synset names, lemmas and the hypernym and instance-hypernym links; glosses
and all other relations are left out. Its licence notice lies beside it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.arrays.ancestors import descendants
from bench.arrays.strings import Strings
from bench.data.readers.hierarchy import heldout_task, transductive_task
from bench.data.readers.new_queries import NodeSplit, new_queries_task
from bench.errors import InputError
from bench.system.parquet import opened

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Task
    from bench.types import Ints

MD5 = {
    "data.noun": "5be921c6e8381ec85d52c715f43f1f11",
    "index.noun": "8c949e6ef352295997b09e2446364e43",
}
_GRAPH = pa.schema({"name": pa.string(), "lemmas": pa.string(), "parents": pa.list_(pa.int32())})
HYPERNYM_POINTERS = ("@", "@i")  # `@i` links an instance (a person, a city) to its class


class NounGraph(NamedTuple):
    """Synsets and their direct hypernyms.

    Attributes:
        names: [n] names such as ``dog.n.01``: first lemma, part of speech, sense number.
        lemmas: [n] all lemmas of a synset, joined by ``|``.
        children, parents: [n_links] numbers of the lower and the upper synset of each link.
    """

    names: list[str]
    lemmas: list[str]
    children: Ints
    parents: Ints

    def below(self, root: str | None) -> NounGraph:
        """The graph of a synset and the synsets below it; the whole graph without one."""
        if root is None:
            return self
        names, lemmas, children, parents = self
        inside = descendants(children, parents, names.index(root), len(names))
        number, kept = np.cumsum(inside) - 1, inside[children] & inside[parents]
        nodes = np.flatnonzero(inside)
        return NounGraph(
            [names[node] for node in nodes],
            [lemmas[node] for node in nodes],
            number[children[kept]],
            number[parents[kept]],
        )


def read(
    name: str, graph: Path, max_distance: int, *, root: str | None = None, held_out: bool = False
) -> Task:
    """A task over the noun graph, or over a synset ``root`` and the synsets below it."""
    nouns = read_graph(graph).below(root)
    make = heldout_task if held_out else transductive_task
    return make(name, nouns.names, nouns.children, nouns.parents, max_distance)


def read_text(
    name: str,
    graph: Path,
    max_distance: int,
    *,
    root: str | None = None,
    held_out: float = 0.1,
    test_queries: int = 4000,
    validation_queries: int = 500,
) -> Task:
    """The noun graph for text encoders: a node's text is its lemma names.

    A sample of nodes is held out: none is in a training pair, as query or as document. All pairs of
        the sampled queries are judged, whether their documents are held out or not.

    Args:
        name: name of the task.
        graph: the embedded noun graph.
        max_distance: longest path of a pair, in hops.
        root: the synset that is taken with the synsets below it; None: the whole graph.
        held_out: share of the nodes that are held out.
        test_queries: number of test queries among the held-out nodes, and as many among the others.
        validation_queries: number of held-out nodes that are the validation, none of them in the
            test.

    Raises:
        InputError: the graph has too few nodes for these numbers.
    """
    nouns = read_graph(graph).below(root)
    n_held = round(len(nouns.names) * held_out)
    return new_queries_task(
        name,
        nouns.names,
        Strings.of(lemmas.replace("|", ", ").replace("_", " ") for lemmas in nouns.lemmas),
        nouns.children,
        nouns.parents,
        max_distance,
        NodeSplit(n_held, test_queries, validation_queries, seen=test_queries),
        text="lemma names",
    )


def read_graph(path: Path) -> NounGraph:
    """Read the embedded graph.

    Raises:
        InputError: the file is missing, damaged or of another form.
    """
    try:
        table = opened(path).read().select(_GRAPH.names).cast(_GRAPH)
        parents = table["parents"].combine_chunks()
        above, n = parents.flatten(), table.num_rows
        if not n:
            raise ValueError("it has no rows")
        if any(column.null_count for column in (*table.columns, above)):
            raise ValueError("a value is missing")
        if len(pc.unique(table["name"])) < n:
            raise ValueError("a name is there twice")
        if pc.any(pc.or_(pc.less(above, 0), pc.greater_equal(above, n))).as_py():
            raise ValueError(f"a parent is none of its {n:,} rows")
    except (InputError, OSError, LookupError, ValueError, pa.ArrowException) as error:
        problem = error if isinstance(error, InputError) else f"{path}: {error}"
        raise InputError(
            f"the noun graph cannot be read: {problem}; build it with "
            "`python -m bench embed-wordnet --data-dir DIR`"
        ) from error
    return NounGraph(
        table["name"].to_pylist(),
        table["lemmas"].to_pylist(),
        np.repeat(np.arange(n), parents.value_lengths().to_numpy()),
        above.to_numpy(),
    )


def build_graph(source: Path, target: Path) -> NounGraph:
    """Build the embedded graph from WordNet's own ``data.noun`` and ``index.noun``.

    Args:
        source: folder with the two files of WordNet 3.0; their md5 is checked.
        target: the Parquet file to write.

    Raises:
        InputError: a file is missing or is not that of WordNet 3.0.
    """
    data, index = (_checked(source / name).decode("ascii") for name in MD5)
    # Lines of the licence at the top of both files begin with a space.
    synsets = [line.split(" ") for line in data.splitlines() if not line.startswith(" ")]
    number = {fields[0]: i for i, fields in enumerate(synsets)}
    senses = [line.split() for line in index.splitlines() if not line.startswith(" ")]
    # The sense number of a synset is its place in the line of the lemma.
    sense = {
        (fields[0], offset): place
        for fields in senses
        for place, offset in enumerate(fields[-int(fields[2]) :], start=1)
    }
    names, lemmas, above = [], [], []
    for fields in synsets:
        n_words = int(fields[3], 16)
        words = fields[4 : 4 + 2 * n_words : 2]
        names.append(f"{words[0].lower()}.n.{sense[words[0].lower(), fields[0]]:02d}")
        lemmas.append("|".join(words))
        n_pointers = int(fields[4 + 2 * n_words])
        pointers = fields[5 + 2 * n_words : 5 + 2 * n_words + 4 * n_pointers]
        # A pointer is four fields: its symbol, the synset's offset, part of speech, word numbers.
        linked = zip(pointers[::4], pointers[1::4], strict=True)
        above.append([number[offset] for symbol, offset in linked if symbol in HYPERNYM_POINTERS])
    table = pa.table(
        {"name": names, "lemmas": lemmas, "parents": pa.array(above, pa.list_(pa.int32()))}
    )
    pq.write_table(table, target, compression="zstd", compression_level=22, use_dictionary=False)
    return read_graph(target)


def _checked(path: Path) -> bytes:
    """The bytes of one of WordNet's files, if its md5 is right."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}; put WordNet 3.0's dict/{path.name} there, or "
            "name its folder with --data-dir"
        ) from error
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if md5 != MD5[path.name]:
        raise InputError(
            f"{path} has md5 {md5}, WordNet 3.0's has {MD5[path.name]}; use the file of release 3.0"
        )
    return content
