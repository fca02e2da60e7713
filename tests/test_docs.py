"""The example of docs/measures.md, computed by the code that measures every cell."""

import re
from itertools import pairwise

import numpy as np
import pytest

from bench.arrays.relevance import Relevance
from bench.evaluation.points import Evaluation
from bench.leaves import leaf_health, load
from bench.measures.budget import DEFAULT
from bench.measures.choice import Chosen
from bench.measures.differences import differences, holm, mean_squares
from bench.measures.purity import leaf_purity
from bench.measures.ranking import ranking_measures
from bench.measures.recall import found_at
from bench.measures.visited import VisitedMeter
from bench.measures.word_pairs import correlation, rank_scores
from bench.report.boards.against import against_cost
from bench.report.boards.choice import choice_boards
from bench.report.rows import rows_of
from bench.store.point_run import PointSummary
from bench.task.judgements import Judgements
from tests.cells import cell, point
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "measures.md").read_text()
ANIMAL, DOG, CAT, PUPPY, KITTEN = range(5)
# The queries are rows 0 (puppy) and 1 (cat).
RELEVANT = Relevance.from_pairs(
    np.array([0, 0, 0, 1, 1]),
    np.array([PUPPY, DOG, ANIMAL, CAT, ANIMAL]),
    np.array([0, 1, 2, 0, 1]),
    n_queries=2,
    n_documents=5,
)
LEAF = np.array([0, 0, 1, 0, 1])
RANKED = [
    np.array([[PUPPY, DOG, ANIMAL, -1, -1], [CAT, KITTEN, -1, -1, -1]]),
    np.array([[CAT, PUPPY, DOG, ANIMAL, KITTEN], [CAT, ANIMAL, KITTEN, DOG, PUPPY]]),
]
PROBED = [np.array([[0], [1]]), np.array([[0, 1], [0, 1]])]
CENTROIDS = 2


def measured(judged, rankings=RANKED):
    """The results of both settings."""
    evaluation = Evaluation(judged, 5)
    evaluation.exact = judged.found(rankings[1])
    meter = VisitedMeter(LEAF, 5)
    for nprobe, (ids, leaves) in enumerate(zip(rankings, PROBED, strict=True), start=1):
        visited = meter.count(leaves, ids).mean()
        summary = PointSummary({"nprobe": nprobe}, 2, visited, False, CENTROIDS, 1.0)
        pairs = judged.relevance
        evaluation.add(summary, ids, meter.reached(leaves, pairs.queries, pairs.documents))
    return evaluation.points()


@pytest.fixture(scope="module")
def hierarchy():
    return measured(Judgements(RELEVANT))


@pytest.fixture(scope="module")
def texts():
    seen = RELEVANT.documents != ANIMAL
    return measured(Judgements(RELEVANT, cut=100, gains=(2, 1, 1), seen=seen))


def row_of(name, under=""):
    """The last figure of each cell of a row of the page's tables."""
    lines = PAGE[PAGE.index(under) :].splitlines()
    line = next(line for line in lines if line.startswith(f"| {name} |"))
    return [last_figure(text) for text in line.strip("|").split("|")[1:]]


def last_figure(text):
    """``100.0`` of ``2 of 2 = 100.0``, if that is so."""
    sum_, equals, figure = (part.strip() for part in text.rpartition(" = "))
    if equals:
        plain = sum_.rpartition(": ")[2].replace(" of ", " / ").replace("−", "-").replace("·", "*")
        per = 100 if plain.count("/") else 1
        value = eval(re.sub(r"[^0-9.+*/() -]", "?", plain))
        assert figure in {f"{per * value:.1f}", f"{value:.3f}"}, text
    return figure


def shares(*values):
    return [f"{100 * value:.1f}" for value in values]


def test_recall_by_distance_overall_macro_and_min(hierarchy):
    for h in range(3):
        found = [point.recall_by_distance[h] for point in hierarchy]
        assert row_of(f"distance {h}") == shares(*(stratum.recall for stratum in found))
    for name, field in (("overall", "recall"), ("macro", "macro"), ("min", "min")):
        assert row_of(name) == shares(*(getattr(point, field) for point in hierarchy))


def test_training_pairs_leave_the_ranking_first():
    kept = RELEVANT.documents != PUPPY
    inside, removed = RELEVANT.where(kept).rows([0]), RELEVANT.where(~kept).rows([0])
    found = found_at(RANKED[1][:1], inside, removed)
    assert f"1 of 2 = {100 * found.mean():.1f}" in PAGE


@pytest.mark.parametrize("measure", ["nDCG@10", "MRR@10", "MAP@100", "R@10"])
def test_ranking_measures(texts, measure):
    assert row_of(measure) == shares(*(point.ranking[measure].mean for point in texts))


def test_the_terms_of_ndcg():
    gained = 2 / np.log2(3) + 1 / np.log2(4) + 1 / np.log2(5)
    best = 2 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert f"{gained:.3f} / {best:.3f} = {gained / best:.3f}" in PAGE
    judged = Judgements(RELEVANT, cut=100, gains=(2, 1, 1)).rows(np.array([0]))
    assert judged.score(RANKED[1][:1]) == pytest.approx(gained / best)


def test_a_query_without_an_answer_counts_0():
    nothing = np.where([[True], [False]], RANKED[1], -1)
    judged = Judgements(RELEVANT, cut=100, gains=(2, 1, 1))
    assert f"(0.700 + 0) / 2 = {100 * judged.score(nothing):.1f}" in PAGE


def test_ties_are_read_in_the_order_returned():
    relevance = RELEVANT.rows(np.array([0]))
    first = RANKED[1][:1]
    swapped = first[:, [1, 0, 2, 3, 4]]
    as_above, other = (
        ranking_measures(ids, relevance, np.ones(3))["MRR@10"][0] for ids in (first, swapped)
    )
    assert f"MRR@10 of the query is {as_above:.1f} as above" in PAGE
    assert f"puppy first, it would be {other:.1f}" in PAGE


@pytest.mark.parametrize("measure", ["R@10", "nDCG@10"])
def test_seen_and_unseen(texts, measure):
    parts = (texts[0].seen, texts[0].unseen)
    told = row_of(measure, under="| in per cent, `nprobe=1` |")
    assert told == shares(*(part.ranking[measure].mean for part in parts))


def test_visited_and_work(hierarchy):
    assert row_of("visited") == shares(*(point.visited for point in hierarchy))
    assert row_of("work") == shares(*(point.work for point in hierarchy))


def test_a_column_shows_the_setting_that_visits_most_within_it(hierarchy):
    rows = rows_of([cell("example", points=hierarchy)])
    board = against_cost(rows, "Recall", lambda point: point.recall, "visited", with_shares=True)
    columns = [board.header.index(name) for name in ("≤ 10 %", "≤ 20 %", "≤ 50 %", "no limit")]
    assert row_of("example") == [board.rows[0][column] for column in columns]


def test_chosen_on_validation_and_best_in_hindsight():
    points = [point(0.04, 0.5), point(0.09, 0.55), point(0.2, 0.65)]
    chosen = Chosen(budget=0.1, number=0, score=0.6, visited=0.04)
    (board,) = choice_boards(rows_of([cell(points=points, chosen=chosen)]), DEFAULT)
    _, _, setting, score, _, best, best_score, gap = board.rows[0]
    assert f"Chosen is `{setting}` ({score} on the test)" in PAGE
    text = " ".join(PAGE.split())
    assert f"hindsight is `{best}` ({best_score}); the gap is {gap}" in text


def test_the_xray(hierarchy):
    table = "| in per cent of the pairs |"
    for name, found in zip(("`nprobe=1`", "`nprobe=2`"), hierarchy, strict=True):
        loss = found.xray.overall
        terms = (loss.encoder, loss.routing, loss.scoring, loss.gain, 1 - found.recall)
        assert row_of(name, under=table) == shares(*terms)
        assert loss.encoder + loss.routing + loss.scoring - loss.gain == pytest.approx(terms[-1])


def test_how_evenly_documents_lie_in_leaves():
    health = leaf_health(LEAF, 2)
    for name, value in (
        ("largest leaf", health.largest),
        ("Gini", health.gini),
        ("entropy", health.entropy),
        ("expected documents", health.expected),
        ("even", health.even),
    ):
        assert row_of(name)[-1] == f"{value:.3f}"


def test_how_queries_and_subtrees_lie_in_leaves(monkeypatch):
    probes = VisitedMeter(LEAF, 5).probes(PROBED[0])
    assert row_of("load of queries")[-1] == f"{load(probes):.3f}"
    monkeypatch.setattr("bench.measures.purity.MOST", 0.5)
    nodes = [ANIMAL, DOG, CAT, PUPPY, KITTEN, DOG, CAT, PUPPY, KITTEN, PUPPY, KITTEN]
    above = [*range(5), ANIMAL, ANIMAL, DOG, CAT, ANIMAL, ANIMAL]
    distances = [0] * 5 + [1] * 4 + [2] * 2
    every = Relevance.from_pairs(*map(np.array, (nodes, above, distances)), 5, 5)
    assert row_of("purity")[-1] == f"{leaf_purity(LEAF[:, None], every).purity:.3f}"


def test_the_interval(hierarchy):
    low, high = shares(hierarchy[0].low, hierarchy[0].high)
    assert f"as it looks: {low} … {high}." in PAGE


def test_p_values_and_their_correction():
    (found,) = differences([mean_squares(np.array([[0.0, 2], [2, 4]]))], n_rows=2)
    interval = f"{found.low:.1f} … {found.high:.1f} and p = {found.p:.2f}"
    assert interval.replace("-", "−") in PAGE
    adjusted = [f"{p:.2f}" for p in holm(np.array([0.01, 0.03, 0.04]))]
    assert "0.01, 0.03 and 0.04 become {}, {} and {}.".format(*adjusted) in PAGE


def test_correlation_of_pairs_of_words():
    table = PAGE[PAGE.index("| pair | people |") :].splitlines()[2:6]
    people, scores = np.array([line.split("|")[2:4] for line in table], float).T
    found = correlation(scores, people, score="score", subset="all")
    assert f"(4 · 15) = {found.rho:.3f}" in PAGE
    (rank,) = rank_scores(np.array([0.7]), np.array([0]), np.array([[0.9, 0.7, 0.1]]))
    assert f"−ln 2.5 = −{-rank:.3f}" in PAGE


def test_its_pages_link_to_what_is_there():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        text = page.read_text()
        for before, after in pairwise(text.split("](")):
            target = after.partition(")")[0].partition("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {before[-20:]}]({target})"


def test_each_test_that_trust_md_names_exists():
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", (ROOT / "docs" / "trust.md").read_text())
    assert len(named) > 40
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert missing == []


def test_the_published_boards_can_be_read_on_a_code_host():
    front = ROOT / "results" / "LEADERBOARD.md"
    assert front.stat().st_size < 100_000
    assert max(map(len, front.read_text().splitlines())) < 250  # a row by its settings
    boards = [*(ROOT / "results" / "boards").glob("*.md")]
    assert len(boards) > 10
    # A code host shows half a megabyte; 30 rows by 30 boards are a quarter of that.
    assert max(path.stat().st_size for path in boards) < 200_000
