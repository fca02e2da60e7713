"""Time told is time taken: the seconds of cells are remembered, estimated, and added up."""

import csv
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.executors.events import Event, Kind
from bench.executors.progress import follow
from bench.plan.estimate import MOST, estimates
from bench.plan.schedule import Schedule, fits_of
from bench.registry import Registry
from bench.store import took as memory
from bench.store.cell import Cost, Status
from bench.store.folder import Store
from bench.store.took import Took, known, remember, remembered, took
from bench.system.provenance import provenance
from bench.versions.keys import fit_key
from tests.cells import cell
from tests.conftest import ROOT

SIZES = {"small": (1000, 1000), "large": (10_000, 10_000)}


def ran(method="a", task="small", fit=10.0, rest=2.0, params="", run="1"):
    return Took(task, method, params, "cpu", 2, *SIZES[task], run, fit, rest)


def planned(method="a", task="small", **fields):
    return cell(method, task=task, status=Status.PLANNED, cost=None, **fields)


def costs(**seconds):
    zero = dict.fromkeys(("fit_s", "index_s", "search_s", "harness_s"), 0.0)
    return {**zero, "fit_shared": False, "peak_mb": 1, "index_bytes": 1, **seconds}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class TestSecondsOfACell:
    def test_all_but_training_is_the_rest(self):
        every = costs(fit_s=10, index_s=1, encode_s=2, choose_s=3, search_s=4, exact_s=5,
                      latency_s=6, harness_s=7)  # fmt: skip
        assert took(cell(cost=every))[-2:] == (10, 28)

    def test_what_comes_after_its_own_clock_counts_too(self):
        assert took(cell(cost=costs(fit_s=10, index_s=2)), 12.5)[-2:] == (10, 2.5)

    def test_a_wait_for_the_training_of_another_cell_is_none_of_its_own(self):
        shared = costs(fit_s=10, fit_shared=True, index_s=2)
        assert took(cell(cost=shared), 9.0)[-2:] == (None, 3)

    def test_a_training_that_goes_on_from_another_takes_what_it_adds(self):
        assert took(cell(cost=costs(fit_s=10, index_s=2)), 5.0)[-2:] == (3, 2)

    def test_one_that_was_not_measured_takes_as_long_as_its_process(self):
        skipped, failed = (
            planned().ended(status, "why") for status in (Status.SKIPPED, Status.FAILED)
        )
        assert took(skipped, 1.5)[-2:] == (0, 1.5)
        assert took(failed, 1.5)[-2:] == (None, 1.5)


class TestMemory:
    def test_the_latest_of_the_same_task_method_parameters_machine_and_threads_is_kept(self, cache):
        each = [ran(rest=1), ran(params="dim=3"), ran(run="2", rest=7)]
        for one in each:
            remember(one)
        assert sorted(remembered()) == sorted(each[1:])

    def test_a_training_that_another_cell_did_does_not_replace_one_that_was_timed(self, cache):
        remember(ran(fit=10))
        remember(ran(fit=None, rest=5))
        assert remembered() == [ran(fit=10, rest=5)]

    def test_the_oldest_are_forgotten(self, cache, monkeypatch):
        monkeypatch.setattr(memory, "MOST", 3)
        for number in range(5):
            remember(ran(params=str(number)))
        assert [each.params for each in remembered()] == ["2", "3", "4"]

    def test_runs_at_once_lose_nothing(self, cache):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: remember(ran(params=str(number))), range(40)))
        assert len(remembered()) == 40

    def test_a_damaged_file_is_begun_anew(self, cache):
        cache.mkdir()
        (cache / memory.FILE).write_bytes(b"this is no database" * 100)
        assert remembered() == []
        remember(ran())
        assert remembered() == [ran()]

    def test_a_memory_that_another_run_holds_or_that_cannot_be_made_is_no_error(
        self, cache, monkeypatch
    ):
        monkeypatch.setattr(memory, "PATIENCE_S", 0.01)
        remember(ran())
        holder = sqlite3.connect(cache / memory.FILE)
        holder.execute("BEGIN EXCLUSIVE")
        remember(ran(rest=9))
        assert remembered() == []
        holder.close()
        assert remembered() == [ran()]
        cache.joinpath("file").touch()
        monkeypatch.setenv("TREELINE_CACHE", str(cache / "file"))
        remember(ran())
        assert remembered() == []

    def test_what_is_remembered_stands_for_stored_cells_that_are_alike(self, cache):
        stored = [cell(cost=costs(fit_s=9)), cell(params={"dim": 4}, cost=costs(fit_s=8))]
        remember(took(stored[0])._replace(fit_s=3))
        assert sorted(each.fit_s for each in known(stored)) == [3, 8]


class TestEstimates:
    def test_a_cell_takes_as_long_as_one_that_is_alike(self):
        others = [ran(params="slow", fit=30), ran("b", fit=1), ran("a", "large", fit=100)]
        (found,) = estimates([*others, ran(), ran(), ran()], [ran(run="2")])
        assert found.fit == pytest.approx(10, rel=0.25)
        assert found.rest == pytest.approx(2, rel=0.25)

    def test_a_training_is_the_same_under_every_view_of_a_dataset_and_a_search_is_not(self):
        measured = [ran(fit=30, rest=50), ran("b", "large", fit=1, rest=1)]
        view = [ran()._replace(task=f"{name}@validation", run="2") for name in ("small", "other")]
        of_view, of_other = estimates(measured, view)
        whole = estimates(measured, [ran(run="2")])[0]
        assert of_view.fit == pytest.approx(whole.fit)
        assert of_view.fit > of_other.fit
        assert of_other.rest < of_view.rest < whole.rest

    def test_more_queries_are_taken_to_need_more_time(self):
        few, many = (ran("new", "small", run="2")._replace(n_queries=n) for n in (500, 8000))
        less, more = estimates([ran()], [few, many])
        assert more.rest > 1.5 * less.rest

    def test_a_method_on_new_data_goes_by_itself_elsewhere_and_by_others_there(self):
        measured = [ran(name, task, fit) for name, task, fit in [
            ("a", "small", 1), ("b", "small", 10), ("c", "small", 3), ("d", "small", 30),
            ("a", "large", 10), ("c", "large", 30),
        ]]  # fmt: skip
        b, d = estimates(measured, [ran("b", "large"), ran("d", "large")])
        assert 30 < b.fit < 150
        assert 90 < d.fit < 450

    def test_the_first_cells_of_a_run_tell_how_fast_the_machine_is_today(self):
        names = "abcdefgh"
        before = [ran(name, fit=3.0 + number) for number, name in enumerate(names)]
        now = [each._replace(run="2", fit_s=3 * each.fit_s) for each in before]
        found = estimates([*before, *now[:5]], now[5:])
        for each, one in zip(found, now[5:], strict=True):
            assert each.fit == pytest.approx(one.fit_s, rel=0.25)

    def test_of_methods_with_one_trainer_one_tells_of_the_training_of_the_others(self):
        (found,) = estimates([ran("a", fit=300), ran("b", fit=1)], [ran("a+tree")])
        assert 100 < found.fit < 400

    def test_without_any_measurement_there_is_a_guess(self):
        ((fit, rest),) = estimates([], [ran()])
        assert 0 < fit < 10
        assert 0 < rest < 10


def schedule(cells, seconds, jobs=1, **given):
    """A schedule whose estimates are known: (training, rest) by method."""
    found = Schedule(cells, jobs=jobs, **given)
    each = {one.key: memory_of(*seconds[one.method]) for one in cells}
    found._estimated = lambda: each
    return found


def memory_of(fit, rest):
    (template,) = estimates([], [ran()])
    return template._replace(fit=fit, rest=rest)


class TestSchedule:
    CELLS = tuple(planned(name) for name in "abc")

    def test_a_training_that_cells_share_counts_once(self):
        fits = {one.key: "f" for one in self.CELLS[:2]}
        seconds = {"a": (10, 1), "b": (10, 2), "c": (5, 3)}
        assert schedule(self.CELLS, seconds, fits=fits).left() == 10 + 1 + 2 + 5 + 3
        assert schedule(self.CELLS, seconds, fits=fits, made=["f"]).left() == 1 + 2 + 5 + 3

    def test_cells_at_once_divide_the_time_and_the_last_long_one_bounds_it(self):
        seconds = {"a": (0, 4), "b": (0, 6), "c": (0, 20)}
        assert schedule(self.CELLS, seconds, jobs=2).left() == 4 + 20
        assert schedule(self.CELLS[:2], seconds, jobs=2).left() == 6

    def test_a_cell_waits_for_the_training_that_another_one_does(self):
        fits = {one.key: "f" for one in self.CELLS[:2]}
        seconds = {"a": (10, 1), "b": (10, 2), "c": (0, 3)}
        found = schedule(self.CELLS, seconds, jobs=2, fits=fits)
        assert found.left() == 14
        found.start(self.CELLS[0], 0)
        found.start(self.CELLS[1], 0)
        assert found.left(4) == (10 - 4) + 1 + 3
        found.end(self.CELLS[0].ended(Status.OK, None), 11)
        assert found.left(11) == 3

    def test_time_that_a_cell_has_run_is_not_told_again_and_one_overdue_goes_on(self):
        found = schedule(self.CELLS[:1], {"a": (5, 5)})
        found.start(self.CELLS[0], 100)
        assert found.left(104) == 6
        assert found.left(200) == 10

    def test_cells_of_the_same_data_are_read_however_many_later_ones_there_are_of_other_data(self):
        of_other_data = [ran(run="2")._replace(task=str(number)) for number in range(MOST)]
        found = Schedule([planned("a")], measured=[ran(fit=500), *of_other_data])
        assert found.left() > 100

    def test_on_a_cluster_as_many_run_at_once_as_were_seen_to(self):
        seconds = dict.fromkeys("abc", (0, 6))
        found = schedule(self.CELLS, seconds, jobs=None)
        assert found.left() == 18
        found.start(self.CELLS[0], 0)
        found.start(self.CELLS[1], 0)
        assert found.left() == 12

    def test_rows_that_differ_by_index_alone_share_a_training(self):
        cells = [
            planned(name, params=dict(Registry().resolve(name).params))
            for name in ("standard-de", "de-faiss-ivf", "masked-de", "random")
        ]
        fits = fits_of(cells, Registry())
        standard, ivf, masked = (fits[one.key] for one in cells[:3])
        assert standard == ivf != masked
        assert cells[3].key not in fits
        method = Registry().resolve("standard-de")()
        assert standard == fit_key("d", method, 0)


def test_a_run_tells_the_time_left_and_remembers_its_cells(cache, tmp_path, capsys):
    cells = [planned("a"), planned("b")]
    ended = [one.ended(Status.SKIPPED, "why") for one in cells]
    events = [event for one, end in zip(cells, ended, strict=True)
              for event in (Event(Kind.START, one), Event(Kind.END, end))]  # fmt: skip
    told = schedule(cells, {"a": (1, 2), "b": (30, 4)})
    assert follow(events, 2, told, tmp_path) == ended
    lines = [line for line in capsys.readouterr().out.splitlines() if "left)" in line]
    assert ["about 34 s left" in lines[0], "about 0 s left" in lines[1]] == [True, True]
    assert [each.method for each in remembered()] == ["a", "b"]


def test_a_cell_that_failed_does_not_tell_how_long_the_next_one_takes(cache, tmp_path, capsys):
    cell = planned("a")
    remember(took(cell)._replace(fit_s=1, rest_s=3))
    before = remembered()
    failed = cell.ended(Status.TIMEOUT, "took longer than 3600 s")
    events = [Event(Kind.START, cell), Event(Kind.END, failed)]
    follow(events, 1, schedule([cell], {"a": (1, 2)}), tmp_path)
    assert remembered() == before


def recorded(factor=1.0):
    """A run of the quick suite: each cell as planned, as it ended, and its seconds."""
    today = provenance(2)
    with (ROOT / "tests" / "recorded_run.csv").open() as file:
        for row in csv.DictReader(file):
            sizes = {"n_documents": int(row["documents"]), "n_queries": int(row["queries"])}
            one = planned(row["method"], row["task"], provenance=today, **sizes)
            shared, fit, rest = (float(row[name]) for name in ("shared", "fit_s", "rest_s"))
            every = costs(fit_s=factor * fit, harness_s=factor * rest, fit_shared=bool(shared))
            ended = one.ended(Status.OK, None, cost=Cost(**every))
            yield one, ended, row["fit"], factor * (rest + fit * (1 - shared))


def told_and_taken(factor, measured):
    """Seconds told and taken after each cell of the recorded run, with at least ten left."""
    run = [*recorded(factor)]
    fits = {one.key: fit for one, _, fit, _ in run if fit}
    found, now, told = Schedule([one for one, *_ in run], fits, (), measured), 0.0, []
    for one, ended, _, seconds in run:
        found.start(one, now)
        now += seconds
        found.end(ended, now)
        told.append((found.left(now), now))
    return [(left, now - at) for left, at in told if now - at >= 10]


def test_from_the_tenth_cell_on_the_time_told_is_within_a_third_of_the_time_taken():
    earlier = [took(ended)._replace(run="") for _, ended, *_ in recorded()]
    for factor in (1, 2, 0.5):
        pairs = told_and_taken(factor, earlier)[9:]
        assert len(pairs) > 20
        for told, taken in pairs:
            assert 3 / 4 < told / taken < 4 / 3, (factor, told, taken)


def test_with_nothing_measured_here_before_it_is_within_a_half():
    published = Store(ROOT / "results").cells({"tree", "wordnet-mammal"})
    for measured in ([], [*map(took, published)]):
        for told, taken in told_and_taken(1, measured)[9:]:
            assert 2 / 3 < told / taken < 3 / 2
