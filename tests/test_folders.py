"""Two results folders side by side, and several put into one."""

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.measures.budget import UNLIMITED
from bench.measures.differences import differences, mean_squares
from bench.measures.records import Correlation
from bench.report.boards.paired import lead_text
from bench.report.compare.figures import changes
from bench.report.compare.pairs import paired
from bench.report.rows import rows_of
from bench.store.cell import Brought, Status
from bench.store.folder import CELL, QUERIES, RUN, Store
from bench.store.query_values import QueryValues, write_query_values
from bench.system.files import sha256_of
from bench.system.provenance import provenance
from tests.cells import cell, point
from tests.conftest import ROOT
from tests.test_contributing import FENCED, follow

N = 40
ASKED = np.arange(N)


def stored(root, *cells):
    """A results folder of cells, each alone or with its values of recall, one for each query."""
    store = Store(root)
    store.prepare()
    for each, values in [one if isinstance(one, tuple) else (one, None) for one in cells]:
        with store.staging(each.key) as folder:
            found = each
            if values is not None:
                kept = QueryValues(ASKED, {len(each.points) - 1: {"recall": np.float32(values)}})
                write_query_values(folder / QUERIES, kept)
                sha256 = sha256_of(folder / QUERIES)
                found = each.model_copy(update={"queries_sha256": sha256, "n_queries": N})
            store.replace(found, folder)
    return store


def measured(method="near", seed=0, recall=0.5, **changes):
    return cell(method, seed, [point(0.5, recall)], **changes)


def side(seeds, recall=0.5, **changes):
    """The cells of a row with random values of queries about a mean."""
    rng = np.random.default_rng(int(100 * recall))
    return [
        (measured(seed=seed, recall=recall, **changes), rng.integers(0, 2, N) * recall)
        for seed in seeds
    ]


def command(name, *arguments):
    found = CliRunner().invoke(main, [name, *map(str, arguments)])
    assert found.exit_code == 0, found.output
    return found.output


def refused(name, *arguments):
    found = CliRunner().invoke(main, [name, *map(str, arguments)])
    assert found.exit_code != 0
    return found.output


def line_of(text, row):
    (line,) = (line for line in text.splitlines() if line.startswith(f"{row} "))
    return line


@pytest.fixture
def folders(tmp_path):
    def make(before, after):
        return stored(tmp_path / "a", *before).root, stored(tmp_path / "b", *after).root

    return make


class TestCompare:
    def test_rows_of_one_folder_alone_are_named_and_failures_have_their_reason(self, folders):
        broken = cell("far", status=Status.TIMEOUT, reason="3,600 s are over")
        a, b = folders([*side([0]), measured("far")], [*side([0]), broken, measured("new")])
        text = command("compare", a, b)
        assert "Only in A: far" in text
        assert "Only in B: new, far (timeout: 3,600 s are over)" in text
        assert "0 of 1 rows differ" in text
        assert "the same" in line_of(text, "near")

    def test_what_neither_folder_could_measure_is_in_neither_alone(self, folders):
        skipped = cell("far", status=Status.SKIPPED, reason="no texts")
        text = command("compare", *folders([*side([0]), skipped], [*side([0]), skipped]))
        assert "Only in" not in text

    def test_the_lead_of_the_second_folder_is_that_of_the_boards_test(self, folders):
        before, after = side([0, 1, 2], 0.5), side([0, 1, 2], 0.9)
        a, b = (Store(root) for root in folders(before, after))
        (task,) = paired(a.cells(), b.cells())
        (change,) = changes(task.both, "recall", UNLIMITED, a.query_values, b.query_values)
        values = [[np.float32(value) for _, value in rows] for rows in (before, after)]
        by = 100 * (np.float64(values[1]) - np.float64(values[0]))
        (expected,) = differences([mean_squares(by)], n_rows=2)
        assert change.lead.difference == pytest.approx(expected)
        text = command("compare", a.root, b.root)
        assert lead_text(change.lead) in line_of(text, "near")
        assert "50.0 ± 0.0 → 90.0 ± 0.0" in line_of(text, "near")

    def test_seeds_that_one_folder_lacks_are_left_out_and_counted(self, folders):
        a, b = folders(side([0, 1, 2], 0.5), side([1, 5], 0.9))
        line = line_of(command("compare", a, b), "near")
        assert "1 of 3, 2" in line
        assert "°" in line  # one seed is not tested

    def test_without_a_seed_in_common_there_is_a_difference_and_no_test(self, folders):
        a, b = folders(side([0], 0.5), side([1], 0.9))
        assert "+40.0 (no seed in common)" in line_of(command("compare", a, b), "near")

    def test_without_values_of_queries_the_difference_says_so(self, folders):
        a, b = folders([measured(recall=0.5)], [measured(recall=0.25)])
        line = line_of(command("compare", a, b), "near")
        assert "-25.0 (no values of queries are kept there)" in line

    def test_another_version_and_other_defaults_are_the_same_row_and_told(self, folders):
        old = {"code": ["near 1"], "params": {"dim": 3}}
        new = {"code": ["near 2"], "params": {"dim": 4}}
        a, b = folders(side([0], 0.5, **old), side([0], 0.9, **new))
        text = command("compare", a, b)
        assert "near †: near 1 → near 2; dim 3 → 4" in text
        assert "1 of 1 rows differ" in text

    def test_of_two_versions_in_one_folder_the_equal_ones_are_compared(self, folders):
        first, second = {"code": ["near 1"]}, {"code": ["near 2"]}
        a, b = folders(
            [*side([0], 0.5, **first), *side([0], 0.25, **second)], side([0], 0.25, **second)
        )
        text = command("compare", a, b)
        assert "Only in A: near †" in text
        assert "the same" in line_of(text, "near")

    def test_two_versions_that_both_folders_have_are_two_lines(self, folders):
        rows = [*side([0], 0.5, code=["near 1"]), *side([0], 0.25, code=["near 2"], key="k")]
        text = command("compare", *folders(rows, rows))
        assert "the same" in line_of(text, "near †  ")
        assert "the same" in line_of(text, "near † †")
        assert "†: of an earlier version of the method" in text

    def test_other_data_of_one_name_is_not_compared(self, folders):
        a, b = folders(side([0], 0.5), side([0], 0.9, task_digest="e"))
        text = command("compare", a, b)
        none = "No row is in both: the folders have other data of this name"
        assert f"Only in A: near\n{none}" in text
        assert f"Only in B: near\n{none}" in text

    def test_rows_are_compared_within_the_budget_too(self, folders):
        points = [point(0.1, 0.2), point(0.5, 0.5)]
        a, b = folders([cell("near", points=points)], [cell("near", points=points)])
        text = command("compare", a, b)
        assert "at ≤ 10 % visited: 0 of 1 rows differ" in text
        assert "10.0 / 11.0" in text
        none = "at ≤ 2 % visited: no row of both has a setting that costs less"
        assert none in command("compare", a, b, "--budget", "0.02")

    def test_a_run_from_a_file_has_no_cost(self, folders):
        facts = {"file": "/x/ours", "sha256": "0", "tag": "ours", "unanswered": 0}
        costless = {"visited": None, "routing": None, "work": None, "queries_per_second": None}
        sides = [
            [cell("ours", points=[point(1, recall).model_copy(update=costless)],
                  key="k", brought=Brought(**facts), cost=None)]
            for recall in (0.5, 0.75)
        ]  # fmt: skip
        line = line_of(command("compare", *folders(*sides)), "ours")
        assert "50.0 → 75.0" in line
        assert "+25.0" in line

    def test_word_pairs_have_correlations_and_no_test(self, folders):
        def of(rho):
            return cell("near", points=[], similarity=[
                Correlation(score="score", subset="all", n=9, rho=rho, low=0, high=1)
            ])  # fmt: skip

        line = line_of(command("compare", *folders([of(0.5)], [of(0.625)])), "near")
        assert "0.500 → 0.625" in line
        assert "+0.125" in line

    def test_what_cannot_be_compared_is_refused_by_name(self, folders, tmp_path):
        a, b = folders([measured()], [measured("far")])
        assert "are one folder" in refused("compare", a, tmp_path / "b" / ".." / "a")
        (tmp_path / "empty").mkdir()
        assert "empty/runs holds no cell" in refused("compare", a, tmp_path / "empty")
        assert "does not exist" in refused("compare", a, tmp_path / "absent")
        assert "did you mean near" in refused("compare", a, b, "--methods", "nera")
        assert "unknown measure of the rows in both 'MAP'" in refused(
            "compare", a, b, "--measure", "MAP"
        )


class TestMerge:
    def test_every_cell_is_copied_byte_for_byte_and_on_the_board(self, folders, tmp_path):
        a, b = folders(side([0, 1]), side([2], 0.9))
        text = command("merge", a, b, "--out", tmp_path / "c")
        assert "3 cells were copied" in text
        for folder in (a, b):
            for path in (folder / "runs").rglob("*.*"):
                copy = tmp_path / "c" / path.relative_to(folder)
                assert copy.read_bytes() == path.read_bytes(), path
        (row,) = rows_of(Store(tmp_path / "c").cells())
        assert [each.seed for each in row.cells] == [0, 1, 2]
        assert (tmp_path / "c" / "LEADERBOARD.md").is_file()

    def test_one_measurement_in_both_is_taken_from_where_its_run_is(self, folders, tmp_path):
        both = side([0])
        a, b = folders(both, both)
        next(a.rglob(QUERIES)).unlink()
        text = command("merge", a, b, "--out", tmp_path / "c")
        assert "1 cell is in several folders, and the same" in text
        assert list((tmp_path / "c").rglob(QUERIES))

    def test_other_figures_of_one_cell_are_refused_until_one_folder_is_preferred(
        self, folders, tmp_path
    ):
        a, b = folders([measured(key="k")], [measured(key="k", recall=0.75)])
        text = refused("merge", a, b, "--out", tmp_path / "c")
        assert f"measured twice, with other figures: small · near · seed 0 ({a}, {b})" in text
        assert not (tmp_path / "c").exists()
        text = command("merge", a, b, "--out", tmp_path / "c", "--prefer", b)
        assert f"other figures; taken from {b}" in text
        (found,) = Store(tmp_path / "c").cells()
        assert found.points[0].recall == 0.75
        assert "is none of the folders" in refused(
            "merge", a, "--out", tmp_path / "d", "--prefer", tmp_path
        )

    def test_the_same_figures_with_other_seconds_are_told_and_the_first_are_taken(
        self, folders, tmp_path
    ):
        slow = point(0.5, 0.5).model_copy(update={"queries_per_second": 5})
        a, b = folders([measured(key="k")], [cell("near", points=[slow], key="k")])
        text = command("merge", a, b, "--out", tmp_path / "c")
        assert f"the same figures, other seconds; taken from {a}" in text

    def test_a_cell_that_failed_gives_way_to_one_that_was_measured(self, folders, tmp_path):
        failed = cell("near", key="k", status=Status.FAILED, reason="no memory")
        a, b = folders([failed], [measured(key="k")])
        text = command("merge", a, b, "--out", tmp_path / "c")
        assert f"not all were measured to their end; taken from {b}" in text
        assert Store(tmp_path / "c").cells()[0].status is Status.OK

    def test_two_versions_of_a_method_stand_in_one_board_told_apart(self, folders, tmp_path):
        then = provenance(1).model_copy(update={"date": "2020-01-01"})
        codes = ["Near 0123456789abcdef", "Near fedcba9876543210"]
        a, b = folders(
            side([0], code=codes[:1], provenance=then, key="old"), side([0], 0.9, code=codes[1:])
        )
        text = command("merge", a, b, "--out", tmp_path / "c")
        told = f"near is there in 2 versions, a row each: {codes[0]} in {a}, {codes[1]} in {b}"
        assert told in text
        board = (tmp_path / "c" / "boards" / "small.md").read_text()
        assert f"One row in several versions. near: {codes[1]}; near †: {codes[0]}." in board

    def test_other_data_under_one_name_is_told(self, folders, tmp_path):
        other = {"key": "k", "task_digest": "e", "dataset": "hierarchy:/x/small.csv"}
        a, b = folders([measured()], [measured(**other)])
        text = command("merge", a, b, "--out", tmp_path / "c")
        assert "small is the name of other data" in text
        assert f"hierarchy:/x/small.csv in {b}" in text

    def test_a_damaged_cell_is_named_and_left_out(self, folders, tmp_path):
        a, b = folders(side([0, 1]), side([2]))
        path = next(a.rglob(CELL))
        path.write_text(path.read_text().replace("near", "neat"))
        found = CliRunner().invoke(main, ["merge", str(a), str(b), "--out", str(tmp_path / "c")])
        assert found.exit_code == 1
        assert f"Not merged: {path}" in found.output
        assert len(Store(tmp_path / "c").cells()) == 2

    def test_a_run_that_was_altered_is_named_and_left_out(self, folders, tmp_path):
        a, b = folders([measured(run_sha256="0" * 64)], [measured(seed=1)])
        (next(a.rglob(CELL)).parent / RUN).write_bytes(b"another")
        text = refused("merge", b, a, "--out", tmp_path / "c")
        assert f"{RUN}: is not as it was stored" in text or "holds no whole cell" in text

    def test_cells_of_the_target_stay(self, folders, tmp_path):
        a, b = folders(side([0]), side([1]))
        command("merge", a, "--out", b)
        assert [each.seed for each in Store(b).cells()] == [0, 1] or len(Store(b).cells()) == 2
        assert "one is named twice" in refused("merge", a, "--out", a)
        assert "one is named twice" in refused("merge", a, a, "--out", tmp_path / "c")


def test_the_guide_is_run_as_it_stands(clone):
    guide = (ROOT / "docs" / "compare.md").read_text()
    assert len(guide.splitlines()) < 60
    follow(FENCED.findall(guide), clone)
    shown = command("compare", clone / "before", clone / "after")
    assert "the same" in line_of(shown, "random")
    assert "*" in line_of(shown, "shelf")
