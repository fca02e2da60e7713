"""The geometry study: its search for a dimension, its slopes, its trainings, its command."""

import math
import subprocess
import sys
import time

import psutil
import pytest
from click.testing import CliRunner
from filelock import FileLock

from bench.cli.commands import main
from bench.errors import InputError
from studies.geometry.command import geometry, quick
from studies.geometry.dimensions import (
    LARGEST,
    Needed,
    Tree,
    TreeGrid,
    next_dimension,
    slope,
    slopes_of,
    smallest,
    table_of,
)
from studies.geometry.trade_offs import finetuning
from studies.geometry.trainings import COLUMNS, NAME, TrainingTable
from studies.geometry.trial import Trial, TrialResult, measure
from tests.conftest import ROOT


def found_from(least):
    """The dimensions that are tried for a target reached from ``least`` on."""
    reached = {}
    while (dim := next_dimension(reached)) is not None:
        assert dim not in reached
        reached[dim] = dim >= least
    return reached


@pytest.mark.parametrize("least", [1, 2, 3, 7, 8, 9, 100, LARGEST])
def test_the_smallest_dimension_is_found(least):
    assert smallest(found_from(least)) == least


def test_seven_is_found_by_doubling_to_eight_and_halving():
    assert list(found_from(7)) == [2, 4, 8, 6, 7]


def test_a_search_that_reaches_nothing_ends():
    assert max(found_from(LARGEST + 1)) == LARGEST
    assert smallest(found_from(LARGEST + 1)) is None


def test_a_dip_above_a_dimension_that_was_enough_does_not_matter():
    assert next_dimension({2: False, 4: True, 3: False, 8: False}) is None


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


def test_a_constructed_tree_is_found_whole_in_many_dimensions_and_not_in_few(tmp_path):
    few, many = (
        measure(Trial("tree:H=3,W=3", "constructed-de", (f"dim={dim}",), 0), tmp_path)
        for dim in (2, 256)
    )
    assert many.recall == 1
    assert many.by_distance == (1, 1, 1)
    assert few.recall < 0.9
    assert few.least == min(few.by_distance)


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


LINE = "tree,masked-de,dim=3,0,{recall},{by_distance},1.0,abc,cpu,key"


@pytest.mark.parametrize(
    "text",
    [
        "dataset,recall\ntree,0.5",
        ",".join(COLUMNS) + "\ntree,masked-de",
        *(
            ",".join(COLUMNS) + "\n" + LINE.format(recall=recall, by_distance=by_distance)
            for recall, by_distance in (("nan", "0.5"), ("7", "0.5"), ("0.5", ""), ("0.5", "-1"))
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
    """Results by rule: 95 % from a dimension of H + W on, 99 % from twice that on."""

    def __init__(self):
        pass

    def of(self, trials):
        found = {}
        for trial in trials:
            height, width = (int(part.partition("=")[2]) for part in trial.dataset.split(",")[:2])
            dim = int(trial.settings[0].partition("=")[2])
            enough = (dim >= height + width) + (dim >= 2 * (height + width))
            recall = (0.5, 0.96, 0.995)[enough]
            found[trial] = TrialResult(recall, (recall,), 0.0)
        return found


def test_tables_show_what_each_tree_needs_and_its_slopes():
    needed = Needed(TreeGrid((3, 4, 5), (2, 4), (0,), (0,)), Made())
    header, rows = table_of(needed)
    assert header[:4] == ["H", "W", "nodes", "constructed-de"]
    assert rows[0][:4] == ["3", "2", "7", "5 / 10 / 5"]
    assert [row[:2] for row in rows] == [["3", "2"], ["4", "2"], ["5", "2"], ["4", "4"]]
    _, slopes = slopes_of(needed)
    assert slopes[0][2] == "0.66 ± 0.20", "of log 5, log 6, log 7 over log 3, log 4, log 5"
    assert slopes[0][-2:] == ["2.29", "2"]
    assert slopes[3][2] == "–", "two widths make no line with a margin"


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
