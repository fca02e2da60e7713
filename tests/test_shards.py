"""Search in shards gives what search in one piece gives."""

import importlib.util
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray.exceptions import OutOfDiskError, RayError

from bench.arrays.strings import Strings
from bench.errors import InputError
from bench.method import Workspace
from bench.registry import Registry
from methods.chunks import BLOCK, cuts, merged
from methods.encoders import embeddings
from methods.encoders.embeddings import embed, encode_here
from methods.encoders.pretrained import Pretrained
from methods.encoders.text import TextEncoder, TextRecipe
from methods.indexes.base import Guide
from methods.indexes.exact import top_k
from methods.indexes.faiss_ivf import FaissIVF
from methods.shards.exact import ShardedExact
from methods.shards.ivf import ShardedIVF
from methods.shards.pool import room_needed
from tests.running import cells_of

MINILM = Pretrained("minilm", "cpu", mixed=False)
UNGUIDED = Guide(np.empty((0, 0), np.float32), None)


@given(n=st.integers(1, 10 * BLOCK), shards=st.integers(1, 12))
def test_shards_are_of_whole_blocks_and_hold_every_document_once(n, shards):
    found = cuts(n, shards)
    assert [row for cut in found for row in (cut.start, cut.stop)][1:-1:2] == [
        cut.start for cut in found[1:]
    ]
    assert (found[0].start, found[-1].stop) == (0, n)
    assert all(cut.start % BLOCK == 0 and cut.stop > cut.start for cut in found)
    assert len(found) == min(shards, -(-n // BLOCK))


def test_rankings_are_merged_by_score_then_from_the_last_document_and_fillers_come_last():
    first = np.array([[9.0, 5.0, 5.0]]), np.array([[0, 4, 2]])
    second = np.array([[7.0, 5.0, -1e38]]), np.array([[11, 10, -1]])
    scores, ids = merged([first, second], 5)
    assert ids.tolist() == [[0, 11, 10, 4, 2]]
    assert scores.tolist() == [[9, 7, 5, 5, 5]]
    assert merged([first, second], 6)[1][0, -1] == -1


SEEDS = st.integers(0, 2**32 - 1)
SEARCHES = {
    "seed": SEEDS,
    "shards": st.integers(1, 4),
    "k": st.sampled_from([1, 10, 99, 150]),
    # Faiss has a loop for fewer than 20, and one for a single one that its threads divide.
    "n_queries": st.sampled_from([2, 19, 20, 70]),
}


def sharded_search(documents, queries, k, shards):
    index = ShardedExact(shards=shards)
    index.build(documents, UNGUIDED)
    result = index.search(queries, k, {})
    return result.scores, result.ids


@settings(max_examples=25, deadline=None)
@given(**SEARCHES)
def test_exact_search_of_shards_is_exact_search_of_all(seed, shards, k, n_queries):
    rng = np.random.default_rng(seed)
    documents = rng.normal(size=(3 * BLOCK + 77, 8)).astype(np.float32)
    queries = rng.normal(size=(n_queries, 8)).astype(np.float32)
    scores, ids = sharded_search(documents, queries, k, shards)
    whole_scores, whole_ids = top_k(queries, documents, k)
    assert np.array_equal(ids, whole_ids)
    # Where arrays lie in memory may move the last bit of a sum.
    np.testing.assert_allclose(scores, whole_scores, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(**SEARCHES)
def test_ties_are_ordered_as_exact_search_orders_them_but_for_the_last_score(
    seed, shards, k, n_queries
):
    rng = np.random.default_rng(seed)
    documents = rng.integers(-2, 3, (2 * BLOCK + 5, 4)).astype(np.float32)
    queries = rng.integers(-2, 3, (n_queries, 4)).astype(np.float32)
    scores, ids = sharded_search(documents, queries, k, shards)
    whole_scores, whole_ids = top_k(queries, documents, k)
    np.testing.assert_allclose(scores, whole_scores, rtol=1e-6)
    above = scores > scores[:, -1:]
    assert np.array_equal(ids[above], whole_ids[above])
    assert np.array_equal(np.take_along_axis(queries @ documents.T, ids, axis=1), scores)
    ties = np.diff(scores, axis=1) == 0
    assert (np.diff(ids, axis=1)[ties] < 0).all()


def test_a_corpus_smaller_than_k_ends_in_fillers():
    documents = np.eye(3, dtype=np.float32)
    _, ids = sharded_search(documents, documents[:1], 5, 4)
    assert ids.tolist() == [[0, 2, 1, -1, -1]]


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("nlist", [1, 40])
def test_leaves_filled_in_shards_are_those_of_faiss_ivf_and_so_are_the_answers(shards, nlist):
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(2 * BLOCK + 500, 8)).astype(np.float32)
    queries = rng.normal(size=(50, 8)).astype(np.float32)
    whole, parted = FaissIVF(nlist=nlist), ShardedIVF(nlist=nlist, shards=shards)
    for index in (whole, parted):
        index.build(documents, UNGUIDED)
    assert np.array_equal(parted.partition(), whole.partition())
    assert parted.operating_points() == whole.operating_points()
    for point in whole.operating_points():
        expected, found = (index.search(queries, 20, point) for index in (whole, parted))
        assert np.array_equal(found.ids, expected.ids)
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)
        assert np.array_equal(found.leaves, expected.leaves)
        assert found.routing == expected.routing


def test_actors_without_ray_are_refused_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs ray; pip install 'treeline-bench\[cluster\]'"):
        Registry().resolve("standard-de+sharded-exact")(workers="ray")


def test_shards_that_no_disk_holds_are_an_error_that_says_where_room_is_made():
    dead = "its creation: ray.exceptions.OutOfDiskError: the local object store is full"
    for error in (OutOfDiskError("full"), RayError(dead)):
        with pytest.raises(InputError, match="--object-store-memory"), room_needed():
            raise error
    with pytest.raises(RayError, match="no shard"), room_needed():
        raise RayError("had no shard to begin with")


def test_workers_are_here_or_on_ray():
    with pytest.raises(InputError, match="workers is one of here, ray, got 'dask'"):
        ShardedExact(workers="dask")


@pytest.mark.slow
def test_an_encoding_that_is_cut_short_goes_on_with_whatever_encodes(tmp_path, monkeypatch):
    texts = Strings.of([f"{word} number {i}" for i in range(60) for word in ("cat", "tree", "sea")])
    monkeypatch.setattr(embeddings, "CHUNK", {"cpu": 50})

    def two_at_once(encoder, chunks):
        waiting = iter(chunks)
        while pair := [encoder.encode(texts) for texts in islice(waiting, 2)]:
            yield from pair

    def stop_at_100(done, total):
        if done == 100:
            raise KeyboardInterrupt

    expected = np.array(embed(MINILM, texts, Workspace()))
    for first, second in ((two_at_once, encode_here), (encode_here, two_at_once)):
        cache, told = tmp_path / first.__name__, []
        with pytest.raises(KeyboardInterrupt):
            embed(MINILM, texts, Workspace(cache, stop_at_100), first)
        space = Workspace(cache, lambda done, total, told=told: told.append(done))
        assert np.array_equal(embed(MINILM, texts, space, second), expected)
        assert told == [150, 180]


@pytest.mark.slow
def test_on_the_board_shards_change_nothing_that_is_measured(bench, tmp_path):
    methods = "exact,standard-de+sharded-exact,de-faiss-ivf,standard-de+sharded-ivf"
    done = bench("--methods", methods, "--dataset", "tree:H=7,W=4", "--jobs", "2",
                 "--set", "steps=300", "--set", "shards=2", "--set", "nlist=20")  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    for plain, sharded in (
        ("exact", "standard-de+sharded-exact"),
        ("de-faiss-ivf", "standard-de+sharded-ivf"),
    ):
        points = [
            [
                point.model_dump(exclude={"queries_per_second", "latency", "waited"})
                for point in cells[name].points
            ]
            for name in (plain, sharded)
        ]
        assert points[0] == points[1]
        assert cells[plain].chosen == cells[sharded].chosen


def test_a_head_is_part_of_the_documents_vectors_in_shards_as_elsewhere(small_text_task, tmp_path):
    encoder = TextEncoder.pretrained(
        TextRecipe("minilm", "head", dim=384, width=8), Workspace(tmp_path), seed=0
    )
    encoder.documents.module.outer.bias.data += 0.3
    found = []
    for name in ("exact", "standard-de+sharded-exact"):
        method = Registry().resolve(name)()
        method.workspace, method.encoder = Workspace(tmp_path), encoder
        method.index(small_text_task.corpus)
        queries = small_text_task.queries_of(small_text_task.test)
        found.append(method.search(queries, 5, {}))
    assert np.array_equal(found[0].ids, found[1].ids)
    np.testing.assert_allclose(found[0].scores, found[1].scores, rtol=1e-6)


def test_embeddings_in_half_precision_stay_so_where_they_are_searched_in_chunks(
    small_text_task, tmp_path, monkeypatch
):
    monkeypatch.setattr(embeddings, "HALF_PRECISION_FROM", 24)  # documents, but not queries
    ranked = []
    for name, kept in (("zero-shot-de", np.float16), ("zero-shot-de+hnsw", np.float32)):
        method = Registry().resolve(name)()
        method.workspace = Workspace(tmp_path)
        method.fit(small_text_task.training(), seed=0, progress=lambda _done, _total: None)
        method.index(small_text_task.corpus)
        assert method._documents.dtype == kept
        queries = small_text_task.queries_of(small_text_task.test)
        ranked.append(method.search(queries, 3, method.operating_points()[-1]).ids)
    assert np.array_equal(*ranked)


def test_what_a_head_makes_of_many_documents_lies_in_a_file(small_text_task, tmp_path):
    vectors = []
    for memory_bytes in (1 << 30, 4 * 24 * 384):  # 24 documents of 384 dimensions, in float32
        workspace = Workspace(tmp_path, memory_bytes=memory_bytes, scratch=tmp_path)
        recipe = TextRecipe("minilm", "head", dim=384, width=8)
        encoder = TextEncoder.pretrained(recipe, workspace, seed=0)
        vectors.append(encoder.encode_documents(small_text_task.document_texts))
    assert [isinstance(each, np.memmap) for each in vectors] == [False, True]
    assert np.array_equal(*vectors)
