"""EHI as a user runs it: rows, warnings, errors, ablations."""

import re

import pytest

import methods.ablations
from bench.errors import InputError
from bench.store.folder import Store
from studies.ablate import ablate
from studies.figures import field
from tests.running import experiment

TREE = ["--dataset", "tree:H=4,W=4", "--set", "steps=60"]


def cells(folder):
    return {cell.method: cell for cell in Store(folder).cells()}


@pytest.mark.slow
def test_a_learned_tree_stands_on_the_boards_with_its_health(bench, tmp_path):
    arguments = ["--methods", "ehi,masked-de+faiss-ivf", *TREE, "--seeds", "0,1"]
    done = bench(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    (boards,) = (tmp_path / "out" / "boards").glob("tree*.md")
    assert "## Leaves" in boards.read_text()
    found = cells(tmp_path / "out")["ehi"]
    assert found.leaves.leaves == 18  # 2 times the root of 85: routing costs a dot product a leaf
    assert found.leaves.training
    assert found.leaves.largest < 1
    assert found.points[-1].visited == pytest.approx(1)


@pytest.mark.slow
def test_a_collapse_is_warned_of_while_it_trains(bench):
    done = bench("--methods", "ehi", *TREE, "--set", "warm_start=false", "--set", "branching=85",
                 "--set", "refresh=1")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning: the leaves collapse: " in done.stdout
    assert " of 85 are empty" in done.stdout


def test_what_cannot_be_trained_fails_its_cell_and_not_the_run(bench):
    done = bench("--methods", "ehi,random", *TREE, "--set", "ehi.branching=100")
    assert done.returncode == 1
    assert "branching ** height is 100 ** 1 = 100 leaves for 85 documents" in done.stdout
    assert "random · seed 0: recall" in done.stdout


def test_a_loss_that_is_not_a_number_fails_its_cell(bench):
    done = bench("--methods", "ehi", *TREE, "--set", "indexer_lr=1e30")
    assert done.returncode == 1
    assert "lower lr or indexer_lr" in done.stdout


def test_a_diverging_dual_encoder_or_router_names_its_rate(bench):
    rates = ["--set", "standard-de.lr=1e39", "--set", "judged_lr=1e25"]
    done = bench("--methods", "standard-de,de-judged-router", *TREE, *rates)
    assert done.returncode == 1
    assert "the loss is nan at step" in done.stdout
    assert "lower lr" in done.stdout
    assert "lower judged_lr" in done.stdout


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("ehi.branching=-1", "branching must be 0 or more, got -1"),
        ("ehi.height=0", "height must be more than 0, got 0"),
        ("ehi.batch=1", "batch must be at least 2, got 1"),
        ("ehi.leaves_per_document=0", "leaves_per_document must be more than 0, got 0"),
    ],
)
def test_parameters_that_mean_nothing_are_refused_before_anything_runs(bench, setting, message):
    done = bench("--methods", "ehi", *TREE, "--set", setting)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_tree_needs_a_trainer_that_learns_one(bench):
    done = bench("--methods", "standard-de+learned-tree", *TREE)
    assert done.returncode == 1
    assert "standard-de learns no tree to search" in done.stderr


@pytest.mark.slow
def test_ablations_are_a_table_and_a_chart(tmp_path, monkeypatch, capsys):
    questions = {"branching": {"40": {"branching": 40}, "too many": {"branching": 9999}}}
    monkeypatch.setitem(methods.ablations.ABLATIONS, "ehi", questions)
    asked = experiment(
        "ehi", "wordnet-mammal", settings=("steps=60",), seeds=(0, 1), jobs=2, out=tmp_path
    )
    ablate(asked)
    page = tmp_path / "ablations" / "ehi-wordnet-mammal.md"
    heading = "ehi on wordnet-mammal, one thing changed at a time"
    lead = field(page, heading, "branching / 40", "recall (macro), ahead by")
    assert re.fullmatch(r"[+-]\d+\.\d +\(-?\d+\.\d … -?\d+\.\d\) [012]/2", lead)
    assert field(page, heading, " / as it is", "recall (macro), ahead by") == "–"
    assert "9999 ** 1 = 9,999 leaves for 1,182 documents" in page.read_text()
    chart = (tmp_path / "ablations" / "ehi-wordnet-mammal.svg").read_text()
    assert "branching: 40" in chart
    assert "Written:" in capsys.readouterr().out


def test_a_method_without_ablations_says_who_has_some(tmp_path):
    with pytest.raises(InputError, match="random names no ablations; those that do: ehi"):
        ablate(experiment("random", "tree", out=tmp_path))
