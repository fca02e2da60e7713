"""The command over texts, as a user runs it."""

import json

import pytest

from bench.store.folder import Store
from tests.conftest import TOPICS


@pytest.fixture
def folder(tmp_path):
    """A small folder in BEIR's form: 12 queries, 24 documents, one relevant each."""
    target = tmp_path / "topics"
    (target / "qrels").mkdir(parents=True)
    texts = [text for topic in TOPICS for text in (f"All about the {topic}.", f"{topic}, music")]
    lines = [{"_id": f"d{i}", "title": "", "text": text} for i, text in enumerate(texts)]
    (target / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    asked = [{"_id": f"q{i}", "text": f"what is a {topic}?"} for i, topic in enumerate(TOPICS)]
    (target / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    for split, rows in (("train", range(8)), ("test", [0, *range(8, 12)])):
        judged = "".join(f"q{i}\td{2 * i}\t1\n" for i in rows)
        (target / "qrels" / f"{split}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return target


@pytest.mark.slow
def test_a_folder_of_texts_is_measured_end_to_end(bench, folder, tmp_path):
    methods = "zero-shot-de,exact,bm25,resampled-de,constructed-de"
    arguments = ["--methods", methods, "--dataset", f"beir:{folder}", "--set", "steps=4"]
    arguments += ["--precision", "float32"]  # by default it is that of the machine
    done = bench(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    boards = (tmp_path / "out" / "boards" / "beir-topics.md").read_text()
    assert "# beir-topics" in boards
    for title in ("## Ranking", "## Ranking at ≤ 10 % visited", "## R@100 against"):
        assert title in boards
    assert "None of them is seen" in boards
    assert "Equal to the last digit: exact steps=4 = zero-shot-de" in boards
    assert "Queries of the training split left out, they are in the test split: 1." in boards
    assert "trains on pairs at distance 2 and more" in boards
    assert "makes tables" in boards
    again = bench(*arguments)
    assert "3 cells were measured before and are kept" in again.stdout
    cells = Store(tmp_path / "out").cells()
    (zero_shot,) = (cell for cell in cells if cell.method == "zero-shot-de")
    (point,) = zero_shot.points
    assert point.ranking["R@10"].mean == 1
    # Query 0 is of both splits: it is left out of training, and nothing of the test was seen.
    assert point.seen is None
    assert point.unseen.n_queries == 5


def test_an_encoder_that_is_nowhere_fails_its_cell_and_says_what_to_do(bench, folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = bench("--methods", "exact", "--dataset", f"beir:{folder}", "--encoder", "nobody/none")
    assert done.returncode == 1
    assert "neither minilm nor wordllama nor a folder" in done.stdout


def test_an_unknown_way_of_tuning_is_refused(bench, folder):
    done = bench("--methods", "exact", "--dataset", f"beir:{folder}", "--tune", "heads")
    assert done.returncode == 1
    assert "tune is one of none, head, neighbours, last-layer, full, got 'heads'" in done.stderr


def test_a_dataset_that_is_not_here_says_where_it_looked_and_what_to_run(
    bench, tmp_path, monkeypatch
):
    monkeypatch.setenv("TREELINE_DATA", str(tmp_path))
    done = bench("--methods", "exact", "--datasets", "scifact")
    assert done.returncode == 1
    assert str(tmp_path / "scifact") in done.stderr
    assert "python -m bench fetch scifact" in done.stderr


@pytest.mark.slow
def test_word_pairs_are_scored_and_methods_without_scores_are_skipped(bench, data_dir, tmp_path):
    quick = ["--set", "steps=20", "--set", "masked-de.start=random"]
    done = bench("--methods", "masked-de,de-hnsw,bm25", "--datasets", "hyperlex", *quick,
                 "--data-dir", str(data_dir))  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "out" / "boards").glob("hyperlex*.md")
    boards = path.read_text()
    assert "Spearman's rho, scored by −log rank" in boards
    assert "pairs are scored without an index" in boards
    assert "does not score single pairs" in boards
