"""nDCG, recall and reciprocal rank: by hand, against ir_measures, and on published runs."""

import math

import ir_measures
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.arrays.relevance import Relevance
from bench.errors import InputError
from bench.evaluation.points import Evaluation
from bench.measures import ranking
from bench.measures.ranking import (
    MEASURES,
    Measure,
    by_name,
    gains_of_rankings,
    ndcg,
    ranking_measures,
    without,
)
from bench.task.judgements import Judgements
from tests.cells import SUMMARY


def relevance_of(rows, n_documents):
    """From a list of {document: distance} for each query."""
    pairs = [(q, d, h) for q, row in enumerate(rows) for d, h in row.items()]
    queries, documents, distances = np.array(pairs).reshape(-1, 3).T
    return Relevance.from_pairs(queries, documents, distances, len(rows), n_documents)


def test_ndcg_by_hand():
    relevance = relevance_of([{0: 0, 1: 1}], 5)
    gains = np.array([3.0, 1.0])
    # Document 1 (gain 1) is first, document 0 (gain 3) third.
    found = ndcg(gains_of_rankings(np.array([[1, 4, 0]]), relevance, gains), 10)
    ideal = 3 + 1 / math.log2(3)
    assert found[0] == pytest.approx((1 + 3 / math.log2(4)) / ideal)


def test_only_the_first_ten_count_for_ndcg_at_ten():
    relevance = relevance_of([{11: 0}], 12)
    ids = np.arange(12)[None, :]
    assert ranking_measures(ids, relevance, np.ones(1))["nDCG@10"][0] == 0
    assert ranking_measures(ids, relevance, np.ones(1))["R@20"][0] == 1


def test_reciprocal_rank_is_of_the_first_relevant_document():
    relevance = relevance_of([{2: 0, 3: 0}, {0: 0}], 5)
    measured = ranking_measures(np.array([[0, 2, 3], [4, 3, 2]]), relevance, np.ones(3))
    assert list(measured["MRR@10"]) == [0.5, 0]


def test_recall_and_mrr_count_from_the_least_gain_on():
    relevance = relevance_of([{0: 0, 1: 1}], 5)
    measured = ranking_measures(np.array([[1, 0]]), relevance, np.array([2.0, 1.0]), least_gain=2)
    assert measured["MRR@10"][0] == 0.5
    assert measured["R@10"][0] == 1


def test_a_query_that_returned_nothing_scores_zero():
    measured = ranking_measures(np.array([[-1, -1]]), relevance_of([{0: 0}], 3), np.ones(1))
    assert all(values[0] == 0 for values in measured.values())


def test_average_precision_is_the_mean_precision_at_relevant_documents():
    relevance = relevance_of([{0: 0, 3: 0, 4: 0}], 5)
    measured = ranking_measures(np.array([[0, 1, 3]]), relevance, np.ones(3))
    assert measured["MAP@100"][0] == pytest.approx((1 / 1 + 2 / 3) / 3)


def test_a_measure_whose_name_is_taken_is_an_error_that_names_it():
    with pytest.raises(InputError, match=r"two measures are named 'R@10'; rename one"):
        by_name([*MEASURES.values(), Measure("R@10", lambda ranked: ranked.n_relevant, "")])


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 2.0])
def test_a_measure_that_gives_no_share_is_an_error_that_names_it(monkeypatch, value):
    odd = Measure("odd", lambda ranked: np.full(len(ranked.gained), value), "nothing")
    monkeypatch.setattr(ranking, "MEASURES", {"odd": odd})
    with pytest.raises(InputError, match="the measure odd must give 1 shares from 0 to 1"):
        ranking_measures(np.array([[0]]), relevance_of([{0: 0}], 3), np.ones(1))


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (lambda ranked: None, "must give 1 shares"),
        (lambda ranked: [0.5, 0.5], "must give 1 shares"),
        (lambda ranked: 1 // 0, "fails: "),
    ],
)
def test_a_measure_that_gives_something_else_or_fails_is_named(monkeypatch, of, said):
    monkeypatch.setattr(ranking, "MEASURES", {"odd": Measure("odd", of, "nothing")})
    with pytest.raises(InputError, match=f"the measure odd {said}"):
        ranking_measures(np.array([[0]]), relevance_of([{0: 0}], 3), np.ones(1))


def test_documents_left_out_make_room_for_those_below():
    removed = relevance_of([{1: 0}], 4)
    assert list(without(np.array([[1, 2, 3]]), removed)[0]) == [2, 3, -1]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_all_measures_are_those_of_ir_measures(data):
    n_documents, n_queries = 30, 3
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    grades = rng.integers(0, 4, (n_queries, n_documents)) * (rng.random((n_queries, 30)) < 0.4)
    grades[:, 0] = 3
    queries, documents = np.nonzero(grades)
    distances = 3 - grades[queries, documents]
    relevance = Relevance.from_pairs(queries, documents, distances, n_queries, n_documents)
    gains = np.array([3.0, 2.0, 1.0])[relevance.distances]
    k = data.draw(st.integers(1, n_documents))
    ids = np.array([rng.permutation(n_documents)[:k] for _ in range(n_queries)])
    least = data.draw(st.integers(1, 3))
    measured = ranking_measures(ids, relevance, gains, least)

    qrels = [
        ir_measures.Qrel(str(q), str(d), int(grades[q, d]))
        for q in range(n_queries)
        for d in range(n_documents)
    ]
    run = [
        ir_measures.ScoredDoc(str(q), str(d), float(-rank))
        for q in range(n_queries)
        for rank, d in enumerate(ids[q])
    ]
    names = {
        "nDCG": ir_measures.nDCG,
        "MRR": ir_measures.RR(rel=least),
        "MAP": ir_measures.AP(rel=least),
        "R": ir_measures.R(rel=least),
    }
    parts = {name: name.split("@") for name in MEASURES}
    theirs = {name: names[kind] @ int(cut) for name, (kind, cut) in parts.items()}
    for metric in ir_measures.iter_calc(list(theirs.values()), qrels, run):
        name = next(name for name, measure in theirs.items() if measure == metric.measure)
        assert measured[name][int(metric.query_id)] == pytest.approx(metric.value), name


@pytest.mark.parametrize(("run", "expected"), [("bm25", 0.5058), ("tas-b", 0.7210)])
def test_published_runs_of_dl19_have_their_published_ndcg(data_dir, run, expected):
    columns = ["query", "_", "document", "grade"]
    judged = pd.read_csv(
        data_dir / "msmarco-slice" / "2019qrels-pass.txt", sep=r"\s+", names=columns, dtype=str
    )
    ranked = pd.read_csv(
        data_dir / "runs" / f"dl19.{run}.trec",
        sep=r"\s+",
        names=["query", "_", "document", "rank", "score", "tag"],
        dtype={"query": str, "document": str},
    ).sort_values(["query", "rank"])
    queries = judged["query"].unique()
    documents = pd.Index(pd.concat([judged["document"], ranked["document"]]).unique())
    grade = judged["grade"].astype(int)
    relevant = judged[grade > 0]
    relevance = Relevance.from_pairs(
        pd.Index(queries).get_indexer(relevant["query"]),
        documents.get_indexer(relevant["document"]),
        3 - grade[grade > 0].to_numpy(),
        len(queries),
        len(documents),
    )
    ids = np.full((len(queries), 100), -1)
    for query, found in ranked.groupby("query"):
        top = documents.get_indexer(found["document"])[:100]
        ids[list(queries).index(query), : len(top)] = top
    gains = np.array([3.0, 2.0, 1.0])[relevance.distances]
    assert len(queries) == 43
    assert ndcg(gains_of_rankings(ids, relevance, gains), 10).mean() == pytest.approx(
        expected, abs=5e-5
    )


def test_seen_and_unseen_are_measured_apart_and_neither_counts_against_the_other():
    relevance = relevance_of([{0: 0, 1: 0}, {2: 0}], 5)
    seen = np.array([True, False, False])
    evaluation = Evaluation(Judgements(relevance, cut=100, seen=seen), relevance.n_documents)
    evaluation.add(SUMMARY, np.array([[1, 0, 3], [3, 4, 2]]))
    (point,) = evaluation.points()
    assert point.seen.n_queries == 1
    assert point.unseen.n_queries == 2
    # Document 0 stands second, behind the unseen document 1, which is left out.
    assert point.seen.ranking["MRR@10"].mean == 1
    assert point.unseen.ranking["MRR@10"].mean == pytest.approx((1 + 1 / 3) / 2)
    assert point.seen.n_pairs + point.unseen.n_pairs == relevance.n_pairs


def test_seen_and_unseen_recall_by_distance_add_up_to_the_whole():
    rng = np.random.default_rng(0)
    rows = [{int(d): int(h) for h, d in enumerate(rng.permutation(20)[:4])} for _ in range(30)]
    relevance = relevance_of(rows, 20)
    seen = relevance.queries % 3 == 0
    evaluation = Evaluation(Judgements(relevance, seen=seen), relevance.n_documents)
    evaluation.add(SUMMARY, np.array([rng.permutation(20)[:8] for _ in range(30)]))
    (point,) = evaluation.points()
    whole = sum(stratum.n * stratum.recall for stratum in point.recall_by_distance)
    parts = sum(
        stratum.n * stratum.recall
        for part in (point.seen, point.unseen)
        for stratum in part.recall_by_distance
    )
    assert parts == pytest.approx(whole, abs=1e-9)
