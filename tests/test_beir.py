"""The loader and the evaluator of BEIR beside ours, on the same folders and the same rankings.

docs/text.md explains where the two differ; each difference has a test here.
"""

import json

import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bench.data.load import load_dataset
from bench.data.readers import beir as ours
from bench.errors import InputError
from bench.evaluation.points import Evaluation
from tests.cells import SUMMARY
from tests.test_text_readers import lines, qrels

loading = pytest.importorskip("beir.datasets.data_loader", reason="needs the dev extra's beir")
evaluation = pytest.importorskip("beir.retrieval.evaluation", reason="needs the dev extra's beir")

WORDS = [
    "homework",
    "tax",
    "zoo",
    "veto",
    "salt",
    "coal",
    "drug",
    "vote",
    "whale",
    "prize",
    "court",
]
"""Topics of arguments; the judgements of the last one name a document that is not there."""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def arguments(tmp_path):
    """ArguAna's form: a query is a document without its title; the answer is the argument against
    it; one answer is not in the corpus."""
    folder = tmp_path / "arguments"
    folder.mkdir()
    both = [(f"test-{word}-{side}01a", word, side) for word in WORDS for side in ("pro", "con")]
    texts = {
        i: f"{'Ban' if side == 'pro' else 'Keep'} the {word}: it is so." for i, word, side in both
    }
    corpus = [{"_id": i, "title": f"{word} house", "text": texts[i]} for i, word, _ in both[:-1]]
    asked = [i for i, _, side in both if side == "pro"]
    lines(folder / "corpus.jsonl", corpus)
    lines(folder / "queries.jsonl", [{"_id": i, "text": texts[i]} for i in asked])
    qrels(folder / "qrels" / "test.tsv", [(i, i.replace("pro", "con"), 1) for i in asked])
    return folder


@pytest.fixture(
    params=["arguments", "scifact", pytest.param("insuranceqa", marks=pytest.mark.slow)]
)
def folder(request):
    if request.param == "arguments":
        return request.getfixturevalue("arguments")
    path = request.getfixturevalue("data_dir") / request.param
    if not path.is_dir():
        pytest.skip(f"{path} is not there")
    return path


def loaded(folder, split="test"):
    """Documents, queries and judgements as BEIR loads them."""
    return loading.GenericDataLoader(str(folder)).load(split)


def read(folder, **options):
    """The task as ours reads it; BEIR has no limit to what is missing."""
    return ours.read("task", folder, **{"most_missing": 1.0} | options)


def judged(task):
    """Judgements of the test as BEIR has them, of documents that are there."""
    relevance, found = task.test.relevance, {}
    for q, d, gain in zip(
        relevance.queries, relevance.documents, task.test.pair_gains, strict=True
    ):
        if d < len(task.document_names):
            found.setdefault(task.query_names[q], {})[task.document_names[d]] = int(gain)
    return found


def rankings(queries, judgements, documents, n=110):
    """For each query its own document, some that are judged and some that are not, best first."""
    rng = np.random.default_rng(0)
    known, found = sorted(documents), {}
    for query in queries:
        mixed = {*rng.choice(known, min(n, len(known)), replace=False).tolist()}
        mixed |= {*judgements.get(query, {}), query} & documents.keys()
        found[query] = rng.permutation(sorted(mixed)).tolist()
        if query in documents and rng.random() < 0.8:  # as exact search finds it
            found[query].remove(query)
            found[query].insert(0, query)
    return found


def by_ours(task, ranked):
    """Our measures of rankings by name, of which each is cut where it is judged."""
    row = {name: i for i, name in enumerate(task.document_names)}
    rows = task.test.relevance.answered
    test = task.test.rows(rows)
    ids = np.full((len(rows), test.depth.max()), -1)
    for place, names in enumerate(ranked[task.query_names[r]] for r in rows):
        ids[place, : len(names)] = [row[name] for name in names][: ids.shape[1]]
    points = Evaluation(test, len(row))
    points.add(SUMMARY, ids)
    return {name: value.mean for name, value in points.points()[0].ranking.items()}


def by_beir(judgements, ranked, **options):
    """BEIR's measures of the same rankings, under our names."""
    results = {
        query: {name: float(len(names) - place) for place, name in enumerate(names)}
        for query, names in ranked.items()
    }
    evaluator = evaluation.EvaluateRetrieval
    found = evaluator.evaluate(judgements, results, [1, 3, 5, 10, 20, 50, 100], **options)
    ndcg, average_precision, recall, _ = found
    found = ndcg | recall | evaluator.evaluate_custom(judgements, results, [10], "mrr")
    names = {"NDCG": "nDCG", "Recall": "R"}
    found = {
        "@".join([names.get(name.split("@")[0], name.split("@")[0]), name.split("@")[1]]): value
        for name, value in found.items()
    }
    return found | {"MAP@100": average_precision["MAP@100"]}


def assert_same(mine, its):
    assert {name: mine[name] for name in mine} == {
        name: pytest.approx(its[name], abs=6e-6) for name in mine
    }


class TestSame:
    def test_documents_and_queries_are_the_same(self, folder):
        corpus, queries, judgements = loaded(folder)
        task = read(folder)
        assert dict(zip(task.document_names, task.document_texts, strict=True)) == {
            name: f"{document['title']} {document['text']}".strip()
            for name, document in corpus.items()
        }
        asked = task.queries_of(task.test)
        assert dict(zip(asked.names, asked.texts, strict=True)) == {
            name: queries[name].strip() for name in judgements
        }

    def test_judgements_are_the_same(self, folder):
        corpus, _, judgements = loaded(folder)
        task = read(folder)
        there = {
            query: {name: score for name, score in scores.items() if name in corpus}
            for query, scores in judgements.items()
        }
        assert judged(task) == {query: scores for query, scores in there.items() if scores}
        n_pairs = sum(len(scores) for scores in judgements.values())
        assert task.test.relevance.n_pairs == n_pairs

    def test_measures_are_the_same(self, folder):
        corpus, queries, judgements = loaded(folder)
        ranked = rankings(queries, judgements, corpus)
        assert_same(by_ours(read(folder), ranked), by_beir(judgements, ranked))

    def test_measures_of_trecs_form_are_the_same(self, arguments):
        corpus, queries, judgements = loaded(arguments)
        grade = {query: n % 3 + 1 for n, query in enumerate(judgements)}
        trec = arguments / "qrels" / "test.qrels"
        trec.write_text(
            "".join(
                f"{query} 0 {name} {grade[query]}\n"
                for query, scores in judgements.items()
                for name in scores
            )
        )
        (arguments / "qrels" / "test.tsv").unlink()
        with pytest.raises(ValueError, match="not present"):
            loaded(arguments)  # BEIR reads its own form alone
        with trec.open() as file:
            judgements = pytrec_eval.parse_qrel(file)
        task, ranked = read(arguments), rankings(queries, judgements, corpus)
        assert judged(task) == {q: s for q, s in judgements.items() if {*s} <= corpus.keys()}
        assert_same(by_ours(task, ranked), by_beir(judgements, ranked))

    def test_the_tracks_own_judgements_of_dl19_give_the_same(self, data_dir, tmp_path):
        source = data_dir / "msmarco-slice"
        if not source.is_dir():
            pytest.skip(f"{source} is not there")
        folder = tmp_path / "dl19"
        (folder / "qrels").mkdir(parents=True)
        for file in ("corpus.jsonl", "queries.jsonl"):
            (folder / file).symlink_to(source / file)
        (folder / "qrels" / "test.txt").symlink_to(source / "2019qrels-pass.txt")
        corpus, queries, judgements = loaded(source, "dl19")
        task = read(folder)
        assert judged(task) == {
            query: {name: score for name, score in scores.items() if score > 0}
            for query, scores in judgements.items()
        }
        ranked = rankings(queries, judgements, corpus)
        assert_same(by_ours(task, ranked), by_beir(judgements, ranked))


IDS = st.sampled_from(["1", "2", "3", "a", "b"])
"""Ids of queries and of documents, so that they coincide; some are judged and not there."""


@given(
    documents=st.dictionaries(IDS, st.sampled_from(["x", "y"]), min_size=2),
    queries=st.dictionaries(IDS, st.sampled_from(["x", "T x", "y"]), min_size=1),
    judged_pairs=st.dictionaries(st.tuples(IDS, IDS), st.integers(-1, 3), min_size=1),
    data=st.data(),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_small_folder_gives_the_same(tmp_path, documents, queries, judged_pairs, data):
    scores = {pair: n for pair, n in judged_pairs.items() if pair[0] in queries}
    relevant = {q for (q, _), n in scores.items() if n > 0}
    assume(any(n > 0 and d in documents for (_, d), n in scores.items()))
    rows = [{"_id": i, "title": "T", "text": text} for i, text in documents.items()]
    lines(tmp_path / "corpus.jsonl", rows)
    lines(tmp_path / "queries.jsonl", [{"_id": i, "text": text} for i, text in queries.items()])
    # BEIR counts a query 0 that is judged irrelevant alone, which ours does not ask.
    qrels(tmp_path / "qrels" / "test.tsv", [(*p, n) for p, n in scores.items() if p[0] in relevant])
    _, _, judgements = loaded(tmp_path)
    ranked = {q: data.draw(st.permutations(sorted(documents))) for q in sorted(relevant)}
    for ignore, as_beir in (("always", True), ("never", False)):
        mine = by_ours(read(tmp_path, ignore_identical_ids=ignore), ranked)
        assert_same(mine, by_beir(judgements, ranked, ignore_identical_ids=as_beir))


class TestDifferent:
    """What docs/text.md says of differences."""

    def test_ids_that_coincide_by_chance_are_kept_here_and_left_out_there(self, arguments):
        queries = [json.loads(line) for line in (arguments / "queries.jsonl").open()]
        lines(arguments / "queries.jsonl", [row | {"text": "another"} for row in queries])
        corpus, queries, judgements = loaded(arguments)
        ranked = rankings(queries, judgements, corpus)
        mine, its = by_ours(read(arguments), ranked), by_beir(judgements, ranked)
        assert mine["nDCG@10"] < its["nDCG@10"]
        as_beir = read(arguments, ignore_identical_ids="always")
        assert_same(by_ours(as_beir, ranked), its)
        kept = by_beir(judgements, ranked, ignore_identical_ids=False)
        assert_same(mine, kept)

    def test_an_own_document_that_is_judged_relevant_is_kept_here_and_left_out_there(
        self, arguments
    ):
        names = [json.loads(line)["_id"] for line in (arguments / "queries.jsonl").open()]
        qrels(arguments / "qrels" / "test.tsv", [(name, name, 1) for name in names])
        _, queries, judgements = loaded(arguments)
        ranked = {name: [name] for name in queries}
        assert by_ours(read(arguments), ranked)["R@10"] == 1
        assert by_beir(judgements, ranked)["R@10"] == 0
        assert by_ours(read(arguments, ignore_identical_ids="always"), ranked)["R@10"] == 0

    def test_a_query_judged_irrelevant_alone_is_not_asked_here_and_counts_0_there(self, arguments):
        name = json.loads((arguments / "queries.jsonl").open().readline())["_id"]
        text = (arguments / "qrels" / "test.tsv").read_text()
        (arguments / "qrels" / "test.tsv").write_text(text.replace("con01a\t1", "con01a\t0", 1))
        corpus, queries, judgements = loaded(arguments)
        assert list(judgements[name].values()) == [0]
        ranked = rankings(queries, judgements, corpus)
        mine, its = by_ours(read(arguments), ranked), by_beir(judgements, ranked)
        assert mine["nDCG@10"] * 10 == pytest.approx(its["nDCG@10"] * 11, abs=1e-4)

    def test_a_query_that_is_not_there_counts_0_here_and_ends_beirs_loader(self, arguments):
        with (arguments / "qrels" / "test.tsv").open("a") as file:
            file.write("nobody\ttest-tax-con01a\t1\n")
        with pytest.raises(KeyError, match="nobody"):
            loaded(arguments)
        assert len(read(arguments).test.relevance.answered) == 12

    def test_a_pair_judged_twice_is_refused_here_and_the_last_line_counts_there(self, arguments):
        with (arguments / "qrels" / "test.tsv").open("a") as file:
            file.write("test-tax-pro01a\ttest-tax-con01a\t2\n")
        assert loaded(arguments)[2]["test-tax-pro01a"] == {"test-tax-con01a": 2}
        with pytest.raises(InputError, match="twice, with scores 1 and 2; keep one"):
            read(arguments)

    def test_a_quote_that_is_not_closed_is_refused_here_and_hides_lines_there(self, arguments):
        path = arguments / "qrels" / "test.tsv"
        path.write_text(path.read_text().replace("\ttest-tax", '\t"test-tax'))
        with pytest.raises(InputError, match=r"test\.tsv, line 3: .* ends with a quote"):
            read(arguments)
        with pytest.raises(IndexError):
            loaded(arguments)

    def test_a_first_line_that_is_a_judgement_is_refused_here_and_lost_there(self, arguments):
        path = arguments / "qrels" / "test.tsv"
        path.write_text(path.read_text().partition("\n")[2])
        assert len(loaded(arguments)[2]) == len(WORDS) - 1
        with pytest.raises(InputError, match="line 1 is a judgement already"):
            read(arguments)

    def test_blanks_around_a_text_are_removed_here_and_kept_there(self, arguments):
        path = arguments / "queries.jsonl"
        path.write_text(path.read_text().replace('"Ban the', '" Ban the'))
        _, queries, _ = loaded(arguments)
        task = read(arguments)
        assert all(text.startswith(" Ban") for text in queries.values())
        assert all(text.startswith("Ban") for text in task.query_texts)
        assert task.test.removed.n_pairs == 11  # the same text all the same

    def test_equal_scores_are_in_the_order_returned_here_and_by_id_there(self, arguments):
        _, queries, judgements = loaded(arguments)
        ranked = {name: [name.replace("pro", "con"), "test-zoo-pro01a"] for name in queries}
        ranked |= {name: ["test-tax-con01a"] for name in ("test-zoo-pro01a", "test-court-pro01a")}
        equal = {query: dict.fromkeys(names, 1.0) for query, names in ranked.items()}
        ndcg, *_ = evaluation.EvaluateRetrieval.evaluate(judgements, equal, [1])
        assert by_ours(read(arguments), ranked)["nDCG@1"] == pytest.approx(9 / 11)
        assert ndcg["NDCG@1"] == 0  # trec_eval takes the last id first


def test_a_users_folder_in_arguanas_form_says_what_was_left_out_and_what_is_missing(arguments):
    notes = load_dataset(f"beir:{arguments}").notes
    assert any("the id and the text of test queries, left out" in n and ": 11." in n for n in notes)
    assert any("1 of 11 relevant judgements (9.1%) name what is not there" in n for n in notes)
