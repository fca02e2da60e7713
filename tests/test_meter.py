"""The visited meter agrees with what libraries count and with what a search can reach."""

from functools import cache

import faiss
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bench.data.readers.tree import read as read_tree
from bench.store.cell import Status
from bench.task import Queries
from tests.conftest import ROOT
from tests.searching import searcher_of
from tests.test_command import SMALL, cells_of
from tests.test_methods import fitted, silent

N, NLIST = 156, 12
"""A tree of 1 + 5 + 25 + 125 nodes, in 12 leaves."""


@pytest.fixture(scope="module")
def tree():
    return read_tree("tree", 4, 5, max_distance=8)


@pytest.fixture(scope="module")
def indexed(tree):
    """A method by name, fitted once for all tests of this file."""

    @cache
    def made(name, **params):
        return fitted(tree, name, steps=20, **params)

    with threadpool_limits(1):  # a query at a time: threads would only wait for each other
        yield made


@pytest.mark.parametrize("nprobe", [1, 5, NLIST])
@pytest.mark.parametrize("name", ["de-faiss-ivf", "de-learned-router"])
def test_the_count_is_faisss_own_for_every_query(tree, indexed, name, nprobe):
    method = indexed(name, nlist=NLIST)
    point = {"nprobe": nprobe}
    counted = searcher_of(method, tree, 3).run(point, silent).visited
    for row in range(N):
        query = Queries(np.array([row]), [tree.query_names[row]])
        faiss.cvar.indexIVF_stats.reset()
        method.search(query, 3, point)
        assert counted[row] == faiss.cvar.indexIVF_stats.ndis
    assert (counted == N).all() if nprobe == NLIST else counted.mean() < N / 2


@pytest.mark.parametrize("nprobe", [1, 5, NLIST])
def test_the_load_of_queries_is_that_of_the_leaves_that_they_probed(tree, indexed, nprobe):
    method = indexed("de-faiss-ivf", nlist=NLIST)
    point = {"nprobe": nprobe}
    leaves = method.search(Queries(np.arange(N), tree.query_names), 3, point).leaves
    share = np.bincount(leaves.ravel(), minlength=NLIST) / leaves.size
    run = searcher_of(method, tree, 3).run(point, silent)
    assert run.summary.query_load == pytest.approx(NLIST * (share**2).sum())
    assert (run.summary.query_load == pytest.approx(1)) == (nprobe == NLIST)


def test_queries_that_probe_no_leaf_have_no_load(tree, indexed):
    assert searcher_of(indexed("standard-de"), tree, 3).run({}, silent).summary.query_load is None


@pytest.mark.parametrize("nprobe", [1, 5, NLIST])
@pytest.mark.parametrize("name", ["de-scann", "de-scann-soar", "de-faiss-ivf-2"])
def test_the_count_is_what_comes_back_of_all_documents(tree, indexed, name, nprobe):
    method = indexed(name, nlist=NLIST)
    run = searcher_of(method, tree, N).run({"nprobe": nprobe}, silent)
    np.testing.assert_array_equal(run.visited, (run.ids >= 0).sum(axis=1))
    leaf = method.partition()
    result = method.search(Queries(np.arange(N), tree.query_names), N, {"nprobe": nprobe})
    for ids, leaves in zip(result.ids, result.leaves, strict=True):
        inside = np.isin(leaf, leaves).reshape(N, -1).any(axis=1)
        assert set(ids[ids >= 0]) == set(np.flatnonzero(inside))


@pytest.mark.parametrize("name", ["ehi", "ehi-encoder+learned-tree"])
def test_a_learned_tree_is_counted_as_faiss_scans_it(tree, indexed, name):
    method = indexed(name)
    for point in method.operating_points():
        counted = searcher_of(method, tree, 3).run(point, silent).visited
        faiss.cvar.indexIVF_stats.reset()
        method.search(Queries(np.arange(N), tree.query_names), 3, point)
        assert counted.sum() == faiss.cvar.indexIVF_stats.ndis


@pytest.mark.parametrize("name", ["exact", "masked-de"])
def test_exact_search_visits_a_hundred_per_cent(tree, indexed, name):
    run = searcher_of(indexed(name), tree, 3).run({}, silent)
    assert f"{100 * run.summary.mean_visited / N:.2f} %" == "100.00 %"
    assert not run.summary.self_reported


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("NamesOneLeafLess", "which is not among the leaves that it probed"),
        ("AdmitsOne", "says that it visited 13 documents for 13 queries, but it returned"),
    ],
)
def test_a_plugin_that_reads_more_than_it_admits_is_refused_by_name(bench, tmp_path, kind, reason):
    plugin = ROOT / "tests" / "plugins" / "mutants.py"
    done = bench("--methods", "random", "--plugin", f"{plugin}:{kind}", *SMALL)
    assert done.returncode == 1
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["random"].status is Status.OK
    assert cells[kind].status is Status.FAILED
    assert reason in cells[kind].reason
    told = next(line for line in done.stdout.splitlines() if reason in line)
    assert f"{kind} · seed 0: failed: MethodError" in told
