"""Certify: a stored cell measured again, and each of its metrics called OK, near or wrong."""

import shutil

import pytest

from bench.errors import InputError
from bench.experiment import measure
from bench.measures.records import Correlation, Interval, PointResult, Stratum
from bench.store.cell import Cell
from bench.store.folder import MARK, Store, to_json
from bench.verify.certify import Again, certify, find_cell
from bench.verify.files import check_files
from bench.verify.mark import Mark, MetricVerdict, read_mark
from bench.verify.verdicts import judge
from tests.cells import cell
from tests.conftest import ROOT
from tests.running import experiment

PLUGINS = ROOT / "tests" / "plugins"
LEAFY, NEEDS_MORE = f"{PLUGINS / 'leafy.py'}:Leafy", f"{PLUGINS / 'misbehaving.py'}:NeedsMore"


def point(nprobe=1, visited=0.1, **changes):
    """100 pairs at distance 0, 4 at distance 1."""
    facts = {
        "point": {"nprobe": nprobe},
        "visited": visited,
        "self_reported": False,
        "routing": 10.0,
        "work": visited + 0.01,
        "queries_per_second": 5.0,
        "recall": 0.5,
        "low": 0.4,
        "high": 0.6,
        "macro": 0.5,
        "min": 0.52,
        "recall_by_distance": [
            Stratum(distance=0, n=100, recall=0.52, low=0.42, high=0.62),
            Stratum(distance=1, n=4, recall=1.0, low=1.0, high=1.0),
        ],
        "ranking": {"nDCG@10": Interval(mean=0.3, low=0.28, high=0.32)},
    }
    return PointResult(**{**facts, **changes})


def verdicts(stored, again):
    """Verdicts by metric of the first point."""
    judged = judge(cell(points=stored), cell(points=again))
    return {each.metric: each.verdict for each in judged}


def test_the_same_is_ok():
    found = verdicts([point()], [point(recall=0.5 + 1e-7)])
    assert set(found.values()) == {MetricVerdict.OK}
    assert list(found) == [
        "visited", "routing", "work", "recall", "macro", "min", "recall at 0", "recall at 1",
        "nDCG@10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "near", "far"),
    [
        # Half the interval is 0.1; times √2 it is 0.1414.
        ("recall", {"recall": 0.641}, {"recall": 0.642}),
        ("macro", {"macro": 0.36}, {"macro": 0.35}),
        ("min", {"min": 0.66}, {"min": 0.67}),
        ("visited", {"visited": 0.1049}, {"visited": 0.1051}),
        ("routing", {"routing": 9.6}, {"routing": 9.4}),
        # 0.02 times √2.
        (
            "nDCG@10",
            {"ranking": {"nDCG@10": Interval(mean=0.328, low=0, high=1)}},
            {"ranking": {"nDCG@10": Interval(mean=0.33 + 1 / 3, low=0, high=1)}},
        ),
        # No interval to speak of: one of 4 pairs.
        (
            "recall at 1",
            {"recall_by_distance": [Stratum(distance=1, n=4, recall=0.75, low=0, high=1)]},
            {"recall_by_distance": [Stratum(distance=1, n=4, recall=0.5, low=0, high=1)]},
        ),
    ],
)
def test_what_is_within_its_interval_is_told_from_what_is_not(metric, near, far):
    assert verdicts([point()], [point(**near)])[metric] is MetricVerdict.WITHIN
    assert verdicts([point()], [point(**far)])[metric] is MetricVerdict.FAIL


def test_a_point_that_is_not_searched_again_fails_and_a_new_measure_is_not_judged():
    assert set(verdicts([point(1)], [point(2)]).values()) == {MetricVerdict.FAIL}
    assert set(verdicts([point(ranking={})], [point()]).values()) == {MetricVerdict.OK}
    assert verdicts([point()], [point(ranking={})])["nDCG@10"] is MetricVerdict.FAIL


def test_a_correlation_that_there_is_none_of_must_be_none_again():
    none = Correlation(score="score", subset="all", n=100, rho=None, low=None, high=None)
    some = none.model_copy(update={"rho": 0.5, "low": 0.4, "high": 0.6})
    near = some.model_copy(update={"rho": 0.45})
    for stored, again, verdict in (
        (none, none, MetricVerdict.OK),
        (none, some, MetricVerdict.FAIL),
        (some, none, MetricVerdict.FAIL),
        (some, near, MetricVerdict.WITHIN),
    ):
        (judged,) = judge(cell(similarity=[stored]), cell(similarity=[again]))
        assert judged.verdict is verdict


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A measured cell with a parameter of its own, and a skipped one."""
    out = tmp_path_factory.mktemp("certify") / "results"
    settings = ("leafy.spread=5",)
    measure(experiment("", "tree:H=3,W=3", plugins=(LEAFY, NEEDS_MORE), settings=settings, out=out))
    return out


@pytest.fixture
def leafy(results):
    return next(each for each in Store(results).cells() if each.method == "leafy")


def options(out, plugin=LEAFY):
    return Again(out, (plugin,))


def test_a_cell_that_is_the_same_again_is_certified(results, leafy, capsys):
    assert certify(leafy.key[:6], options(results))
    told = capsys.readouterr().out
    assert "nprobe=6" in told
    assert "Tolerance: √2 times half" in told
    assert "point chosen on validation" in told
    assert ", 0 within tolerance, 0 FAIL" in told
    assert "changed since" not in told
    assert len(Store(results).cells()) == 2, "it is measured in a folder of its own"


def test_another_outcome_fails_with_both_numbers(results, leafy, capsys, monkeypatch):
    monkeypatch.setenv("LEAFY", "silent")
    folder = Store(results).folder(leafy)
    assert not certify(str(folder), options(results))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    recall = f"{leafy.points[2].recall:.6g}"
    assert ["recall", recall, "0", "FAIL"] in [row[:3] + row[-1:] for row in rows]


def test_a_number_that_was_never_measured_fails(results, leafy, tmp_path, capsys):
    wrong = leafy.points[1].model_copy(update={"macro": 0.999})
    points = [leafy.points[0], wrong, leafy.points[2]]
    path = tmp_path / "cell.json"
    path.write_text(to_json(leafy.model_copy(update={"points": points})))
    assert not certify(str(path), options(results))
    told = capsys.readouterr().out
    (row,) = [line for line in told.splitlines() if "FAIL" in line.split()[-1:] and "0.999" in line]
    assert row.startswith("macro")
    assert ", 1 FAIL" in told


def test_other_code_is_told_and_its_outcome_judged_all_the_same(results, leafy, tmp_path, capsys):
    plugin = tmp_path / "leafy.py"
    text = (PLUGINS / "leafy.py").read_text()
    plugin.write_text(text.replace("routing=3", "routing=4"))
    assert not certify(leafy.key, options(results, f"{plugin}:Leafy"))
    told = capsys.readouterr().out
    assert f"Its code has changed since: its key was {leafy.key}" in told
    assert ", 6 FAIL" in told, "routing and work of each point"


def test_what_names_no_cell_is_an_error_with_near_ones(results, leafy):
    skipped = next(each for each in Store(results).cells() if each.method == "needs-more")
    with pytest.raises(InputError, match=f"did you mean {leafy.key}"):
        find_cell(leafy.key[:-3] + "zzz", results)
    with pytest.raises(InputError, match=f"unknown cell 'leafy'; did you mean {leafy.key}"):
        find_cell("leafy", results)
    with pytest.raises(InputError, match="unknown cell '!'; .*runs has 2 cells"):
        find_cell("!", results)
    with pytest.raises(InputError, match="ended as skipped .*nothing to certify"):
        certify(skipped.key, options(results))
    with pytest.raises(InputError, match="unknown method 'leafy'.*--plugin FILE.py:Class"):
        certify(leafy.key, Again(results))


def test_a_beginning_of_several_keys_is_an_error(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    for key in ("abc1", "abc2"):
        store.commit(cell(key=key, seed=int(key[-1])))
    with pytest.raises(InputError, match="2 cells begin with 'abc': abc1, abc2; give more"):
        find_cell("abc", tmp_path)
    assert find_cell("abc2", tmp_path) == store.folder(cell(key="abc2")) / "cell.json"


def test_other_data_than_the_cells_are_an_error(results, leafy, tmp_path):
    path = tmp_path / "cell.json"
    path.write_text(to_json(Cell(**{**dict(leafy), "task_digest": "0" * 64})))
    with pytest.raises(InputError, match="measured on data 000000000000 of tree-H=3,W=3, but"):
        certify(str(path), options(results))


class TestMark:
    """What certify leaves beside a cell."""

    @pytest.fixture
    def certified(self, results, leafy, tmp_path):
        """A copy of the results with the cell certified."""
        out = tmp_path / "results"
        shutil.copytree(results, out)
        certify(leafy.key, options(out))
        return out

    def test_says_of_which_cell_it_is_and_what_became_of_its_metrics(self, certified, leafy):
        mark = read_mark(Store(certified).folder(leafy) / MARK, leafy)
        assert (mark.cell_sha256, mark.key, mark.failed) == (leafy.sha256, leafy.key, False)
        assert mark.verdicts["OK"] > 20
        assert mark.outcome.endswith("0 within tolerance, 0 FAIL")
        assert mark.differing == []

    def test_names_what_fails_with_both_numbers(self, certified, leafy, monkeypatch):
        monkeypatch.setenv("LEAFY", "silent")
        assert not certify(leafy.key, options(certified))
        mark = read_mark(Store(certified).folder(leafy) / MARK, leafy)
        assert mark.failed
        recall = next(each for each in mark.differing if each.metric == "recall")
        assert (recall.stored, recall.again) == (leafy.points[0].recall, 0)

    def test_is_of_one_measurement_and_goes_with_it(self, certified, leafy):
        store = Store(certified)
        assert (
            read_mark(store.folder(leafy) / MARK, leafy.model_copy(update={"sha256": ""})) is None
        )
        store.commit(leafy)
        assert not (store.folder(leafy) / MARK).exists()

    def test_is_checked_by_replay(self, certified, leafy):
        checked = check_files(Store(certified))
        assert (checked.whole[MARK], checked.failures) == (1, [])
        path = Store(certified).folder(leafy) / MARK
        whole = path.read_text()
        for text, problem in (
            (whole.replace('"OK":', '"OK":1'), "its sha256 does not hold"),
            (whole.replace('"schema":1,', ""), "its sha256 does not hold"),
            (whole[:-9], "is not as it was stored"),
            (to_json(Mark.model_validate_json(whole).model_copy(update={"cell_sha256": "0"})),
             "of another measurement"),
        ):  # fmt: skip
            path.write_text(text)
            (failure,) = check_files(Store(certified)).failures
            assert failure.startswith(f"{path}: ")
            assert problem in failure
