"""Published hierarchies with nodes held out: what is read, what is judged, what is refused."""

import numpy as np
import pytest

from bench.data.load import load_dataset
from bench.data.readers.hierarchies.released import read
from bench.errors import InputError

N = 40
LINKS, TERMS = "links.csv", "terms.tsv"


def named(node):
    return f"T:{node:02d} term {node}"


def of_links(*, extra=()):
    lines = [f"{named(node)},{named((node - 1) // 3)}" for node in range(1, N)]
    return "\n".join(["child,parent", *lines, *extra]) + "\n"


def of_terms(*, change=lambda node, row: row):
    rows = [(f"T:{node:02d}", f"term {node}", "" if node == 7 else f"means {node}")
            for node in range(N)]  # fmt: skip
    rows = [change(node, row) for node, row in enumerate(rows)]
    return "\n".join("\t".join(row) for row in [("id", "name", "definition"), *rows]) + "\n"


@pytest.fixture
def written(tmp_path):
    def write(links=None, terms=None):
        (tmp_path / LINKS).write_text(links or of_links())
        (tmp_path / TERMS).write_text(terms or of_terms())
        return tmp_path

    return write


def task_of(folder, **options):
    return read("released", folder, links=LINKS, terms=TERMS, **{"held_out": 0.25, **options})


def test_a_term_is_read_by_its_name_and_known_by_its_id(written):
    task = task_of(written())
    assert (task.query_names[5], task.query_texts[5]) == ("T:05", "term 5")
    assert not any("definition" in note for note in task.notes)


def test_definitions_follow_the_names_and_terms_without_one_are_told(written):
    task = task_of(written(), text="definition")
    assert list(task.query_texts[6:8]) == ["term 6: means 6", "term 7"]
    assert task.notes[0] == (
        "Without a definition, so that the name alone is read: 1 nodes, such as T:07."
    )


def test_held_out_terms_are_in_no_training_pair_and_all_their_pairs_are_judged(written):
    task = task_of(written(), held_out=0.5)
    held = np.setdiff1d(np.arange(N), task.train.answered)
    assert len(held) == 20
    assert not np.isin(task.train.documents, held).any()
    asked = np.concatenate([task.test.relevance.answered, task.validation.relevance.answered])
    np.testing.assert_array_equal(np.sort(asked), held)
    assert np.isin(task.test.relevance.documents, held).sum() > len(task.test.relevance.answered)


def test_equal_names_are_counted(written):
    alike = of_terms(change=lambda node, row: (row[0], "term 3", row[2]) if node == 30 else row)
    links = of_links().replace("T:30 term 30", "T:30 term 3")
    task = task_of(written(links, alike))
    assert any(note.startswith("2 of 40 nodes have the name of another one") for note in task.notes)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (of_terms(change=lambda n, row: (row[0], "", row[2]) if n == 4 else row),
         r"terms.tsv, line 6: a value is missing"),
        (of_terms(change=lambda n, row: ("T:03", *row[1:]) if n == 4 else row),
         r"terms.tsv, line 6: the term T:03 is also on line 5"),
        (of_terms(change=lambda n, row: (row[0], "another", row[2]) if n == 39 else row),
         r"links.csv, line 40: 'T:39 term 39' is no term of .*terms.tsv"),
    ],
)  # fmt: skip
def test_a_wrong_term_is_told_by_its_line(written, terms, told):
    with pytest.raises(InputError, match=told):
        task_of(written(terms=terms))


def test_an_unknown_text_is_refused_with_those_that_are_there(written):
    with pytest.raises(InputError, match="no text 'comment' of its nodes; take text= one of name"):
        task_of(written(), text="comment")


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.5])
def test_what_is_no_share_is_refused(written, held_out):
    with pytest.raises(InputError, match="held_out is the share of the nodes"):
        task_of(written(), held_out=held_out)


def test_a_share_that_leaves_a_distance_without_training_is_refused_by_name(tmp_path):
    path = "A > B > C\nA > B > D\nA > E > F\nA > E > G\n"
    (tmp_path / "paths.txt").write_text(path)
    with pytest.raises(
        InputError, match=r"released holds out 5 of 7 nodes, and no training pair is left at dist"
    ):
        read("released", tmp_path, links="paths.txt", held_out=0.7)


def test_an_empty_step_is_told_by_its_line(tmp_path):
    (tmp_path / "paths.txt").write_text("1 - A\n2 - A > > B\n")
    with pytest.raises(InputError, match=r"paths.txt, line 2: a step of the path is empty"):
        read("released", tmp_path, links="paths.txt")


@pytest.mark.parametrize(
    ("dataset", "sizes"),
    [
        ("gene-ontology", (43_558, 34_846, 4_000, 500)),
        ("google-products", (5_582, 4_466, 781, 335)),
    ],
)
def test_the_cards_split_as_they_state(data_dir, dataset, sizes):
    task = load_dataset(dataset, data_dir)
    trained, tested = task.train.answered, task.test.relevance.answered
    validated = task.validation.relevance.answered
    assert (len(task.query_names), len(trained), len(tested), len(validated)) == sizes
    assert not np.isin(tested, [*trained, *validated]).any()
    assert not np.isin(task.train.documents, tested).any()


@pytest.mark.parametrize("dataset", ["gene-ontology", "google-products"])
def test_absent_files_are_told_with_the_folder(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path))
    monkeypatch.delenv("TREELINE_DATA", raising=False)
    with pytest.raises(InputError, match=f"{dataset} is not on this machine.*hierarchies"):
        load_dataset(dataset)
    (tmp_path / "data" / "hierarchies").mkdir(parents=True)
    with pytest.raises(InputError, match=f"{dataset} lacks .*hierarchies of your data"):
        load_dataset(dataset)
