"""Retrieval sets in MTEB's form: from a folder as from the hub, and the errors of the hub."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data import hub
from bench.data.load import Dataset, dataset_of, load_dataset
from bench.errors import InputError

datasets = pytest.importorskip("datasets", reason="needs the extra hub")
errors = pytest.importorskip("huggingface_hub.errors", reason="needs the extra hub")

CORPUS = [
    {"_id": "d1", "title": "Red", "text": "a red fox"},
    {"_id": "d2", "title": "", "text": "a grey wolf"},
    {"_id": "d3", "title": "Old", "text": "an old den"},
]
QUERIES = [{"_id": f"q{n}", "text": f"query {n}"} for n in range(1, 5)]
JUDGED = {
    "train": [("q1", "d1", 1)],
    "dev": [("q2", "d2", 1)],
    "test": [("q3", "d3", 2), ("q4", "d1", 1)],
}
COLUMNS = ("query-id", "corpus-id", "score")
README = """---
configs:
- config_name: default
  data_files:
  - {split: train, path: data/train-*}
  - {split: dev, path: data/dev-*}
  - {split: test, path: data/test-*}
- config_name: corpus
  data_files:
  - {split: corpus, path: corpus/corpus-*}
- config_name: queries
  data_files:
  - {split: queries, path: queries/queries-*}
---
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write(path, rows):
    """Rows as the file's ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def judgements(rows):
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the hub has of a set: parquet, and a README that names the files."""
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    hub.revision_of.cache_clear()
    made = tmp_path / "animals"
    write(made / "corpus" / "corpus-00000-of-00001.parquet", CORPUS)
    write(made / "queries" / "queries-00000-of-00001.parquet", QUERIES)
    for split, rows in JUDGED.items():
        scored = [(query, document, float(score)) for query, document, score in rows]
        write(made / "data" / f"{split}-00000-of-00001.parquet", judgements(scored))
    (made / "README.md").write_text(README)
    return made


@pytest.fixture
def beir(tmp_path):
    """The same set in BEIR's form."""
    made = tmp_path / "same"
    write(made / "corpus.jsonl", CORPUS)
    write(made / "queries.jsonl", QUERIES)
    (made / "qrels").mkdir()
    for split, rows in JUDGED.items():
        lines = ["\t".join(COLUMNS), *("\t".join(map(str, row)) for row in rows)]
        (made / "qrels" / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    return made


def content(task):
    """All of a task but its name and its notes."""
    parts = {
        f"{split} {name}": array.tolist()
        for split, part in task.relevances().items()
        for name, array in part.arrays().items()
    }
    texts = task.query_names, task.query_texts, task.document_names, task.document_texts
    return [*map(list, texts), parts, task.test.gains, task.test.seen.tolist()]


def test_a_folder_of_the_hub_is_read_as_beirs_form_is(folder, beir):
    task = load_dataset(f"hub:{folder}")
    assert content(task) == content(load_dataset(f"beir:{beir}"))
    assert task.document_texts[0] == "Red a red fox"
    assert "Validation is the split dev." in task.notes
    drawn = load_dataset(f"hub:{folder},validation=,least_gain=2")
    assert any("Validation is 1 training query" in note for note in drawn.notes)
    assert drawn.test.least_gain == 2
    with pytest.raises(InputError, match="is a folder, and revision=main is of a dataset on the"):
        load_dataset(f"hub:{folder},revision=main")


def test_json_lines_without_the_hubs_readme(tmp_path, folder, beir):
    plain = tmp_path / "plain"
    write(plain / "corpus.jsonl", CORPUS)
    write(plain / "queries.jsonl", QUERIES)
    (plain / "README.md").write_text("Ours.")
    for split, rows in JUDGED.items():
        write(plain / "qrels" / f"{split}.jsonl", judgements(rows))
    assert content(load_dataset(f"hub:{plain}")) == content(load_dataset(f"beir:{beir}"))


def test_a_set_of_several_languages(tmp_path, folder, beir):
    for part in ("corpus", "queries"):
        write(tmp_path / "many" / f"fr-{part}.parquet", CORPUS if part == "corpus" else QUERIES)
    for split, rows in JUDGED.items():
        write(tmp_path / "many" / "fr-qrels" / f"{split}-0.parquet", judgements(rows))
    task = load_dataset(f"hub:{tmp_path / 'many'},subset=fr")
    assert content(task) == content(load_dataset(f"beir:{beir}"))


def test_what_is_not_in_this_form_is_told(tmp_path, folder):
    with pytest.raises(InputError, match=r"no split dl19 .* has train, dev, test.*test=train"):
        load_dataset(f"hub:{folder},test=dl19")
    with pytest.raises(InputError, match="no configuration fr-corpus, but default, corpus"):
        load_dataset(f"hub:{folder},subset=fr")
    write(folder / "corpus" / "corpus-00000-of-00001.parquet", [{"_id": "d1", "body": "x"}])
    with pytest.raises(InputError, match="without a column text; it has _id, body"):
        load_dataset(f"hub:{folder}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file of parquet or JSON lines"):
        load_dataset(f"hub:{tmp_path / 'empty'}")
    write(tmp_path / "half" / "corpus.jsonl", CORPUS)
    with pytest.raises(InputError, match="no parquet or JSON file of queries"):
        load_dataset(f"hub:{tmp_path / 'half'}")


def test_a_score_that_is_no_grade_is_refused(folder):
    write(folder / "data" / "test-00000-of-00001.parquet", judgements([("q3", "d3", 0.5)]))
    with pytest.raises(InputError, match="split test: a score is no whole number"):
        load_dataset(f"hub:{folder}")


@pytest.fixture
def on_the_hub(folder, monkeypatch):
    """A hub that has the folder as animals/one; what it is asked for."""
    asked = []
    load, names = datasets.load_dataset, datasets.get_dataset_config_names

    class Info:
        sha = COMMIT

    def info(_api, name, revision=None):
        asked.append((name, revision))
        return Info

    def at(read):
        def redirected(source, *arguments, revision=None, **options):
            asked.append((source, revision))
            return read(str(folder), *arguments, **options)

        return redirected

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", info)
    monkeypatch.setattr(datasets, "load_dataset", at(load))
    monkeypatch.setattr(datasets, "get_dataset_config_names", at(names))
    return asked


def test_a_set_of_the_hub_is_read_at_one_commit_that_its_cells_name(on_the_hub, folder, beir):
    dataset = Dataset.parse("hub:animals/one,least_gain=2")
    task = dataset.read(None)
    assert task.name == "hub-one,least_gain=2"
    assert f"Read from the Hugging Face hub: animals/one, revision {COMMIT}." in task.notes
    assert {revision for _, revision in on_the_hub[1:]} == {COMMIT}
    place = dataset.place(None)
    assert place == f"hub:animals/one,least_gain=2,revision={COMMIT}"
    on_the_hub.clear()
    again = load_dataset(place)
    assert again.digest == task.digest
    assert on_the_hub == []  # a commit that was read before needs no network
    assert content(load_dataset("hub:animals/one")) == content(load_dataset(f"beir:{beir}"))
    assert dataset_of(task.name) == "hub:one,least_gain=2"


def test_a_folder_that_lacks_files_of_its_readme_is_refused(folder):
    for file in folder.glob("data/train-*"):
        file.unlink()
    with pytest.raises(InputError, match=r"cannot be read: .*README\.md names must be"):
        load_dataset(f"hub:{folder}")


def refusing(error):
    def refuse(*_arguments, **_options):
        raise error

    return refuse


def http(kind):
    """An error of the hub's client, made without a response."""
    error = kind.__new__(kind)
    Exception.__init__(error, "the server's words")
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            lambda: http(errors.RepositoryNotFoundError),
            "shows no dataset animals/two: either there",
        ),
        (lambda: http(errors.GatedRepoError), r"asks for a login: accept .* `hf auth login`"),
        (lambda: http(errors.RevisionNotFoundError), "has no such revision"),
        (lambda: ConnectionError("no route"), r"could not be read .*no route.*has a network"),
        (lambda: errors.HFValidationError("bad"), "OWNER/NAME, such as mteb/nfcorpus"),
    ],
)
def test_an_error_of_the_hub_says_the_way_out(folder, monkeypatch, error, said):
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", refusing(error()))
    with pytest.raises(InputError, match=said):
        load_dataset("hub:animals/two")


def test_a_login_that_is_needed_for_the_data_alone(on_the_hub, folder, monkeypatch):
    gated = datasets.exceptions.DatasetNotFoundError("'animals/one' is a gated dataset on the Hub")
    monkeypatch.setattr(datasets, "get_dataset_config_names", refusing(gated))
    with pytest.raises(InputError, match="animals/one .* asks for a login"):
        load_dataset("hub:animals/one")


def test_a_name_without_an_owner_is_no_name_on_the_hub(folder):
    with pytest.raises(InputError, match="there is no folder or file nfcorpus"):
        load_dataset("hub:nfcorpus")


def test_the_library_is_asked_for_where_it_is_absent(folder, monkeypatch):
    monkeypatch.setattr(hub, "LIBRARY", ("no_such_library",))
    with pytest.raises(InputError, match="needs no_such_library; pip install"):
        load_dataset(f"hub:{folder}")
