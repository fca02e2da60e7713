"""What is searched chunk by chunk is found as if it were searched in one, in less memory."""

import numpy as np
import psutil
import pytest

from bench.method import Workspace
from methods.chunks import BLOCK, chunks, rows_of
from methods.indexes import kmeans
from methods.indexes.base import Guide
from methods.indexes.exact import Exact, top_k
from methods.indexes.faiss_ivf import FaissIVF
from methods.indexes.kmeans import leaf_centroids

RNG = np.random.default_rng(0)
DOCUMENTS = RNG.normal(size=(3 * BLOCK + 9, 8)).astype(np.float32)
QUERIES = RNG.normal(size=(30, 8)).astype(np.float32)
A_BLOCK = 8 * BLOCK * 4 * 8
"""The ceiling of which an eighth is one block of these documents."""


def mapped(folder, documents):
    np.save(folder / "documents.npy", documents)
    return np.load(folder / "documents.npy", mmap_mode="r")


def unguided(ceiling=0, scratch=None):
    workspace = Workspace(memory_bytes=ceiling, scratch=scratch)
    return Guide(np.empty((0, 0), np.float32), None, workspace=workspace)


def test_vectors_in_memory_are_one_chunk_and_are_not_copied():
    ((begin, chunk),) = chunks(DOCUMENTS, A_BLOCK)
    assert begin == 0
    assert np.shares_memory(chunk, DOCUMENTS)


@pytest.mark.parametrize("ceiling", [1, A_BLOCK, 2 * A_BLOCK])
def test_mapped_vectors_come_in_chunks_of_an_eighth_of_the_ceiling(tmp_path, ceiling):
    found = list(chunks(mapped(tmp_path, DOCUMENTS), ceiling))
    step = max(1, ceiling // A_BLOCK) * BLOCK
    assert [begin for begin, _ in found] == list(range(0, len(DOCUMENTS), step))
    assert np.array_equal(np.concatenate([chunk for _, chunk in found]), DOCUMENTS)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_exact_search_in_chunks_is_exact_search_of_all(tmp_path, dtype):
    documents = mapped(tmp_path, DOCUMENTS.astype(dtype))
    index = Exact()
    index.build(documents, unguided(A_BLOCK))
    found = index.search(QUERIES, 20, {})
    scores, ids = top_k(QUERIES, np.array(documents, np.float32), 20)
    assert np.array_equal(found.ids, ids)
    np.testing.assert_allclose(found.scores, scores, rtol=1e-6)


def test_pages_of_a_chunk_are_dropped(tmp_path):
    documents = mapped(tmp_path, np.ones((40 * BLOCK, 64), np.float32))
    process = psutil.Process()
    before, most = process.memory_info().rss, 0
    for _, chunk in chunks(documents, 8 * BLOCK * 4 * 64):
        chunk.sum()
        most = max(most, process.memory_info().rss)
    assert most - before < documents.nbytes / 4


def test_rows_are_copied_in_the_order_that_is_asked(tmp_path):
    rows = np.array([7, 0, 9000, 7])
    found = rows_of(mapped(tmp_path, DOCUMENTS), rows)
    assert np.array_equal(found, DOCUMENTS[rows])


def test_pages_around_rows_are_given_back(tmp_path):
    documents = mapped(tmp_path, np.ones((20_000, 1024), np.float32))
    rows = np.arange(0, 20_000, 40)
    process = psutil.Process()
    before = process.memory_info().rss
    assert rows_of(documents, rows, 64 << 20).sum() == rows.size * 1024
    # 500 rows of 4 KB; the pages around them would be half of the file.
    assert process.memory_info().rss - before < documents.nbytes / 8


@pytest.mark.parametrize("least", [1000, 100_000])  # of 12,297: some are drawn, and all
def test_centroids_of_mapped_documents_are_those_of_documents_in_memory(
    tmp_path, monkeypatch, least
):
    monkeypatch.setattr(kmeans, "AT_LEAST", least)
    here, there = (
        leaf_centroids(each, 4, seed=7) for each in (DOCUMENTS, mapped(tmp_path, DOCUMENTS))
    )
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_leaves_in_files_are_those_in_memory_and_so_are_the_answers(tmp_path, dtype):
    documents = mapped(tmp_path, DOCUMENTS.astype(dtype))
    here, on_disk = FaissIVF(nlist=20), FaissIVF(nlist=20)
    here.build(documents, unguided())
    # A quarter holds all documents that leaves are clustered from, but not the leaves.
    on_disk.build(documents, unguided(DOCUMENTS.nbytes * 9 // 2, tmp_path))
    assert len(list(tmp_path.glob("ivf-*.faiss"))) == 3
    for point in here.operating_points():
        expected, found = (index.search(QUERIES, 20, point) for index in (here, on_disk))
        assert np.array_equal(found.ids, expected.ids)
        assert np.array_equal(found.leaves, expected.leaves)
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)


def test_leaves_of_a_sample_are_all_used():
    documents = DOCUMENTS.astype(np.float16)
    index = FaissIVF(nlist=10)
    index.build(documents, unguided(4 * 4 * 8 * 500))  # a quarter holds 500 documents
    assert sorted(set(index.partition())) == list(range(10))
    last = index.operating_points()[-1]
    exact = top_k(QUERIES, documents, 1)[1]
    assert np.array_equal(index.search(QUERIES, 1, last).ids, exact)
