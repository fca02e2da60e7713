"""--suite: what a file lists is what is measured, and what is published."""

import re
import shutil

import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.data.several import dataset_names
from bench.errors import InputError
from bench.plan.cells import plan_cells
from bench.plan.forecast import forecasts, time_text
from bench.plan.grid import Settings, grids
from bench.plan.suite import SUITES, not_listed, read_suite
from bench.plan.suite_grids import grids_of
from bench.registry import Registry
from bench.report.boards.all import report_of
from bench.report.leaderboard import write_leaderboard
from bench.report.news import outside_section
from bench.report.rows import by_task, label
from bench.store.cell import Status
from bench.store.folder import Store
from bench.store.took import took
from tests.cells import cell, point
from tests.conftest import ROOT
from tests.running import cells_of

TREE = "tree:H=3,W=3"
REGISTRY = Registry()
SMALL = f"""
title = "Small"
[[boards]]
dataset = "{TREE}"
methods = ["random", "masked-de"]
settings = {{ "masked-de.steps" = 20, dim = 4 }}
seeds = [0, 1]
[[boards]]
dataset = "tree"
methods = ["random"]
seeds = [0]
k = 10
"""


@pytest.fixture
def written(tmp_path):
    """Write a suite and give its path."""

    def write(text=SMALL):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return str(path)

    return write


def planned(asked, data_dir=None, **options):
    """The planned cells of grids, as (task, method, seed, key)."""
    return [
        (task.name, cell.method, cell.seed, cell.key)
        for task, cells in plan_cells(asked, data_dir, 1, **options).tasks
        for cell in cells
    ]


def listed(method="random", seed=0, **changes):
    """A cell as the small suite lists it."""
    return cell(method, seed, **{"task": "tree-H=3,W=3", "params": {}, **changes})


def test_every_stored_cell_of_the_published_results_is_of_the_published_suite():
    cells = Store(ROOT / "results").cells()
    outside = not_listed(read_suite("published"), cells)
    told = [f"{cell.task} · {label(cell)} · seed {cell.seed}" for cell in outside]
    assert not told, "add them to datasets/suites/published.toml, or take them away"


def test_every_suite_of_the_project_can_be_read():
    for path in SUITES.glob("*.toml"):
        assert grids_of(read_suite(path.stem), REGISTRY)


def test_the_quick_suite_is_of_the_quick_datasets_in_their_order():
    asked = grids_of(read_suite("quick"), REGISTRY)
    assert [grid.dataset for grid in asked] == dataset_names("quick", ())


def test_a_suite_is_planned_in_its_order_with_its_settings_seeds_and_depth(written):
    found = plan_cells(grids_of(read_suite(written()), REGISTRY), None, 1)
    (first, cells), (second, deep) = found.tasks
    assert (first.name, second.name) == ("tree-H=3,W=3", "tree")
    assert [(cell.method, cell.seed) for cell in cells] == [
        ("random", 0), ("masked-de", 0), ("random", 1), ("masked-de", 1),
    ]  # fmt: skip
    assert cells[1].changed == {"dim": 4, "steps": 20}
    assert cells[0].changed == {}
    assert deep[0].k == 10


def test_cells_of_a_suite_are_those_of_the_command_line(written):
    settings = Settings.parse(["dim=4", "steps=20"])
    spelt = grids(["masked-de"], [TREE], REGISTRY, settings=settings, seeds=(0, 1))
    assert planned(grids_of(read_suite(written()), REGISTRY, ["masked-de"])) == planned(spelt)


def test_a_suite_is_restricted_to_the_methods_and_datasets_that_are_named(written):
    path = written()
    assert {grid.dataset for grid in grids_of(read_suite(path), REGISTRY, (), ["tree"])} == {"tree"}
    (random,) = {
        m.name for grid in grids_of(read_suite(path), REGISTRY, ["random"]) for m in grid.methods
    }
    assert random == "random"
    assert grids_of(read_suite(path), REGISTRY, ["all"]) == grids_of(read_suite(path), REGISTRY)


def test_a_plugin_that_a_suite_does_not_list_is_refused_and_one_that_it_lists_runs(written):
    plugin = f"{ROOT / 'examples' / 'popularity.py'}:Popularity"
    registry = Registry([plugin])
    with pytest.raises(InputError, match="does not list popularity, which a plugin brings"):
        grids_of(read_suite(written()), registry)
    listed = SMALL.replace('["random"]', '["random", "popularity"]')
    assert len(grids_of(read_suite(written(listed)), registry)) == 2


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"methods": ["oracle"]},
            r"unknown method of suite '.*mine\.toml' 'oracle'; known: masked",
        ),
        ({"methods": ["orcle"]}, "did you mean oracle"),
        ({"datasets": ["wordnet"]}, "unknown dataset of suite .* 'wordnet'"),
        ({"methods": ["masked-de"], "datasets": ["tree"]}, "does not list masked-de on tree"),
    ],
)
def test_what_a_suite_does_not_list_cannot_be_asked_of_it(written, asked, message):
    with pytest.raises(InputError, match=message):
        grids_of(read_suite(written()), REGISTRY, **asked)


def changed(old, new):
    assert old in SMALL
    return SMALL.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", r"cannot be read as TOML: Invalid value .*quick\.toml"),
        ('title = "Empty"', "boards: Field required"),
        ('title = "Empty"\nboards = []', "boards: List should have at least 1 item"),
        (changed('"Small"', "3"), "title: Input should be a valid string, got 3; a suite has"),
        (changed("seeds", "sedes"), r"board 1: seeds: Field required"),
        (changed("k = 10", "limit = 10"), "board 2: limit: Extra inputs are not permitted, got 10"),
        (changed("k = 10", "k = 0"), "board 2: k: Input should be greater than 0, got 0"),
        (changed("[0, 1]", "[]"), r"board 1: seeds: List should have at least 1 item"),
        (changed("[0, 1]", "[0, -1]"), r"board 1: seeds\.1: .* greater than or equal to 0, got -1"),
        (changed("[0, 1]", "[0.5]"), r"board 1: seeds\.0: .* valid integer, got 0\.5"),
        (changed('["random"]', "[]"), "board 2: methods: List should have at least 1 item"),
        (changed('"tree"', '"tre"'), r"board 2 \(tre\): dataset: unknown dataset .* mean tree"),
        (changed("W=3", "V=3"), r"board 1 .*: dataset: dataset tree takes H=NUMBER"),
        (changed('"masked-de"]', '"maskd-de"]'), r"board 1 .*: methods: .* did you mean masked-de"),
        (changed("dim = 4", "width = 4"), "board 1 .*: settings: .*width: no chosen method has"),
        (changed("dim = 4", "dim = 0.5"), r"masked-de\.dim takes int \(default 64\), got 0\.5"),
        (changed("dim = 4", 'dim = "4"'), "settings: dim takes int, got the text '4'; write it"),
        (changed('["random"]', '["masked-de+exact"]'), r"\+exact is masked-de on boards; list it"),
        (changed("dim = 4", "dim = [4]"), r"settings: dim takes a number, .* got \[4\]"),
        (changed('"masked-de.steps"', "masked-de.steps"), "a name with a dot stands in quotes"),
        (changed('"masked-de.steps"', '"oracle.steps"'), "'oracle' is not among the chosen"),
        (changed("[0, 1]", "[1, 1]"), "random with seed 1 .* is listed before, in .* board 1"),
        (SMALL + SMALL[SMALL.rindex("[[") :], r"board 3 \(tree\): random with .* board 2 \(tree\)"),
    ],
)
def test_a_suite_that_cannot_be_used_is_an_error_that_names_file_field_and_value(
    written, text, message
):
    path = written(text)
    with pytest.raises(InputError, match=message) as raised:
        grids_of(read_suite(path), REGISTRY)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_depth_that_is_too_small_names_the_board(written):
    with pytest.raises(InputError, match=r"mine\.toml: board 2 \(tree\): k=2 is too small"):
        planned(grids_of(read_suite(written(changed("k = 10", "k = 2"))), REGISTRY))


def test_an_unknown_suite_is_an_error_that_lists_those_there_are(tmp_path):
    with pytest.raises(InputError, match="unknown suite 'quik'; known: published, quick; or give"):
        read_suite("quik")
    with pytest.raises(InputError, match=r"absent\.toml: cannot be read"):
        read_suite(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    "given",
    [("--seeds", "0"), ("--set", "dim=3"), ("--k", "9"), ("--encoder", "x"), ("--tune", "none")],
)
def test_what_a_suite_says_itself_cannot_be_given_beside_it(given):
    done = CliRunner().invoke(main, ["run", "--suite", "quick", *given])
    assert done.exit_code == 2
    assert f"{given[0]}: a suite states this itself; leave it out" in " ".join(done.output.split())


def test_a_run_needs_methods_or_a_suite():
    done = CliRunner().invoke(main, ["run"])
    assert done.exit_code == 2
    assert "give --methods, with names or all, or --suite" in done.output


def test_datasets_that_are_not_here_are_left_out(written, tmp_path, monkeypatch):
    monkeypatch.delenv("TREELINE_DATA", raising=False)
    path = written(SMALL.replace('"tree"', '"scifact"'))
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    found = plan_cells(grids_of(read_suite(path), REGISTRY), nothing, 1, here_only=True)
    assert [task.name for task, _ in found.tasks] == ["tree-H=3,W=3"]
    assert found.absent == ["scifact"]
    with pytest.raises(InputError, match="Not on this machine: scifact"):
        planned(grids_of(read_suite(path), REGISTRY, (), ["scifact"]), nothing, here_only=True)


def test_a_plan_tells_what_there_is_to_measure_and_measures_nothing(bench, tmp_path, written):
    done = bench("--suite", written(), "--plan")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    counts = [row[:4] for row in rows]
    assert [TREE, "4", "0", "4"] in counts
    assert ["tree", "1", "0", "1"] in counts
    assert "5 cells: 0 are stored, 5 are to be measured" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_suite_goes_on_where_it_stopped(bench, tmp_path, written):
    path = written()
    assert bench("--suite", path, "--methods", "random", "--dataset", TREE).returncode == 0
    done = bench("--suite", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 cells: 2 are stored, 3 are to be measured" in done.stdout
    assert "2 cells were measured before and are kept" in done.stdout
    cells = cells_of(tmp_path / "out")
    assert len(cells) == 5
    assert not_listed(read_suite(path), cells) == []
    told = bench("--suite", path, "--plan").stdout
    assert "5 cells: 5 are stored, 0 are to be measured" in told


def test_a_plan_tells_cells_and_time_of_each_dataset_and_which_methods_are_new():
    stored = [cell("a", params={"dim": 3}), cell("a+tree", task="large")]
    planned_cells = [
        stored[0],
        cell("a", key="1", seed=7),
        cell("a", key="1", seed=7),  # asked for twice
        cell("a+other", task="large", key="2"),
        cell("new", task="large", key="3"),
    ]
    kept = {stored[0].key}
    lines = forecasts(planned_cells, kept, map(took, stored), lambda cells: 1800 * len(cells))
    assert [line.row() for line in lines] == [
        ["small", "2", "1", "1", "30 min"],
        ["large", "2", "0", "2", "60 min, 1 a guess"],
        ["all", "4", "1", "3", "90 min, 1 a guess"],
    ]
    assert "1 of them is of a method that was never measured" in lines[-1].sentence()
    assert (
        "how long that takes is not known"
        in forecasts(planned_cells, kept, [], lambda _: 5.0)[-1].sentence()
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (119, "119 s"), (120, "2.0 min"), (1800, "30 min"), (9000, "2.5 hours")],
)
def test_a_time_is_told_in_the_unit_that_one_speaks_of_it(seconds, text):
    assert time_text(seconds) == text


def test_a_cell_of_another_seed_setting_method_task_or_depth_is_not_of_the_suite(written):
    suite = read_suite(written())
    as_set = {"params": {"dim": 4, "steps": 20, "lr": 0.1}, "changed": {"dim": 4, "steps": 20}}
    inside = [
        listed(),
        listed(seed=1),
        listed("masked-de", **as_set),
        # By other defaults, of which 4 was one.
        listed("masked-de", **{**as_set, "changed": {"steps": 20}}),
        cell("random", task="tree", k=10, changed={"k": 10}, n_documents=50),
        cell("random", task="tree", k=9, n_documents=9),
    ]
    outside = [
        listed(seed=2),
        listed("oracle"),
        listed("masked-de", params={"dim": 64, "steps": 20}),
        listed("masked-de", **{**as_set, "params": {"dim": 5, "steps": 20}}),
        listed("masked-de", **{**as_set, "changed": {"dim": 4, "steps": 20, "lr": 0.1}}),
        listed(changed={"k": 4}),
        cell("random"),
        cell("random", task="tree", k=11, n_documents=50),
    ]
    assert not_listed(suite, [*inside, *outside]) == outside


def test_a_published_folder_says_which_rows_and_seeds_are_not_of_the_suite():
    cells = [
        cell("random", seed, task="tree", points=[point(1, 0.5)], params={}) for seed in (0, 9)
    ]
    cells.append(cell("mine", task="tree", points=[point(1, 0.6)]))
    cells.append(cell("broken", task="tree", status=Status.FAILED, reason="why"))
    (tree,) = (report_of(group, lambda _: None) for group in by_task(cells).values())
    text = outside_section([tree])
    assert "- [tree](tree.md): mine, random (seed 9), broken (seed 0, failed)\n" in text
    listed_alone = [report_of(cells[:1], lambda _: None)]
    assert "`--suite published` lists every row." in outside_section(listed_alone)


def test_only_a_folder_that_was_marked_is_held_against_the_suite(tmp_path):
    store = Store(tmp_path / "one")
    store.prepare()
    store.commit(cell(points=[point(1, 0.8)]))
    board = store.root / "boards" / "README.md"
    write_leaderboard(store)
    assert "Not of the suite" not in board.read_text()
    command = ["leaderboard", "--out", str(store.root), "--mark"]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert re.search(
        r"## Not of the suite, or of an earlier version\n\n.*:\n\n- \[small\]\(small.md\): mine\n",
        board.read_text(),
    )
    # Elsewhere the same folder has the same boards; its charts are not drawn again here.
    copy = shutil.copytree(store.root, tmp_path / "two")
    written = store.root / "LEADERBOARD.md"
    head, _, _ = written.read_text().partition("\n## small")
    assert write_leaderboard(Store(copy)).path.read_text().startswith(head)
