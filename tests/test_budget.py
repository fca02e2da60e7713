"""Budgets: what may be spent on a query, as a card, a command or a page states it."""

import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from bench.cli.commands import main
from bench.data.cards import read_card
from bench.errors import InputError
from bench.measures.budget import DEFAULT, UNLIMITED, Budget
from bench.measures.choice import Chosen
from bench.report.boards.all import report_of
from bench.report.leaderboard import write_leaderboard
from bench.report.sentences import sentences
from bench.report.stated import stated_budget
from bench.report.summary import summary_boards
from bench.store.cell import Cell
from bench.store.query_values import QueryValues
from bench.verify.pages import check_boards
from tests.cells import cell, point
from tests.small_results import small_results

CARD = """name = "{name}"
title = "A title"
citation = "A paper"
licence = "MIT"
reader = "bench.data.readers.tree:read"
{more}
"""


def routed(visited, work):
    return point(visited, 0.5).model_copy(update={"work": work})


def test_the_point_that_costs_most_within_a_budget_is_another_by_work():
    points = [routed(0.02, 0.05), routed(0.09, 0.3), routed(1, 1.3)]
    assert DEFAULT.most(points) == 1
    assert DEFAULT.other.most(points) == 0
    assert Budget(0.01).most(points) is None
    # A graph may count a document twice, and routing adds to the corpus.
    assert UNLIMITED.most([*points, routed(1.2, 1.5)]) == 3


def test_budgets_in_words():
    assert Budget(0.02, "work").at == "at ≤ 2 % work"
    assert Budget(0.005).limit == "≤ 0.5 % visited"
    assert UNLIMITED.at == "without a limit"


def test_a_card_states_the_budget_of_its_boards(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CARD.format(name="mine", more='budget = 0.02\nbudget_by = "work"'))
    assert read_card(path).compared_at == Budget(0.02, "work")
    path.write_text(CARD.format(name="mine", more=""))
    assert read_card(path).compared_at == DEFAULT


@pytest.mark.parametrize("more", ["budget = 0", "budget = 2", 'budget_by = "seconds"'])
def test_a_card_with_an_impossible_budget_is_refused(tmp_path, more):
    path = tmp_path / "mine.toml"
    path.write_text(CARD.format(name="mine", more=more))
    with pytest.raises(InputError, match=more.split(" ")[0]):
        read_card(path)


def test_boards_of_a_stated_budget_say_so_and_are_made_again_by_it(tmp_path):
    store = small_results(tmp_path)
    budget = Budget(0.025, "work")
    path = write_leaderboard(store, budget).path
    assert "**Best at ≤ 2.5 % work**" in path.read_text()
    boards = store.root / "boards"
    assert "## Recall by distance at ≤ 2.5 % work" in (boards / "small.md").read_text()
    assert stated_budget(path) == budget
    assert check_boards(store) == (3, [])
    write_leaderboard(store)
    assert stated_budget(path) is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--budget-by", "work"], "--budget-by work needs --budget"),
        (["--budget", "0"], "0.0 is not in the range 0<x<=1"),
        (["--budget", "nan"], "such as 0.02, got nan"),
        (["--budget", "10"], "10.0 is not in the range 0<x<=1"),
        (["--budget", "0.1", "--budget-by", "time"], "'time' is not one of 'visited', 'work'"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_before_anything_is_written(tmp_path, options, told):
    found = CliRunner().invoke(main, ["leaderboard", "--out", str(tmp_path), *options])
    assert found.exit_code == 2
    assert told in found.output


def test_the_summary_calls_a_tie_a_tie_and_a_lead_a_lead():
    rng = np.random.default_rng(0)
    base = rng.random(100) / 2
    levels = {"first": base + 0.3, "near": base + 0.3 + rng.normal(0, 0.1, 100), "last": base}
    cells = [
        cell(method, seed, [point(0.09, values.mean()), point(1.0, values.mean())], n_queries=100)
        for method, values in levels.items()
        for seed in (0, 1, 2)
    ]

    def values_of(of):
        column = {"recall": levels[of.method] + rng.normal(0, 0.02, 100)}
        return QueryValues(np.arange(100), {0: column, 1: column})

    report = report_of(cells, values_of)
    within, unlimited = (board.rows[0] for board in summary_boards([report]))
    best = max(levels, key=lambda method: levels[method].mean())
    other = {"first": "near", "near": "first"}[best]
    mean = f"{100 * levels[best].mean():.1f}"
    assert within[2:7] == [best, f"{mean} ± 0.0", "9.0 / 10.0", "tied with 1 of 2",
                           f"the same ({mean})"]  # fmt: skip
    assert unlimited[2:5] == [best, f"{mean} ± 0.0", "tied with 1 of 2"]
    assert f"it is not significantly ahead of {other}." in " ".join(sentences(report))


def test_a_best_row_says_how_many_are_not_tested_and_one_that_is_behind_is_tied():
    rng = np.random.default_rng(0)
    base = rng.random(100) / 2
    # By the measure of the boards "low" is best; query by query "high" is far ahead of it.
    means, levels = {"low": 0.9, "high": 0.8, "new": 0.7}, {"low": base, "high": base + 0.4}
    cells = [
        cell(method, seed, [point(1.0, mean)], n_queries=100)
        for method, mean in means.items()
        for seed in (0, 1, 2)
    ]

    def values_of(of):
        if of.method not in levels:
            return None
        return QueryValues(
            np.arange(100), {0: {"recall": levels[of.method] + rng.normal(0, 0.02, 100)}}
        )

    report = report_of(cells, values_of)
    _, (found,) = (board.rows for board in summary_boards([report]))
    assert found[2:5] == ["low", "90.0 ± 0.0", "tied with 1 of 2"]
    assert "not significantly ahead of high, and not tested against 1." in " ".join(
        sentences(report)
    )


def test_a_task_where_no_two_rows_are_compared_says_why():
    cells = [cell(method, points=[point(0.2, 0.9)]) for method in ("a", "b")]
    notes = report_of(cells, lambda _: None).boards[0].notes
    why = "Left out: a, b, as no setting costs so little."
    assert f"No two rows are compared at ≤ 10 % visited. {why}" in notes
    assert any("without a limit" in note and "no values of queries" in note for note in notes)


def test_charts_of_another_budget_are_taken_away_and_files_of_a_user_stay(tmp_path):
    store = small_results(tmp_path)
    write_leaderboard(store, figures=True)
    mine = tmp_path / "figures" / "mine.svg"
    mine.write_text("<svg/>")
    before = {path.name for path in mine.parent.glob("*-xray.svg")}
    assert before
    write_leaderboard(store, Budget(0.001), figures=True)
    assert not list(mine.parent.glob("*-xray.svg"))
    assert mine.exists()


def test_a_cell_that_chose_a_point_that_it_lacks_is_refused():
    chosen = Chosen(budget=0.1, number=3, score=0.5, visited=0.05)
    with pytest.raises(ValidationError, match="it chose operating point 3 of 1"):
        Cell.model_validate(cell(points=[point(1, 0.9)], chosen=chosen).model_dump())


def test_tied_rows_of_equal_scores_are_in_the_order_of_the_boards():
    base = np.random.default_rng(0).random(100)
    cells = [
        cell(method, seed, [point(1.0, 0.9 if method == "best" else 0.8)], n_queries=100)
        for method in ("best", *"gcaebdf")
        for seed in (0, 1, 2)
    ]
    report = report_of(cells, lambda _: QueryValues(np.arange(100), {0: {"recall": base}}))
    assert "not significantly ahead of a, b and 5 more." in " ".join(sentences(report))
