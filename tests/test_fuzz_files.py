"""Whatever a file holds: it is read as another parser reads it, or refused by its name."""

import csv
import gzip
import io
import json
import re
import shutil
import tarfile
import zipfile
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.archives import unpacked
from bench.data.cards import read_card
from bench.data.load import load_dataset
from bench.data.readers import beir, esci, hyperlex, nq320k, vectors
from bench.data.readers.hierarchies import read as hierarchy
from bench.errors import InputError
from bench.plan.suite import read_suite
from bench.plan.suite_grids import grids_of
from bench.registry import Registry
from bench.task import Task
from tests.conftest import ROOT
from tests.fuzz import ARRAY_CHANGES, examples, limits
from tests.fuzz_files import COLUMN_CHANGES, FILE_EDITS
from tests.test_hyperlex import DOG_ANIMAL, HEADER
from tests.test_own_hierarchies import OBO, PATHS, TURTLE, XML
from tests.test_text_readers import DOCUMENTS, EXAMPLES, PRODUCTS, QUERIES, TEST, TRAIN, question

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that each example empties, and a cache in it."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TREELINE_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        yield folder / "small"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def json_lines(rows):
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def write_texts(folder):
    write(folder / "corpus.jsonl", json_lines(DOCUMENTS))
    write(folder / "queries.jsonl", json_lines(QUERIES))
    for split, rows in (("train", TRAIN), ("test", TEST)):
        table = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        write(folder / "qrels" / f"{split}.tsv", f"query-id\tcorpus-id\tscore\n{table}")


def write_trec(folder):
    write_texts(folder)
    (folder / "qrels" / "test.tsv").unlink()
    write(folder / "qrels" / "test.txt", "".join(f"{q} 0 {d} {s}\n" for q, d, s in TEST))


def write_gzipped(folder):
    write_texts(folder)
    for name in ("corpus.jsonl", "queries.jsonl"):
        write(folder / f"{name}.gz", gzip.compress((folder / name).read_bytes(), mtime=0))
        (folder / name).unlink()


LINKS = 'child,parent\na,root\nb,root\nc,a\n"d, e",a\nc,b\nf,c\n'


def write_vectors(folder):
    rng = np.random.default_rng(0)
    for part, array in (
        ("documents", rng.normal(size=(9, 3)).astype(np.float32)),
        ("queries", rng.normal(size=(5, 3)).astype(np.float32)),
        ("answers", np.array([[0, 1], [2, -1], [8, 3], [4, 4], [-1, -1]])),
    ):
        write(folder / f"{part}.npy", of_numpy(array))


def of_numpy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def write_pages(folder):
    write(folder / nq320k.TRAIN[0], json_lines([question(number) for number in (1, 2, 3)]))
    dev = question(9, document_title="ELAN")
    write(folder / nq320k.DEVELOPMENT[0], json_lines([dev]))


NOUNS = {
    "name": ["entity.n.01", "beast.n.01", "dog.n.01", "run.n.01"],
    "lemmas": ["entity", "beast|animal", "dog|domestic_dog", "run"],
    "parents": pa.array([[], [0], [1], [0]], pa.list_(pa.int32())),
}


def of_parquet(columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def write_word_pairs(folder):
    write(folder / "nouns.parquet", of_parquet(NOUNS))
    for name in (hyperlex.ALL, *hyperlex.SPLITS.values()):
        write(folder / name, HEADER + DOG_ANIMAL)


def write_products(folder):
    write(folder / esci.EXAMPLES, of_parquet(EXAMPLES))
    write(folder / esci.PRODUCTS, of_parquet(PRODUCTS))


def read_and_use_card(folder):
    card = read_card(folder / "tree.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.data.cards.cards", lambda: {card.name: card})
        return load_dataset(card.name, folder)


SUITE = """title = "Two"

[[boards]]
dataset = "tree:H=3,W=3"
methods = ["random", "masked-de"]
seeds = [0, 1]
k = 20
settings = { steps = 5, "masked-de.dim" = 3 }

[[boards]]
dataset = "wordnet-mammal"
methods = ["all"]
seeds = [0]
"""


def of_zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("top/a.txt", "top/b/c.txt"):
            archive.writestr(zipfile.ZipInfo(name), name * 9)
    return file.getvalue()


def of_tar(mode):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name in ("top/a.txt", "top/b/c.txt"):
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return file.getvalue()


def unpack(folder):
    with unpacked(folder / "archive", folder / "target") as content:
        return sorted(path.read_bytes() for path in content.rglob("*") if path.is_file())


class Format(NamedTuple):
    """How files of a format are written, and read; and which of them are changed."""

    write: object
    read: object
    files: tuple[str, ...]


FORMATS = {
    "BEIR": Format(
        write_texts, lambda folder: beir.read("small", folder),
        ("corpus.jsonl", "queries.jsonl", "qrels/train.tsv", "qrels/test.tsv"),
    ),
    "TREC": Format(write_trec, lambda folder: beir.read("small", folder), ("qrels/test.txt",)),
    "gzip": Format(
        write_gzipped, lambda folder: beir.read("small", folder),
        ("corpus.jsonl.gz", "queries.jsonl.gz"),
    ),
    "hierarchy": Format(
        lambda folder: write(folder / "edges.csv", LINKS),
        lambda folder: hierarchy.read("small", folder),
        ("edges.csv",),
    ),
    "paths": Format(
        lambda folder: write(folder / "edges.txt", PATHS),
        lambda folder: hierarchy.read("small", folder / "edges.txt"),
        ("edges.txt",),
    ),
    "OBO": Format(
        lambda folder: write(folder / "edges.obo", OBO),
        lambda folder: hierarchy.read("small", folder / "edges.obo"),
        ("edges.obo",),
    ),
    "Turtle": Format(
        lambda folder: write(folder / "edges.ttl", TURTLE),
        lambda folder: hierarchy.read("small", folder / "edges.ttl"),
        ("edges.ttl",),
    ),
    "RDF/XML": Format(
        lambda folder: write(folder / "edges.rdf", XML),
        lambda folder: hierarchy.read("small", folder / "edges.rdf"),
        ("edges.rdf",),
    ),
    "vectors": Format(
        write_vectors, lambda folder: vectors.read("small", folder),
        ("documents.npy", "queries.npy", "answers.npy"),
    ),
    "Natural Questions": Format(
        write_pages, lambda folder: nq320k.read("small", folder),
        (nq320k.TRAIN[0], nq320k.DEVELOPMENT[0]),
    ),
    "HyperLex": Format(
        write_word_pairs,
        lambda folder: hyperlex.read("small", folder, folder / "nouns.parquet", 8),
        ("nouns.parquet", hyperlex.ALL, *hyperlex.SPLITS.values()),
    ),
    "ESCI": Format(
        write_products, lambda folder: esci.read("small", folder), (esci.EXAMPLES, esci.PRODUCTS)
    ),
    "card": Format(
        lambda folder: write(folder / "tree.toml", (ROOT / "datasets/tree.toml").read_bytes()),
        read_and_use_card,
        ("tree.toml",),
    ),
    "suite": Format(
        lambda folder: write(folder / "suite.toml", SUITE),
        lambda folder: grids_of(read_suite(str(folder / "suite.toml")), Registry()),
        ("suite.toml",),
    ),
    **{
        name: Format(lambda folder, content=content: write(folder / "archive", content), unpack,
                     ("archive",))
        for name, content in (
            ("zip", of_zip()), ("tar", of_tar("w")), ("tar.gz", of_tar("w:gz")),
            ("tar.xz", of_tar("w:xz")), ("gz", gzip.compress(b"one file", mtime=0)),
        )
    },
}  # fmt: skip


def read_or_refused(format_, folder):
    """What is read of the files, or None if they are refused with a message that names one."""
    with limits():
        try:
            found = format_.read(folder)
            if isinstance(found, Task):
                require_sound(found)
        except InputError as error:
            told = str(error)
            assert "small" in told or "the card" in told, told
            assert len(told) < 2500, told
            return None
    return found


def require_sound(task):
    """Whatever was read is a task whose best ranking gets full marks."""
    assert len(task.digest) == 64
    for names in (task.query_names, task.document_names):
        assert len(set(names)) == len(names)
    for texts in (task.query_texts, task.document_texts):
        assert texts is None or all(isinstance(text, str) for text in texts)
    n_queries, n_documents = len(task.query_names), len(task.document_names)
    for part in task.relevances().values():
        assert part.indptr[0] == 0
        assert part.indptr[-1] == part.n_pairs == len(part.distances)
        assert (np.diff(part.indptr) >= 0).all()
        assert part.n_queries == n_queries
        assert ((part.documents >= 0) & (part.documents < n_documents)).all()
        assert (part.distances >= 0).all()
        assert len(np.unique(part.codes)) == part.n_pairs
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    if task.similarity is None:
        ids = np.full((len(rows), int(judged.depth.max())), -1)
        for row in range(len(rows)):
            own = judged.relevance.rows(np.array([row])).documents
            ids[row, : len(own)] = own[: ids.shape[1]]
        assert judged.score(ids) == pytest.approx(1)


def named_pairs(task):
    """(query, document) -> distance, by name, of all that is relevant in the test."""
    relevance = task.test.relevance
    names = zip(relevance.queries, relevance.documents, relevance.distances.tolist(), strict=True)
    return {(task.query_names[q], task.document_names[d]): h for q, d, h in names}


def texts_by_json(folder, name):
    """Name -> text, as json reads them."""
    path = folder / name
    zipped = path.with_name(f"{name}.gz")
    lines = path.read_bytes() if path.exists() else gzip.decompress(zipped.read_bytes())
    rows = [
        json.loads(line.decode("utf-8-sig", "replace"))
        for line in lines.split(b"\n")
        if line.strip()
    ]
    title = "title" if name == "corpus.jsonl" else None
    return {str(row["_id"]): f"{row.get(title) or ''} {row['text']}".strip() for row in rows}


def pairs_by_split(folder, queries, documents):
    """(query, document) -> grade above 0 of the test, as plain splitting reads them."""
    tsv, trec = folder / "qrels" / "test.tsv", folder / "qrels" / "test.txt"
    path = tsv if tsv.exists() else trec
    lines = re.split("\r\n|\r|\n", path.read_bytes().decode("utf-8-sig"))
    if tsv.exists():
        rows = [[value.strip() for value in line.split("\t")] for line in lines if line.strip()]
        places = [rows[0].index(name) for name in ("query-id", "corpus-id", "score")]
        rows = rows[1:]
    else:
        rows = [line.split() for line in lines if line.strip()]
        places = [0, 2, 3]
    chosen = [[row[place] for place in places] for row in rows]
    return {
        (query, document): int(float(score))
        for query, document, score in chosen
        if float(score) > 0 and query in queries and document in documents
    }


def require_as_json_reads(task, folder):
    documents, queries = (texts_by_json(folder, name) for name in ("corpus.jsonl", "queries.jsonl"))
    for texts, names, found in (
        (documents, task.document_names, task.document_texts),
        (queries, task.query_names, task.query_texts),
    ):
        assert texts == dict(zip(names, found, strict=True))
    grades = pairs_by_split(folder, queries, documents)
    found = named_pairs(task)
    assert found.keys() == grades.keys()
    assert all(task.test.gains[found[pair]] == grade for pair, grade in grades.items())


def require_as_csv_reads(task, folder):
    """Each node's ancestors with their distance, found link by link."""
    text = (folder / "edges.csv").read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    names = [name.strip() for name in header]
    if not {"child", "parent"} <= set(names):
        return  # read as a file without a header, which a note says
    places = [names.index(name) for name in ("child", "parent")]
    above = defaultdict(set)
    for row in rows:
        if any(value.strip() for value in row):
            child, parent = (row[place].strip() for place in places)
            above[child] |= {parent} - {""}
            above[parent or child] |= set()
    expected = {}
    for node in above:
        level, distance = {node}, 0
        while level and distance <= 8:
            for each in level:
                expected.setdefault((node, each), distance)
            level, distance = set().union(*(above[each] for each in level)), distance + 1
    assert named_pairs(task) == expected


def require_as_numpy_reads(task, folder):
    answers = np.load(folder / "answers.npy")
    answers = answers.reshape(len(answers), -1)
    validated = task.validation.relevance
    judged = named_pairs(task).keys() | {
        (str(q), str(d)) for q, d in zip(validated.queries, validated.documents, strict=True)
    }
    assert judged == {(str(q), str(d)) for q, row in enumerate(answers) for d in row if d >= 0}
    for part, given_ in (("documents", task.document_vectors), ("queries", task.query_vectors)):
        with np.errstate(over="ignore"):
            assert np.array_equal(
                np.load(folder / f"{part}.npy").astype(given_.array.dtype), given_.array
            )
        assert np.isfinite(given_.array).all()


AS_OTHERS_READ = {
    "BEIR": require_as_json_reads,
    "TREC": require_as_json_reads,
    "gzip": require_as_json_reads,
    "hierarchy": require_as_csv_reads,
    "vectors": require_as_numpy_reads,
}


def written(name, folder):
    """The files of a format as they should be, in an empty folder."""
    shutil.rmtree(folder.parent / "cache", ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    FORMATS[name].write(folder)
    return FORMATS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_files_as_they_should_be_are_read(place, name):
    found = read_or_refused(written(name, place), place)
    assert found is not None
    AS_OTHERS_READ.get(name, lambda *_: None)(found, place)


@pytest.mark.parametrize("name", FORMATS)
@examples(0.7 / len(FORMATS))
@given(number=st.integers(0, 9), edits=FILE_EDITS)
def test_a_damaged_file_is_read_as_others_read_it_or_refused_by_name(place, name, number, edits):
    format_ = written(name, place)
    path = place / format_.files[number % len(format_.files)]
    for edit in edits:
        path.write_bytes(edit(path.read_bytes()) if path.stat().st_size else edit.put)
    found = read_or_refused(format_, place)
    if found is not None:
        AS_OTHERS_READ.get(name, lambda *_: None)(found, place)


@examples(0.1)
@given(st.sampled_from(["documents", "queries", "answers"]), ARRAY_CHANGES)
def test_an_odd_array_is_read_as_numpy_reads_it_or_refused(place, part, change):
    format_ = written("vectors", place)
    path = place / f"{part}.npy"
    try:
        np.save(path, change(np.load(path)))
    except (ValueError, NotImplementedError):  # no array can be made of it
        return
    found = read_or_refused(format_, place)
    if found is not None:
        require_as_numpy_reads(found, place)


@examples(0.2)
@given(
    st.sampled_from([("HyperLex", 0), ("ESCI", 0), ("ESCI", 1)]),
    st.lists(COLUMN_CHANGES, min_size=1, max_size=2),
)
def test_an_odd_column_is_read_or_refused(place, of, changes):
    name, number = of
    format_ = written(name, place)
    for change in changes:
        change(place / format_.files[number])
    read_or_refused(format_, place)
