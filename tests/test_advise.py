"""Advice: candidates judged on validation, halved as minutes allow, and told with their price."""

import json
import math
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from bench.advise import trials as trials_module
from bench.advise.advise import Advice
from bench.advise.answer import command, print_advice, python
from bench.advise.candidates import Candidate, Candidates
from bench.advise.frontier import DRAWN, draw, frontier
from bench.advise.goal import Goal, Option, per_cent
from bench.advise.losers import losers, unmeasured
from bench.advise.minutes import Minutes
from bench.advise.search import search
from bench.advise.trials import Trials, _ended
from bench.advise.validation import boards, split, warnings
from bench.cli.commands import main
from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.preparation import evaluate
from bench.measures.budget import Budget
from bench.measures.ranking import MAIN
from bench.measures.records import Interval, Latency
from bench.method.encoding import Encoding, Price
from bench.plan.encodings import Planned
from bench.registry import Registry
from bench.store.cell import Status
from bench.store.folder import Store
from bench.task.judgements import Judgements
from tests.cells import cell, lost, point, xrayed
from tests.conftest import ROOT, TOPICS


def timed_at(ms):
    return Latency(p50_ms=ms, p99_ms=ms, queries=3, rounds=3, waited=None)


VISITED = Goal(Budget(0.1))
NOTHING = Goal()


def advise(*options, out):
    return CliRunner().invoke(main, ["advise", *options, "--out", str(out)])


@pytest.fixture(scope="module")
def vectors():
    """2,000 documents and 90 queries as vectors, 8 of them validation."""
    return load_dataset("clusters:n=2000,queries=90,dim=8")


def faiss_ivf(candidates):
    """Faiss-IVF over the first encoder."""
    (found,) = (each for each in candidates.over(candidates.first[0]) if each.index == "faiss-ivf")
    return found


class TestTheTaskOfTheChoice:
    def test_its_test_is_the_validation_and_training_is_as_in_a_run(self, small_text_task):
        judged, tested, name = split(small_text_task)
        assert judged.test.relevance.answered.tolist() == [6, 7]
        assert judged.test.cut == 100
        assert tested is small_text_task
        assert name == "small-text"
        assert judged.training().relevance is small_text_task.train
        assert judged.validation is small_text_task.validation

    def test_many_validation_queries_are_drawn_from(self, small_task, monkeypatch):
        monkeypatch.setattr("bench.data.views.MOST", 5)
        asked = split(small_task).judged.test.relevance.answered
        assert len(asked) == 5
        assert set(asked) <= set(small_task.validation.relevance.answered)

    def test_many_test_queries_are_drawn_from_too(self, small_task, monkeypatch):
        for module in ("data.views", "advise.validation"):
            monkeypatch.setattr(f"bench.{module}.MOST_SAMPLED", 5)
        judged, tested, _ = split(small_task)
        assert (judged.name, tested.name) == ("small@validation", "small@sample")
        assert len(tested.test.relevance.answered) == 5
        assert set(tested.test.relevance.answered) <= set(small_task.test.relevance.answered)

    def test_without_validation_half_of_the_test_judges_and_the_other_half_tests(
        self, small_text_task
    ):
        relevance = small_text_task.validation.relevance
        nothing = Judgements(relevance.where(np.zeros(relevance.n_pairs, bool)), cut=100)
        judged, tested, name = split(replace(small_text_task, validation=nothing))
        here, there = (each.test.relevance.answered for each in (judged, tested))
        assert sorted([*here, *there]) == [0, 8, 9, 10, 11]
        assert len(here) == 2
        assert len(tested.test.seen) == tested.test.relevance.n_pairs
        assert (tested.name, name) == ("small-text@half", "small-text")

    def test_what_it_cannot_show_is_said_before(self, small_task, tmp_path):
        rows = ["id,parent_id,name", "1,,Goods", "2,1,Shoes", "3,1,Toys", "4,2,Boots"]
        (tmp_path / "mine.csv").write_text("\n".join(rows))
        typed = f"hierarchy:{tmp_path / 'mine.csv'}"
        task = load_dataset(typed)
        held, few = warnings(task, split(task).judged, typed, None)
        assert held.startswith(f"{typed},heldout=false: Training and test are the same pairs")
        assert held.endswith(f"--dataset {typed},heldout=nodes.")
        assert few.startswith("Candidates are judged on 4 queries: with fewer than 50")
        assert boards("tree", None) == ["tree"]

    def test_word_pairs_are_refused(self, small_task):
        with pytest.raises(InputError, match="asks for scores of word pairs"):
            split(replace(small_task, similarity=object()))


class TestTheGoal:
    def test_within_a_budget_the_best_score_wins_and_over_it_the_nearest(self):
        found = cell(points=[point(0.05, 0.6), point(0.1, 0.8), point(0.3, 0.9)])
        assert VISITED.best(found).number == 1
        assert Goal(Budget(0.1, "work")).best(found).number == 0
        assert Goal(Budget(0.01)).best(found).number == 0
        assert Goal(Budget(0.01)).missed(Option(found, 0)) == "misses ≤ 1 % visited (5 %)"

    def test_of_those_that_reach_a_recall_the_cheapest_wins(self):
        found = cell(points=[point(0.05, 0.6), point(0.1, 0.8), point(0.3, 0.9)])
        goal = Goal(Budget(math.inf, "work"), recall=0.7)
        assert goal.best(found).number == 1
        assert not goal.broken(goal.best(found))
        assert replace(goal, recall=0.95).best(found).number == 2

    def test_a_latency_that_was_not_measured_keeps_no_limit(self):
        assert Goal(latency_ms=5).missed(Option(cell(), 0)) == "misses p50 ≤ 5 ms (not timed)"

    def test_memory_is_that_of_the_index(self):
        costs = json.loads(cell().cost.model_dump_json()) | {"index_bytes": 3_000_000}
        assert Goal(memory_bytes=2_000_000).broken(Option(cell(cost=costs), 0))
        assert not Goal(memory_bytes=4_000_000).broken(Option(cell(cost=costs), 0))

    def test_the_nearest_is_the_one_that_misses_its_limits_by_least_together(self):
        timed = [
            point(0.1, recall).model_copy(update={"latency": timed_at(ms)})
            for recall, ms in ((0.962, 0.0545), (1.0, 0.0558), (0.933, 0.0542), (1.0, 0.08))
        ]
        goal = Goal(recall=1.0, latency_ms=0.01)
        assert goal.best(cell(points=timed)).number == 1

    def test_with_a_limit_of_recall_recall_is_shown_and_else_the_main_measure(self):
        found = cell(points=[point(0.05, 0.6)], cut=100)
        ndcg = {MAIN: Interval(mean=0.4, low=0.3, high=0.5)}
        found = found.model_copy(
            update={"points": [found.points[0].model_copy(update={"ranking": ndcg})]}
        )
        option = Option(found, 0)
        goal = Goal(recall=0.9)
        assert (goal.measure(found), goal.score(option)) == ("recall@100", 0.6)
        assert goal.interval(option) == (0.59, 0.61)
        assert (NOTHING.measure(found), NOTHING.score(option)) == ("nDCG@10", 0.4)

    def test_figures_of_limits_are_readable(self):
        huge = Goal(Budget(0.1, "work"), memory_bytes=100).limits(Option(cell(), 0))
        assert [(each.text, each.value) for each in huge] == [
            ("≤ 10 % work", "101 %"), ("index ≤ 100 B", "1 B")
        ]  # fmt: skip
        assert [per_cent(share) for share in (1, 1.5, 0.0027, 12.5)] == [
            "100 %", "150 %", "0.27 %", "1,250 %"
        ]  # fmt: skip

    def test_an_encoder_promises_more_whose_exact_search_finds_more(self):
        good, bad = (cell(points=[point(0.3, low), point(1, high)]) for low, high in
                     ((0.2, 0.9), (0.3, 0.5)))  # fmt: skip
        assert VISITED.promise(good) > VISITED.promise(bad)
        assert VISITED.rank(VISITED.best(good)) < VISITED.rank(VISITED.best(bad))


class TestTheCandidates:
    def test_tables_have_trained_encoders_over_every_index_that_fits(self, small_task):
        found = Candidates(small_task, Registry(), VISITED)
        assert {each.encoder for each in found.first} == {
            "masked-de", "ehi-encoder", "standard-de"
        }  # fmt: skip
        ehi = next(each for each in found.first if each.encoder == "ehi-encoder")
        over = {each.index for each in found.over(ehi)}
        assert {"exact", "hnsw", "adaptive-tree", "learned-tree"} <= over
        masked = {each.index for each in found.over(found.first[0])}
        assert "learned-tree" not in masked
        assert not any(name.startswith("sharded") for name in over)

    def test_parts_and_methods_of_ones_own_are_candidates_too(self, small_task):
        own = "examples/popularity.py:Popularity", "tests/plugins/parts.py:ByName"
        registry = Registry(f"{ROOT}/{each}" for each in own)
        found = Candidates(small_task, registry, VISITED)
        assert {each.name for each in found.alone()} == {"popularity"}
        assert "by-name+exact" in {each.name for each in found.first}

    def test_vectors_have_no_trained_encoder_and_texts_have_words_too(
        self, vectors, small_text_task
    ):
        over_vectors = Candidates(vectors, Registry(), NOTHING)
        assert [each.name for each in over_vectors.first] == ["zero-shot-de+exact"]
        assert not over_vectors.alone()
        over_texts = Candidates(small_text_task, Registry(), NOTHING)
        assert [each.name for each in over_texts.alone()] == ["bm25"]
        assert "zero-shot-de" in {each.encoder for each in over_texts.first}

    def test_without_the_packages_of_an_encoder_words_are_tried_and_the_rest_is_told(
        self, small_text_task, monkeypatch
    ):
        reason = (
            "the encoder minilm needs sentence_transformers; pip install 'treeline-bench[text]'"
        )
        monkeypatch.setattr("methods.dual_encoder.lacks_encoder", lambda _name: reason)
        found = Candidates(small_text_task, Registry(), VISITED)
        assert not found.first
        assert [each.name for each in found.alone()] == ["bm25"]
        told = Told({"bm25": [(0.05, 0.5)]})
        assert [each.name for each in search(told, found)] == ["bm25"]
        told.unmeasured, told.lacking = {}, found.lacking
        (text,) = unmeasured(told)
        assert text.startswith("Not tried: zero-shot-de+")
        assert text.endswith(reason)

    def test_leaves_are_chosen_at_the_budget_or_are_as_many_as_it_needs(self, vectors, small_task):
        first = faiss_ivf(Candidates(vectors, Registry(), Goal(Budget(0.05))))
        assert dict(first.settings) == {"budget": 0.05}
        few = faiss_ivf(Candidates(small_task, Registry(), Goal(Budget(0.2))))
        assert dict(few.settings)["nlist"] == 10

    def test_variants_change_one_setting_and_leave_out_what_was_measured(self, vectors):
        found = Candidates(vectors, Registry(), VISITED)
        tried = found.variants(faiss_ivf(found), {"nlist": 89, "nprobe": 1})
        assert [dict(each.settings) for each in tried] == [
            {"budget": 0.1, "nlist": n} for n in (45, 179, 358)
        ]

    def test_a_short_training_has_fewer_steps_and_keeps_them_under_other_indexes(self, small_task):
        found = Candidates(small_task, Registry(), VISITED)
        short = found.shorter(found.first[0], 4)
        assert found.values(short)["steps"] == found.values(found.first[0])["steps"] // 4
        assert {found.values(each)["steps"] for each in found.over(short)} == {
            found.values(short)["steps"]
        }


class Told:
    """Trials whose results are told: name of the method -> (visited, recall) of its points."""

    def __init__(self, results, seconds=0.0, left=math.inf):
        self.results, self.fit_s = results, seconds
        self.minutes = SimpleNamespace(left=left)
        self.asked, self.cells = [], {}

    seconds_to_fit = property(lambda self: lambda _: self.fit_s)
    seconds_of_fit = Trials.seconds_of_fit
    option = Trials.option
    is_met = Trials.is_met
    ranked = Trials.ranked
    promising = Trials.promising
    settled = Trials.settled
    _goal = VISITED

    def left_out(self):
        return []

    def rung(self, title, candidates, share=1.0, seed=0):
        asked = list(dict.fromkeys(candidates))
        self.asked.append((title, [each.name for each in asked]))
        for each in asked:
            points = self.results.get(each.name, [(0.09, 0.3), (1, 0.5)])
            made = cell(each.name, seed, points=[point(*one) for one in points])
            self.cells.setdefault(each, {})[seed] = made
        return self.ranked(asked)


class TestTheSearch:
    def test_each_rung_has_the_better_half_of_the_one_before(self, small_task):
        told = Told(
            {
                "masked-de+exact": [(1, 1)],
                "ehi-encoder+exact": [(1, 0.99)],
                "masked-de+scann": [(0.09, 0.9)],
                "ehi-encoder+scann": [(0.08, 0.95)],
            }
        )
        ranked = search(told, Candidates(small_task, Registry(), VISITED))
        assert ranked[0].name == "ehi-encoder+scann"
        encoders, usual, indexes, others, *_ = (names for _, names in told.asked)
        assert usual == [f"masked-de+{each}" for each in ("faiss-ivf", "scann", "hnsw")]
        assert set(encoders) == {f"{e}+exact" for e in ("masked-de", "ehi-encoder",
                                                            "standard-de")}  # fmt: skip
        assert all(name.startswith("masked-de+") for name in indexes)
        assert all(name.startswith("ehi-encoder+") for name in others)
        assert "ehi-encoder+scann" in others
        assert "ehi-encoder+adaptive-tree" in others  # masked-de learns no tree
        assert len(others) < len(indexes)
        seeds = [names for title, names in told.asked if title.startswith("Seed")]
        assert [len(names) for names in seeds] == [2, 2]

    def test_where_trainings_are_long_short_ones_come_first(self, small_task):
        told = Told({"masked-de+exact": [(1, 0.95)]}, seconds=30, left=100)
        search(told, Candidates(small_task, Registry(), VISITED))
        title, names = told.asked[0]
        assert "short trainings" in title
        assert len(names) == 3
        full = [title for title, _ in told.asked if title.startswith("The full training")]
        assert full == ["The full training of masked-de"]


def measuring(split_, out, seconds=600.0, goal=VISITED):
    registry = Registry()
    out.mkdir(exist_ok=True)
    candidates = Candidates(split_.judged, registry, goal)
    minutes = Minutes(Store(out), registry, candidates.encoders, seconds)
    return Trials(split_, candidates, goal, registry, minutes), candidates


class TestTrials:
    @pytest.fixture
    def in_process(self, monkeypatch):
        """Cells are measured in this process; the names of those that were."""
        measured = []

        def measure(planned, registry, store, conditions):
            ((task, (asked,)),) = planned
            measured.append((task.name, asked.method))
            method = registry.resolve(asked.method)(**asked.params)
            done = evaluate(method, task, seed=asked.seed)
            return [done.model_copy(update={"key": asked.key})]

        monkeypatch.setattr(trials_module, "measure_cells", measure)
        return measured

    def test_the_best_alone_is_measured_on_the_test(self, vectors, tmp_path, in_process):
        made, candidates = measuring(split(vectors), tmp_path)
        (best, _) = made.rung("Indexes", [*candidates.first, faiss_ivf(candidates)])
        assert best.index == "faiss-ivf"  # exact search visits all
        tested = made.test(best)
        assert tested.task == vectors.name
        assert [name for name, _ in in_process].count(vectors.name) == 1
        advice = Advice(VISITED, made, made.ranked(), tested)
        assert advice.is_met

    def test_cells_of_an_earlier_call_with_other_limits_are_taken_in(
        self, vectors, tmp_path, in_process
    ):
        parted = split(vectors)
        before, candidates = measuring(parted, tmp_path, goal=Goal(Budget(0.2)))
        first = faiss_ivf(candidates).with_settings({"nlist": 45})
        before.rung("Settings", [first])
        kept = before.cells[first][0]
        Store(tmp_path).prepare()
        Store(tmp_path).commit(kept)
        made, candidates = measuring(parted, tmp_path, seconds=0.0)
        assert [each.key for seeds in made.cells.values() for each in seeds.values()] == [kept.key]
        same = faiss_ivf(candidates).with_settings({"budget": 0.2, "nlist": 45})
        made.rung("Settings", [same])
        assert list(made.cells) == [same]

    def test_what_is_encoded_first_counts_among_the_minutes_that_are_needed(
        self, vectors, tmp_path, in_process, monkeypatch
    ):
        texts = Encoding("documents", "minilm", 15_000, "x", lambda: Price(1700.0, 1e6))
        here = Planned("mine", texts, {}, is_here=False)
        monkeypatch.setattr("bench.advise.minutes.planned_encodings", lambda *_a, **_k: [here])
        made, candidates = measuring(split(vectors), tmp_path, seconds=100.0)
        assert made.rung("Encoders", candidates.first) == []
        assert in_process == []
        with pytest.raises(InputError, match=r"needs about 2\d min; give --minutes (29|3\d)"):
            made.require_one()

    def test_a_cell_that_did_not_end_is_told_without_an_option_that_advise_has_not(self):
        ended = cell(status=Status.TIMEOUT, reason="took longer than 3.7 s (--timeout)")
        assert "--timeout" not in _ended(ended)
        assert "--minutes" in _ended(ended)

    @pytest.mark.slow
    def test_the_same_call_gives_the_same_answer(self, vectors, tmp_path, in_process, monkeypatch):
        monkeypatch.setattr("bench.advise.candidates.SAME", ("sharded-", "scann", "o", "l", "j"))
        monkeypatch.setattr("bench.advise.search.SET", 1)
        answers = []
        for folder in (tmp_path / "a", tmp_path / "b"):
            made, candidates = measuring(split(vectors), folder)
            ranked = search(made, candidates)
            answers.append([(each.name, each.settings, made.option(each).score) for each in ranked])
        assert answers[0] == answers[1]
        assert len(answers[0]) > 4

    def test_means_over_seeds_decide_between_the_best(self):
        told = advice_of({"a": [point(0.1, 0.9)], "b": [point(0.1, 0.8)]}).trials
        (a, b) = told.ranked()
        told.cells[a][1], told.cells[b][1] = (
            cell(name, 1, points=[point(0.1, recall)]) for name, recall in (("a", 0.2), ("b", 0.8))
        )
        assert told.settled([a, b], 2) == [b, a]
        told.cells[b].pop(1)
        assert told.settled([a, b], 2) == [a, b]

    def test_time_for_the_test_is_kept_once_a_candidate_keeps_the_limits(
        self, vectors, tmp_path, in_process
    ):
        made, candidates = measuring(split(vectors), tmp_path)
        kept = []
        made.minutes.reserve = kept.append
        made.rung("Encoders", candidates.first)
        made.rung("Indexes", [faiss_ivf(candidates)])
        made.rung("Seed 1", [faiss_ivf(candidates)], seed=1)
        assert kept[:2] == [0, 0]
        assert kept[2] > 0

    def test_what_takes_longer_than_is_left_is_not_tried(self, vectors, tmp_path, in_process):
        made, candidates = measuring(split(vectors), tmp_path, seconds=0.0)
        assert made.rung("Encoders", candidates.first) == []
        assert in_process == []
        with pytest.raises(InputError, match=r"--minutes is too few.* needs about \d+ s"):
            made.require_one()


def advice_of(results, goal=VISITED, test="it was not asked for"):
    told = Told({})
    told._goal, told.unmeasured, told.lacking = goal, {}, {}
    told.name = lambda candidate: candidate.name
    for name, points in results.items():
        candidate = Candidate("", name)
        told.cells[candidate] = {0: cell(name, points=points)}
    return Advice(goal, told, told.ranked(), test)


class TestTheAnswer:
    def test_losers_are_told_why(self):
        best = xrayed(0.1, 0.9)
        worse = xrayed(0.1, 0.8)
        terms = lost(129, 0.2, 0.2, 0.05, 0.05)
        worse = worse.model_copy(update={"xray": worse.xray.model_copy(update={"overall": terms})})
        advice = advice_of({"good": [best], "bad": [worse], "dear": [point(0.3, 0.95)]})
        lines = {line[0]: line for line in losers(advice.trials, VISITED, advice.ranked)}
        assert lines["bad"][-1] == "its index does not visit 10.0 % more of them"
        assert lines["bad"][1:5] == ["80.0", "20.0", "20.0", "5.0"]
        assert lines["dear"][-1] == "misses ≤ 10 % visited (30 %)"

    def test_the_frontier_has_what_nothing_beats_in_price_and_score(self):
        advice = advice_of({"a": [point(0.1, 0.5), point(0.5, 0.7)], "b": [point(0.2, 0.4)]})
        found = frontier(advice.trials, VISITED)
        assert [(each.cell.method, each.number) for each in found] == [("a", 0), ("a", 1)]

    def test_it_is_printed_with_its_lines_and_a_chart(self, tmp_path, capsys):
        advice = advice_of({"good": [point(0.1, 0.9)], "bad": [point(0.1, 0.8)]})
        print_advice(advice, "tree", tmp_path, None)
        told = capsys.readouterr().out
        assert "Advice for tree, ≤ 10 % visited" in told
        assert "python run_bench.py --methods good --dataset tree" in told
        assert "no other candidate is within its interval" in told
        assert "Not tested: it was not asked for. The same command goes on from here" in told
        assert "python -m bench export" in told
        assert f"--out {tmp_path} --point nprobe=10" in told
        assert (tmp_path / "advice-small-visited-0.1.svg").read_text().startswith("<svg")

    def test_a_budget_that_nobody_keeps_is_an_error_with_the_nearest(self, tmp_path):
        advice = advice_of({"near": [point(0.12, 0.5)], "far": [point(0.5, 0.9)]})
        with pytest.raises(
            InputError,
            match=r"keeps ≤ 10 % visited; the nearest is near at nprobe=12 with 12 % visited",
        ):
            print_advice(advice, "tree", tmp_path, None)

    def test_a_recall_that_exact_search_does_not_reach_is_told_with_its_recall(self, tmp_path):
        goal = Goal(Budget(math.inf, "work"), recall=0.95)
        advice = advice_of({"one": [xrayed(0.1, 0.7)]}, goal)
        with pytest.raises(
            InputError, match=r"Exact search finds 80.0 % at most \(one\).*--recall 0.8"
        ):
            print_advice(advice, "tree", tmp_path, None)

    def test_a_limit_that_the_test_misses_is_a_sentence_of_its_own(self, tmp_path, capsys):
        tested = cell("good", points=[point(0.1, 0.867)])
        goal = Goal(Budget(math.inf, "work"), recall=0.9)
        advice = advice_of({"good": [point(0.1, 0.92)]}, goal, tested)
        print_advice(advice, "tree", tmp_path, None)
        told = capsys.readouterr().out
        assert "On the test it misses recall ≥ 90 % (86.7 %)" in told
        assert "over recall" not in told

    def test_without_the_packages_that_draw_there_is_an_answer_and_no_chart(
        self, tmp_path, capsys, monkeypatch
    ):
        for name in [name for name in sys.modules if name.startswith("bench.report.charts")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "altair", None)
        print_advice(advice_of({"good": [point(0.1, 0.9)]}), "tree", tmp_path, None)
        told = capsys.readouterr().out
        assert "No chart, which" in told
        assert "Advice for tree" in told

    def test_the_chart_has_the_limit_and_a_ring_and_a_name_of_its_own(self, tmp_path):
        by_recall = Goal(Budget(math.inf, "work"), recall=0.5)
        for goal, name in ((VISITED, "visited-0.1"), (by_recall, "recall-0.5-work")):
            assert goal.slug == name
            advice = advice_of({"good": [point(0.05, 0.9), point(0.3, 0.95)]}, goal)
            draw(advice.trials, goal, tmp_path / "a.svg")
            drawn = (tmp_path / "a.svg").read_text()
            assert drawn.count(DRAWN) == 2
            assert "ring: good" in drawn

    def test_its_python_lines_search_and_its_command_sets_what_it_says(self, capsys, tmp_path):
        name = "clusters:n=2000,queries=90,dim=8"
        found = evaluate("zero-shot-de+faiss-ivf", load_dataset(name), settings={"budget": 0.2})
        option = VISITED.best(found)
        exec("\n".join(python(option, name, None, tmp_path)), {})
        assert len(capsys.readouterr().out.split(",")) == 10
        assert command(found, name, tmp_path, None).split()[2:8] == [
            "--methods", "zero-shot-de+faiss-ivf", "--dataset", name, "--set", "budget=0.2"
        ]  # fmt: skip


class TestTheCommand:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--dataset", "tre"], "unknown dataset 'tre'; did you mean tree"),
            (["--dataset", "tree", "--budget", "0.1", "--recall", "0.9"], "give one of them"),
            (["--dataset", "tree", "--budget-by", "work"], "--budget-by work needs --budget"),
            (["--dataset", "tree", "--minutes", "0"], "--minutes"),
            (["--dataset", "tree", "--minutes", "nan"], "--minutes"),
            (["--dataset", "tree", "--memory", "much"], "takes a size such as"),
            (["--dataset", "hyperlex"], "hyperlex"),
            (["--dataset", "tree:H=3,W=3", "--budget", "0.01"], "the least budget is 0.0"),
        ],
    )
    def test_bad_input_is_told_by_name(self, options, says, tmp_path):
        done = advise(*options, out=tmp_path)
        assert done.exit_code != 0
        assert says in " ".join(done.output.split())

    @pytest.mark.slow
    def test_it_answers_for_vectors_and_a_second_call_goes_on(self, tmp_path):
        data = ["--dataset", "clusters:n=1000,queries=220,dim=8", "--minutes", "0.7"]
        first = advise(*data, out=tmp_path)
        assert first.exit_code == 0, first.output
        assert "Advice for clusters:n=1000" in first.output
        before = {path: path.stat().st_mtime_ns for path in Store(tmp_path).cell_paths()}
        assert before
        second = advise(*data, out=tmp_path)
        assert second.exit_code == 0, second.output
        assert {path: path.stat().st_mtime_ns for path in before} == before

    @pytest.mark.slow
    def test_own_texts_with_a_test_alone_are_judged_on_half_of_it(self, tmp_path):
        folder = tmp_path / "mine"
        (folder / "qrels").mkdir(parents=True)
        words = [f"{colour} {thing}" for colour in ("red", "blue", "old") for thing in TOPICS]
        for name, texts in {
            "corpus": [f"A page about a {word}." for word in words],
            "queries": [f"Where is the {word}?" for word in words[:20]],
        }.items():
            lines = [json.dumps({"_id": f"{i}", "text": text}) for i, text in enumerate(texts)]
            (folder / f"{name}.jsonl").write_text("\n".join(lines))
        pairs = "".join(f"{i}\t{i}\t1\n" for i in range(20))
        (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{pairs}")
        done = advise(
            "--dataset", f"beir:{folder}", "--latency-ms", "1000", "--minutes", "1",
            out=tmp_path / "out",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert "nDCG@10 on 10 validation queries, by p50 of a single query, ms" in done.output
        stored = Store(tmp_path / "out").cells()
        assert {each.task for each in stored} == {"beir-mine@half", "beir-mine@half@validation"}
        assert {each.n_queries for each in stored} == {10}
