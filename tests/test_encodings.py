"""What is encoded is told before it is, and the cache shows and clears it."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from bench.cli.commands import main
from bench.data.cache import kinds
from bench.data.cards import cards
from bench.evaluation.preparation import evaluate, method_named
from bench.method import Encoding, Price, Workspace
from bench.plan import encodings
from bench.plan.cells import cell_of
from bench.plan.grid import Settings, settled
from bench.registry import Registry
from bench.system.provenance import provenance
from methods.encodings import encodings_of

SMALL = {
    "zero-shot-de": {},
    "masked-de": {"steps": 3},
    "masked-de+faiss-ivf": {"steps": 3, "tune": "last-layer"},
    "ehi": {"steps": 3},
    "zero-shot-de+learned-router": {"router_epochs": 1, "nlist": 2},
}


def made(folder):
    """The places of the folders in a cache."""
    return {
        path.parent.relative_to(folder).as_posix() for path in folder.glob("*/*/*/complete.json")
    }


@pytest.mark.parametrize("name", SMALL)
def test_every_text_that_is_encoded_was_told_with_its_place(small_text_task, tmp_path, name):
    workspace = Workspace(tmp_path, device="cpu")
    asked = {"precision": "float32"} | SMALL[name]
    method = method_named(name, small_text_task, asked)
    method.workspace = workspace
    test = small_text_task.queries_of(small_text_task.test)
    told = encodings_of(method, small_text_task.corpus, test)
    assert {each.n_texts for each in told if each.what == "documents"} == {24}
    evaluate(name, small_text_task, settings=asked, workspace=workspace)
    places = {place for place in made(tmp_path) if not place.startswith("tokens")}
    assert places <= {each.place for each in told}
    if name != "masked-de+faiss-ivf":  # a frozen encoder: no text is told in vain
        assert {each.place for each in told} == places


def test_a_method_that_trains_the_whole_encoder_or_reads_no_text_tells_nothing(
    small_text_task, small_task
):
    for task, name, settings in (
        (small_text_task, "masked-de", {"tune": "full"}),
        (small_text_task, "bm25", {}),
        (small_task, "masked-de", {}),
    ):
        method = method_named(name, task, settings)
        assert encodings_of(method, task.corpus, task.queries_of(task.test)) == []


@pytest.mark.parametrize("encoder", ["absent/model", "./absent", "minilm"])
def test_an_encoder_that_is_not_here_is_not_downloaded_and_stops_no_plan(
    small_text_task, monkeypatch, encoder
):
    monkeypatch.setattr("methods.encodings.lacks_encoder", lambda name: name == "minilm" or None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    registry = Registry()
    method = registry.resolve("zero-shot-de")
    values = settled(method, small_text_task, Settings.parse([f"encoder={encoder}"]))
    cells = [cell_of(small_text_task, method, values, 0, None, provenance(1))]
    assert encodings.planned_encodings([(small_text_task, cells)], (), registry) == []


def test_a_method_whose_texts_cannot_be_told_stops_no_plan(small_text_task, monkeypatch):
    def fails(*_arguments):
        raise ValueError

    monkeypatch.setattr("methods.encodings.encodings_of", fails)
    registry, cells = planned_cells(small_text_task, "masked-de")
    assert encodings.planned_encodings([(small_text_task, cells)], (), registry) == []


def planned_cells(task, *names, seeds=(0,)):
    registry = Registry()
    return registry, [
        cell_of(task, method, settled(method, task, Settings()), seed, None, provenance(1))
        for method in map(registry.resolve, names)
        for seed in seeds
    ]


def test_texts_are_told_once_for_all_methods_and_seeds_and_not_for_stored_cells(small_text_task):
    registry, cells = planned_cells(small_text_task, "masked-de", "ehi", "bm25", seeds=(0, 1))
    found = encodings.planned_encodings([(small_text_task, cells)], (), registry)
    assert [each.encoding.what for each in found] == [
        "documents", "training queries", "validation queries", "test queries",
        "sentences of documents",
    ]  # fmt: skip
    assert list(found[0].methods) == ["masked-de", "ehi"]
    assert found[-1].methods == {"ehi": "sentences"}
    kept = {cell.key for cell in cells}
    assert encodings.planned_encodings([(small_text_task, cells)], kept, registry) == []


@pytest.mark.parametrize(("dataset", "n"), [("beir", 4), ("hub", 4), ("scifact", 12)])
def test_of_ones_own_texts_fewer_sentences_are_read_than_of_published_data(
    small_text_task, dataset, n
):
    task = dataclasses.replace(small_text_task, defaults=cards()[dataset].defaults)
    for name, param in (("ehi", "sentences"), ("de-learned-router", "router_sentences")):
        assert settled(Registry().resolve(name), task, Settings())[param] == n


def planned(n_texts=5000, *, is_here=False, price=Price(150, 3e6), **changes):  # noqa: B008
    encoding = Encoding("sentences", "minilm", n_texts, "e/1/2", lambda: price, "sentences")
    return encodings.Planned("mine", encoding, {"ehi": "sentences"}, is_here)._replace(**changes)


def test_time_and_disk_are_those_of_what_is_not_in_the_cache(monkeypatch):
    rows, told = encodings.lines([planned(), planned(7, is_here=True)])
    assert rows == [
        ["sentences of mine, minilm", "5,000", "2.5 min", "3.0 MB"],
        ["sentences of mine, minilm", "7", "in the cache", ""],
    ]
    assert told[0].startswith("5,000 texts are encoded first")
    assert "about 2.5 min" in told[0]
    assert told[1].startswith("Sentences are read by ehi (--set sentences=…)")


def test_a_disk_without_room_is_told_with_the_way_out(monkeypatch):
    full = shutil._ntuple_diskusage(10, 9, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    _, told = encodings.lines([planned()])
    assert "That is more than is free: `python -m bench cache --clear KIND`" in told[1]


def test_few_texts_cost_seconds_and_no_encoder_is_tried():
    def refuse():
        raise AssertionError

    few = planned(20)
    few = few._replace(encoding=few.encoding._replace(price=refuse))
    rows, told = encodings.lines([few])
    assert rows[0][2] == "seconds"
    assert len(told) == 1


def test_the_price_of_texts_grows_with_their_number(small_text_task):
    method = method_named("zero-shot-de", small_text_task, {"precision": "float32"})
    method.workspace = Workspace(device="cpu")
    documents, *_ = encodings_of(
        method, small_text_task.corpus, small_text_task.queries_of(small_text_task.test)
    )
    price = documents.price()
    assert price.seconds > 0
    assert 24 * 384 * 4 < price.n_bytes < 24 * (384 + 64) * 4


@pytest.mark.slow
def test_a_dry_run_says_what_would_be_encoded_and_writes_nothing(tmp_path):
    (tmp_path / "mine" / "qrels").mkdir(parents=True)
    texts = "".join(f'{{"_id": "d{n}", "text": "fox number {n}"}}\n' for n in range(1200))
    (tmp_path / "mine" / "corpus.jsonl").write_text(texts)
    (tmp_path / "mine" / "queries.jsonl").write_text('{"_id": "7", "text": "a fox"}\n')
    (tmp_path / "mine" / "qrels" / "test.txt").write_text("7 0 d1 1\n")
    asked = ["run", "--methods", "zero-shot-de", "--dataset", f"beir:{tmp_path / 'mine'}"]
    found = CliRunner().invoke(main, [*asked, "--dry-run", "--out", str(tmp_path / "out")])
    assert found.exit_code == 0, found.output
    assert "documents of beir-mine, minilm" in found.output
    assert "1,201 texts are encoded first" in found.output
    assert not (tmp_path / "out").exists()


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("TREELINE_CACHE", str(folder))
    for name, size in (
        ("embeddings/2-a/one.float32/vectors.npy", 2_000_000),
        ("embeddings-bfloat16/2-a/two.float32/vectors.npy", 1_000_000),
        ("embeddings/2-a/one.float32.lock", 0),
        ("tokens-0.1/1-a/one/ids.i32", 500_000),
        ("data/scifact/corpus.jsonl", 3000),
        ("data/mine/corpus.jsonl", 3000),
        ("last-run", 3),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"0" * size)
    return folder


def cache(*arguments):
    found = CliRunner().invoke(main, ["cache", *arguments])
    return found.exit_code, found.output


def left(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_cache_is_shown_by_kind(own_cache):
    code, text = cache()
    assert code == 0
    assert f"{own_cache}: 3.5 MB" in text
    sizes = {line.split()[0]: line.split()[1:4] for line in text.splitlines()[3:]}
    assert sizes["embeddings"] == ["2", "3.0", "MB"]
    assert sizes["downloads"] == ["1", "3", "kB"]
    assert sizes.keys() == kinds().keys()


def test_a_kind_is_cleared_and_the_others_stay(own_cache):
    before = left(own_cache)
    assert cache("--clear", "embeddings") == (0, "embeddings: 3.0 MB freed, 2 files\n")
    gone = {name for name in before if name.startswith("embeddings") and "vectors" in name}
    assert left(own_cache) == before - gone
    assert cache("--clear", "embeddings") == (0, "embeddings: 0 B freed, 0 files\n")


def test_all_of_it_leaves_what_was_put_there_by_hand(own_cache):
    assert cache("--clear", "all")[0] == 0
    assert left(own_cache) == {
        "data/mine/corpus.jsonl", "last-run", "embeddings/2-a/one.float32.lock"
    }  # fmt: skip


def test_what_another_process_fills_stays_and_is_named(own_cache):
    folder = own_cache / "embeddings" / "2-a" / "one.float32"
    with FileLock(f"{folder}.lock"):
        _, text = cache("--clear", "embeddings")
    assert f"in use, and left: {folder}" in text
    assert "embeddings: 1.0 MB freed, 1 file" in text
    assert folder.is_dir()


def test_a_kind_that_is_none_is_refused_and_nothing_is_removed(own_cache):
    before = left(own_cache)
    code, text = cache("--clear", "tokens", "--clear", "embedings")
    assert code == 1
    assert "did you mean embeddings" in text
    assert left(own_cache) == before


def test_a_cache_that_is_not_there_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "none"))
    assert "0 B" in cache()[1]
    assert not Path(tmp_path / "none").exists()
