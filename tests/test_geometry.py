"""The geometry study: its search for a dimension, its slopes, its trainings, its command."""

import math
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from filelock import FileLock

from bench.cli.commands import main
from bench.errors import InputError
from bench.task import Relevance
from studies.geometry.charts import by_theory, needed_values
from studies.geometry.command import geometry
from studies.geometry.curve import Curve, CurveGrid
from studies.geometry.dimensions import (
    CRITERIA,
    EPS,
    Needed,
    Tree,
    TreeGrid,
    Variant,
    next_dimension,
    smallest,
)
from studies.geometry.margin import margin
from studies.geometry.slopes import slope, slopes_of, table_of
from studies.geometry.study import quick
from studies.geometry.trade_offs import finetuning
from studies.geometry.trainings import COLUMNS, NAME, TrainingTable
from studies.geometry.trial import Trial, TrialResult, measure
from tests.conftest import ROOT

LARGEST = 4096


def found_from(needed, least=1):
    """The dimensions that are tried for a criterion reached from ``needed`` on."""
    reached = {}
    while (dim := next_dimension(reached, least, LARGEST)) is not None:
        assert dim not in reached
        reached[dim] = dim >= needed
    return reached


@pytest.mark.parametrize("needed", [1, 2, 3, 7, 8, 9, 100, LARGEST])
def test_the_smallest_dimension_is_found(needed):
    assert smallest(found_from(needed)) == needed


def test_seven_is_found_by_doubling_to_eight_and_halving():
    assert list(found_from(7)) == [2, 4, 8, 6, 7]


def test_a_search_that_reaches_nothing_ends():
    assert max(found_from(LARGEST + 1)) == LARGEST
    assert smallest(found_from(LARGEST + 1)) is None


def test_the_least_and_the_largest_dimension_are_tried_and_none_beyond():
    assert list(found_from(2, least=3)) == [3]
    assert next_dimension({2: False}, 2, 3) == 3
    assert next_dimension({2: False, 3: False}, 2, 3) is None


def test_a_dip_above_a_dimension_that_was_enough_does_not_matter():
    assert next_dimension({2: False, 4: True, 3: False, 8: False}, 1, LARGEST) is None


def relevance_of(*documents):
    """Each query's relevant documents, among as many documents as there are queries."""
    pairs = [(query, document) for query, some in enumerate(documents) for document in some]
    queries, found = np.array(pairs).T
    return Relevance.from_pairs(
        queries, found, np.zeros(len(pairs)), len(documents), len(documents)
    )


@pytest.mark.parametrize("rows", [1, 512])
def test_the_margin_is_half_of_the_gap_at_length_one(monkeypatch, rows):
    # Scores (6, 2) and (1, 4): relevant ones from 4 on, others up to 2; the longest query is 2.
    monkeypatch.setattr("studies.geometry.margin.ROWS", rows)
    queries = np.array([[2, 0], [1 / 3, 1]], np.float32)
    documents = np.array([[3, 0], [1, 4 - 1 / 3]], np.float32)
    found = margin(queries, documents, relevance_of([0], [1]))
    assert found == pytest.approx((4 - 2) / 2 / (2 * np.linalg.norm(documents[1])))


def test_the_margin_does_not_change_with_lengths_and_is_below_zero_without_a_threshold():
    generator = np.random.default_rng(0)
    queries, documents = generator.normal(size=(2, 9, 3)).astype(np.float32)
    relevance = relevance_of(*([query] for query in range(9)))
    found = margin(queries, documents, relevance)
    assert found < 0, "nine random documents in three dimensions"
    assert margin(4 * queries, documents / 8, relevance) == pytest.approx(found)


def test_one_threshold_is_for_all_queries():
    # Each query ranks its own document first, but the other one of the long query scores higher.
    queries = np.array([[4, 2], [0, 1]], np.float32)
    relevance = relevance_of([0], [1])
    assert margin(queries, np.eye(2, dtype=np.float32), relevance) < 0


def of(recall, margin=0.0):
    return TrialResult(recall, (recall,), margin, 0.0)


@pytest.mark.parametrize(
    ("results", "reached"),
    [
        ([of(0.94), of(0.97)], ["95 %"]),
        ([of(0.94), of(0.95)], []),
        ([of(0.985), of(1, EPS)], ["95 %", "99 %", "perfect ranking", "one threshold"]),
        ([of(1), of(0.98), of(1, EPS)], ["95 %", "99 %", "perfect ranking"]),
        ([of(0.999), of(0.999), of(1, 1)], ["95 %", "99 %"]),
    ],
)
def test_recall_is_a_mean_and_the_strict_criteria_hold_for_half_of_the_seeds(results, reached):
    assert [criterion.name for criterion in CRITERIA if criterion.holds(results)] == reached


def test_the_slope_of_a_square_law_in_logarithms_is_two():
    found = slope([math.log(h) for h in (2, 4, 8)], [math.log(3 * h**2) for h in (2, 4, 8)])
    assert found.value == pytest.approx(2)
    assert found.margin == pytest.approx(0, abs=1e-6)


def test_the_margin_of_a_slope_is_students():
    # Residuals of y = x over 0, 1, 2, 3 are (-1, 1, 1, -1) * 0.5: variance 1 / 2 over Sxx = 5;
    # t(0.975, 2) = 4.303.
    found = slope([0, 1, 2, 3], [-0.5, 1.5, 2.5, 2.5])
    assert found.value == pytest.approx(1)
    assert found.margin == pytest.approx(4.303 * math.sqrt(0.5 / 5), rel=1e-3)


def test_dimensions_that_are_all_the_same_have_a_slope_of_zero_without_a_margin():
    assert str(slope([1, 2, 4], [3, 3, 3])) == "0.00 ± 0.00"


def test_a_constructed_tree_is_found_whole_in_many_dimensions_and_not_in_few(tmp_path):
    few, many = (
        measure(Trial("tree:H=3,W=3", "constructed-de", (f"dim={dim}",), 0), tmp_path)
        for dim in (2, 256)
    )
    assert many.recall == 1
    assert many.by_distance == (1, 1, 1)
    assert many.margin > 0
    assert few.recall < 0.9
    assert few.margin < 0


def test_recall_of_all_pairs_is_the_mean_of_the_distances_by_their_pairs(tmp_path):
    # H=3, W=3: 13 nodes, 12 of them with a parent, 9 with a grandparent.
    result = measure(Trial("tree:H=3,W=3", "constructed-de", ("dim=3",), 0), tmp_path)
    pairs = zip((13, 12, 9), result.by_distance, strict=True)
    assert result.recall == pytest.approx(sum(n * recall for n, recall in pairs) / 34)


@pytest.mark.slow
def test_a_record_measures_once_and_again_when_the_code_has_changed(tmp_path, monkeypatch):
    trial = Trial("tree:H=2,W=2", "constructed-de", ("dim=4",), 0)
    first = TrainingTable(tmp_path, 1).of([trial])[trial]
    text = (tmp_path / NAME).read_text()
    again = TrainingTable(tmp_path, 1)
    monkeypatch.setattr(again, "_measure", lambda *_: pytest.fail("measured again"))
    kept = again.of([trial])[trial]
    assert kept.recall == pytest.approx(first.recall, abs=1e-6)
    key = text.rstrip().rpartition(",")[2]
    (tmp_path / NAME).write_text(text.replace(key, "0" * len(key)))
    TrainingTable(tmp_path, 1).of([trial])
    assert key in (tmp_path / NAME).read_text()


def test_a_setting_that_the_method_lacks_is_an_error_and_not_a_flat_curve(tmp_path):
    trial = Trial("tree:H=2,W=2", "constructed-de", ("dmi=4",), 0)
    with pytest.raises(InputError, match="dmi"):
        TrainingTable(tmp_path, 1).of([trial])


LINE = "tree,masked-de,dim=3,0,{recall},{by_distance},{margin},1.0,abc,cpu,key"


@pytest.mark.parametrize(
    "text",
    [
        "dataset,recall\ntree,0.5",
        ",".join(COLUMNS) + "\ntree,masked-de",
        *(
            ",".join(COLUMNS)
            + "\n"
            + LINE.format(recall=recall, by_distance=by_distance, margin=margin)
            for recall, by_distance, margin in (
                ("nan", "0.5", "0.1"),
                ("7", "0.5", "0.1"),
                ("0.5", "", "0.1"),
                ("0.5", "-1", "0.1"),
                ("0.5", "0.5", "nan"),
            )
        ),
    ],
)
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / NAME).write_text(text + "\n")
    with pytest.raises(InputError, match=r"trainings\.csv is not a table of trainings"):
        TrainingTable(tmp_path, 1)


def test_two_studies_do_not_write_into_one_folder(tmp_path):
    work = tmp_path / "geometry-quick" / ".work"
    work.mkdir(parents=True)
    with (
        FileLock(work / "lock"),
        pytest.raises(InputError, match="another study is writing into .*geometry-quick"),
    ):
        geometry(quick((0,)), tmp_path, 1)


def test_a_study_where_a_file_lies_says_so(tmp_path):
    (tmp_path / "geometry-quick").write_text("")
    with pytest.raises(InputError, match="geometry-quick"):
        geometry(quick((0,)), tmp_path, 1)


def test_a_study_names_the_seeds_that_are_not_the_usual_ones():
    assert quick((0,)).command == "python -m bench geometry --quick"
    assert quick((7,)).command == "python -m bench geometry --quick --seeds 7"


@pytest.mark.slow
def test_a_training_that_cannot_be_done_is_named_and_the_others_are_kept(tmp_path):
    good = Trial("tree:H=2,W=2", "constructed-de", ("dim=4",), 0)
    bad = Trial("tree:H=1,W=1", "pretrain-finetune-de", ("dim=4", "steps=5"), 0)
    with pytest.raises(InputError, match=r"pretrain-finetune-de dim=4 steps=5 on tree:H=1,W=1"):
        TrainingTable(tmp_path, 1).of([good, bad])
    assert "constructed-de" in (tmp_path / NAME).read_text()


@pytest.mark.slow
def test_a_study_that_is_killed_keeps_what_it_had_and_leaves_no_process(tmp_path):
    arguments = ["geometry", "--quick", "--jobs", "1", "--out", str(tmp_path)]
    study = subprocess.Popen([sys.executable, "-m", "bench", *arguments], cwd=ROOT)
    table = tmp_path / "geometry-quick" / NAME
    began = time.monotonic()
    while not (table.exists() and table.read_text().count("\n") > 3):
        assert time.monotonic() - began < 120
        time.sleep(0.1)
    workers = psutil.Process(study.pid).children(recursive=True)
    study.kill()
    study.wait()
    assert workers
    _, left = psutil.wait_procs(workers, timeout=60)
    assert not left
    kept = TrainingTable(table.parent, 1)
    trial = Trial("tree:H=3,W=2,max_distance=3", "constructed-de", ("dim=2",), 0)
    kept._measure = lambda *_: pytest.fail("measured again")
    assert 0 < kept.of([trial])[trial].recall < 1


class Made(TrainingTable):
    """Results by a rule of the trial."""

    def __init__(self, rule):
        self._rule = rule

    def of(self, trials):
        return {trial: self._rule(trial) for trial in trials}


def number(text, name):
    return int(text.partition(f"{name}=")[2].partition(",")[0])


def by_size(trial):
    """95 % from a dimension of H + W on, perfect from twice that on, seed 1 from one more on."""
    size = number(trial.dataset, "H") + number(trial.dataset, "W") + trial.seed
    dim = number(trial.settings[0], "dim")
    return of((0.5, 0.96, 1)[(dim >= size) + (dim >= 2 * size)], -1)


SIZED = Variant("constructed-de", "constructed-de", (), (0,), (1, 64))


def test_tables_show_what_each_tree_needs_and_its_slopes():
    needed = Needed(TreeGrid((3, 4, 5), (2, 4), (SIZED,), ()), Made(by_size))
    header, rows = table_of(needed)
    assert header == ["criterion", "H", "W", "nodes", "constructed-de"]
    assert [row[1:] for row in rows[:4]] == [
        ["3", "2", "7", "5"], ["4", "2", "15", "6"], ["5", "2", "31", "7"], ["4", "4", "85", "8"],
    ]  # fmt: skip
    assert rows[4] == ["99 %", "3", "2", "7", "10"]
    _, slopes = slopes_of(needed)
    assert slopes[0][2] == "0.66 ± 0.20", "of log 5, log 6, log 7 over log 3, log 4, log 5"
    assert slopes[0][-2:] == ["2.29", "2"]
    assert slopes[4][2] == "–", "two widths make no line with a margin"


def test_a_tree_that_needs_more_than_was_tried_says_so_and_gives_no_slope():
    short = SIZED._replace(dims=(1, 8))
    needed = Needed(TreeGrid((3, 4, 5, 7), (), (short,), ()), Made(by_size))
    _, rows = table_of(needed)
    assert [row[4] for row in rows[:4]] == ["5", "6", "7", "> 8"]
    _, slopes = slopes_of(needed)
    assert slopes[0][2] == "–", "the line of the others alone would be too flat"


def test_dimensions_of_seeds_that_differ_are_in_brackets():
    needed = Needed(TreeGrid((3,), (), (SIZED._replace(seeds=(0, 1)),), ()), Made(by_size))
    _, rows = table_of(needed)
    assert [row[4] for row in rows] == ["6 (5–6)", "12 (10–12)", "10 (10–12)", "> 64"]


def test_a_variant_is_tried_on_trees_up_to_its_largest_alone():
    small = SIZED._replace(label="small", largest=15)
    needed = Needed(TreeGrid((3, 4, 5), (), (SIZED,), (small,)), Made(by_size))
    _, rows = table_of(needed)
    assert [row[4:] for row in rows[:3]] == [["5", "5"], ["6", "6"], ["7", ""]]


def test_a_line_of_theory_goes_through_the_largest_trees():
    needed = Needed(TreeGrid((3, 6), (2, 4), (SIZED,), ()), Made(by_size))
    found = [value for value in needed_values(needed, [SIZED]) if value["criterion"] == "95 %"]
    lines = [
        (value["varied"], value["place"], value["dim"]) for value in by_theory(found, "theory")
    ]
    assert lines == [
        ("H", 3, 8 / 4), ("H", 6, 8), ("W", 2, pytest.approx(8 - 16 * math.log(2))), ("W", 4, 8),
    ]  # fmt: skip


def test_a_curve_names_the_smallest_dimension_that_holds_99_per_cent_of_the_pairs():
    def rule(trial):
        dim, steps = (number(",".join(trial.settings), name) for name in ("dim", "steps"))
        recall = 0.98 + dim * steps / 1e5
        return TrialResult(recall, (1, recall / 2 + trial.seed / 10), 0, 0)

    curve = Curve(CurveGrid("wordnet", (4, 8), (100, 200), (0, 1)), Made(rule))
    header, rows = curve.table
    assert header == ["d", "100 steps", "200 steps"]
    assert rows[0] == ["4", "98.4 / 54.2", "98.8 / 54.4"]
    assert rows[2] == ["smallest d, 99 %", "–", "8"]


def test_a_perfect_tree_has_the_nodes_of_its_levels():
    assert Tree(4, 5).n_nodes == 1 + 5 + 25 + 125


@pytest.mark.slow
def test_finetuning_at_a_constant_rate_goes_through_the_shorter_one(tmp_path):
    """Early stopping keeps the better of what it passes: never worse than the start."""
    dataset = "tree:H=3,W=4"
    trainings = TrainingTable(tmp_path, 1)
    found = finetuning([dataset], (2, 4), (0,), trainings)
    recall = {
        (setting.way, setting.place): results[0].recall
        for (_, setting), results in found.results.items()
    }
    stopped = "constant rate, stopped early"
    assert recall[stopped, 4] >= recall[stopped, 2] >= recall[stopped, 0]
    assert recall[stopped, 2] >= recall["constant rate", 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "x"], "takes whole numbers"),
        (["--jobs", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_the_command_cannot_take_is_named(arguments, message):
    result = CliRunner().invoke(main, ["geometry", "--quick", *arguments])
    assert result.exit_code == 2
    assert message in result.output
