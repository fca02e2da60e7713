"""X-ray: what is lost to the encoder, the routing and the scoring, and gained by pruning."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.arrays.relevance import Relevance
from bench.evaluation.points import Evaluation
from bench.measures.visited import VisitedMeter
from bench.measures.xray import losses, xray
from bench.store.cell import Cell
from bench.task.judgements import Judgements
from tests.cells import SUMMARY


def relevance_of(queries, documents, distances, n_queries, n_documents=10):
    columns = (np.array(column) for column in (queries, documents, distances))
    return Relevance.from_pairs(*columns, n_queries, n_documents)


def test_each_pair_counts_once_by_hand():
    # Found; the encoder misses it; its leaf was not visited; outranked; gained by pruning.
    found = np.array([True, False, False, False, True])
    exact = np.array([True, False, True, True, False])
    reached = np.array([True, True, False, True, True])
    of = losses(found, exact, reached)
    assert of["encoder"].tolist() == [False, True, False, False, True]
    assert of["routing"].tolist() == [False, False, True, False, False]
    assert of["scoring"].tolist() == [False, False, False, True, False]
    assert of["gain"].tolist() == [False, False, False, False, True]


def test_shares_overall_and_by_distance_by_hand():
    relevance = relevance_of([0, 0, 1, 1], [1, 2, 3, 4], [0, 1, 0, 1], 2)
    found, exact = np.array([True, False, False, True]), np.array([True, True, True, False])
    reached = np.array([True, False, True, True])
    of = xray(found, exact, reached, relevance)
    whole = of.overall
    # Pair 1 was not visited, pair 2 outranked, pair 3 found where exact search misses it.
    assert (whole.encoder, whole.routing, whole.scoring, whole.gain) == (0.25, 0.25, 0.25, 0.25)
    assert of.by_distance[0].scoring == 0.5
    assert of.by_distance[1].routing == 0.5
    assert of.by_distance[1].n == 2


def test_what_is_not_known_to_be_visited_is_undivided():
    relevance = relevance_of([0], [1], [0], 1)
    of = xray(np.array([False]), np.array([True]), None, relevance)
    assert of.undivided
    assert (of.overall.routing, of.overall.scoring) == (1, 0)


pairs = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(pairs, st.integers(1, 5), st.booleans())
def test_one_minus_recall_is_the_sum_for_each_query_and_at_each_distance(bits, n_queries, known):
    found, exact, reached = (np.array(column) for column in zip(*bits, strict=True))
    n = len(bits)
    relevance = relevance_of(np.arange(n) % n_queries, np.arange(n), np.arange(n) % 3, n_queries, n)
    of = xray(found, exact, reached if known else None, relevance)
    for distance, loss in of.by_distance.items():
        recall = found[relevance.distances == distance].mean()
        total = loss.encoder + loss.routing + loss.scoring - loss.gain
        assert total == pytest.approx(1 - recall, abs=1e-12)
    counts = {
        name: np.bincount(relevance.queries, pairs, n_queries)
        for name, pairs in losses(found, exact, reached if known else None).items()
    }
    missed = np.bincount(relevance.queries, ~found, n_queries)
    total = counts["encoder"] + counts["routing"] + counts["scoring"]
    np.testing.assert_array_equal(total - counts["gain"], missed)


def test_a_relevant_document_is_reached_if_one_of_its_leaves_is_probed():
    meter = VisitedMeter(np.array([[0, 1], [1, 2], [2, 3]]), 3)
    leaves = np.array([[0, -1], [2, 3]])
    reached = meter.reached(leaves, np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 0]))
    assert reached.tolist() == [True, False, False, True, False]


def test_the_exact_ranking_is_cut_as_the_run_is():
    relevance = relevance_of([0, 0], [1, 2], [0, 1], 1)
    judged = Judgements(relevance)
    exact = judged.found(np.array([[2, 5, 1]]))  # the first |S| = 2 count: document 1 is third
    assert exact.tolist() == [False, True]
    evaluation = Evaluation(judged, 6)
    evaluation.exact = exact
    evaluation.add(SUMMARY, np.array([[1, 5]]), np.array([True, False]))
    (point,) = evaluation.points()
    assert point.recall == 0.5
    whole = point.xray.overall
    assert (whole.encoder, whole.routing, whole.scoring, whole.gain) == (0.5, 0.5, 0, 0.5)


def test_every_cell_with_vectors_has_one_that_sums(bench, tmp_path):
    methods = "masked-de,masked-de+faiss-ivf,de-hnsw,random"
    done = bench("--methods", methods, "--datasets", "tree", "--set", "steps=200")
    assert done.returncode == 0, done.stderr
    cells = [
        Cell.model_validate_json(path.read_bytes())
        for path in (tmp_path / "out" / "runs").glob("*/*/*/cell.json")
    ]
    by_method = {cell.method: cell for cell in cells}
    assert all(point.xray is None for point in by_method["random"].points)
    for name in ("masked-de", "masked-de+faiss-ivf", "de-hnsw"):
        for point in by_method[name].points:
            whole = point.xray.overall
            total = whole.encoder + whole.routing + whole.scoring - whole.gain
            assert total == pytest.approx(1 - point.recall, abs=2e-5)
            assert [stratum.distance for stratum in point.recall_by_distance] == list(
                point.xray.by_distance
            )
    exhaustive = by_method["masked-de"].points[0].xray.overall
    assert (exhaustive.routing, exhaustive.scoring, exhaustive.gain) == (0, 0, 0)
    first = by_method["masked-de+faiss-ivf"].points[0].xray
    assert not first.undivided
    assert first.overall.routing > 0
    assert by_method["de-hnsw"].points[0].xray.undivided


def test_a_run_file_keeps_what_the_x_ray_needs(bench, tmp_path):
    bench("--methods", "masked-de+faiss-ivf", "--datasets", "tree", "--set", "steps=100")
    (run,) = (tmp_path / "out").glob("runs/*/*/*/run.parquet")
    table = pq.read_table(run).to_pylist()
    last = table[-1]
    assert all((row["exact"] is None) == (row["point"] < last["point"]) for row in table)
    assert len(last["reached"]) == len(last["exact"]) == len(last["ids"])
