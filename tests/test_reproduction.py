"""What reproduces: claims, the figures that they rest on, and what is said where these move."""

import re

import pytest

from bench.errors import InputError
from bench.report.reproduction.claims import Claim, Exhibit, Figure, Paper, read_claims
from bench.report.reproduction.page import reproduction_text
from tests.small_results import small_results


def text_of(store, verdict="reproduced", **figure):
    claim = Claim(claim="It holds", verdict=verdict, why="Tried.", figures=(Figure(**figure),))
    return reproduction_text(store, [Paper(title="A paper", source="arXiv 1", claims=[claim])])


def row_of(text, what):
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {what} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.fixture
def store(tmp_path):
    return small_results(tmp_path)


NEAR = {"what": "near", "paper": "50", "dataset": "small", "row": "near", "value": "recall"}


def test_a_figure_is_the_mean_over_seeds_with_its_spread_and_interval(store):
    # 90 % of all pairs at the point that visits most of both seeds, a point less to a point more.
    cells = row_of(text_of(store, **NEAR), "near")
    assert cells[1:5] == ["50", "90.0 ± 0.0", "89.0 … 91.0", "2"]
    assert cells[5] == "[near](boards/small.md)"


def test_a_figure_at_a_tenth_is_of_the_point_that_visits_most_within_it(store):
    assert row_of(text_of(store, **NEAR, at="10 %"), "near")[2] == "60.0 ± 0.0 (9.0 / 10.0)"


def test_a_distance_is_read_by_its_number(store):
    figure = {**NEAR, "value": "distance 1"}
    assert row_of(text_of(store, **figure), "near")[2:4] == ["90.0 ± 0.0", "0.0 … 100.0"]


def test_the_difference_of_two_rows_is_the_boards_and_turns_round_with_them(store):
    # near has 1, 1, .5, 0 and far .5, 1, 0, .25 on four queries: a mean of 18.75 points.
    ahead = text_of(store, **NEAR, ahead_of="far", at="10 %")
    assert row_of(ahead, "near")[2] == "+18.8 points, of these runs alone"
    figure = {**NEAR, "row": "far"}
    behind = row_of(text_of(store, **figure, ahead_of="near", at="10 %"), "near")
    assert behind[2] == "-18.8 points, of these runs alone"
    low, high = (float(end) for end in behind[3].split(" … "))
    assert low <= high


def test_the_verdict_stands_in_the_summary_and_leads_to_its_claim(store):
    text = text_of(store, **NEAR)
    assert "| arXiv 1 " in text
    assert "[It holds](#it-holds) | reproduced" in text
    assert "Verdict: **reproduced**." in text


@pytest.mark.parametrize("bound", [{"at_least": 91}, {"at_most": 89}])
def test_a_verdict_that_its_figures_left_has_to_be_judged_again(store, bound):
    with pytest.raises(InputError, match="near is 90.000, and the verdict 'reproduced'.*judge it"):
        text_of(store, **NEAR, **bound)


TABLE = """# Slopes

| other | tables |
|:------|:-------|
| slope | 1      |

| what  | target | mine        |
|:------|:-------|:------------|
| slope | of \\| 1 | 3.10 ± 0.20 |
| slope | 95 %   | 2.29 ± 0.10 |
"""
SLOPE = {"what": "a slope", "file": "table.md", "line": ("slope", "95 %"), "column": "mine"}


def test_a_figure_of_a_published_table_is_found_by_how_its_row_begins(store):
    (store.root / "table.md").write_text(TABLE)
    cells = row_of(text_of(store, **SLOPE, at_least=2.2), "a slope")
    assert cells[2:] == ["2.29 ± 0.10", "–", "–", "[table.md](table.md)"]
    with pytest.raises(InputError, match="a slope is 2.290.*rests on at most 2"):
        text_of(store, **SLOPE, at_most=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "other.md"}, r"other\.md is missing"),
        ({"line": ("slope", "90 %")}, r"no row of .*table\.md begins with slope, 90 %"),
        ({"line": ("slope", "of | 1"), "column": "target"}, r"has no number there: 'of \| 1'"),
        ({"column": "yours"}, r"table\.md has no column 'yours': what, target, mine"),
    ],
)
def test_a_figure_that_a_table_lacks_is_named(store, change, message):
    (store.root / "table.md").write_text(TABLE)
    with pytest.raises(InputError, match=message):
        text_of(store, **{**SLOPE, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "other"}, "no cell of other is stored"),
        ({"row": "nearer"}, "small has no row 'nearer'; it has exact, near"),
        ({"value": "R@100"}, "near has no R@100 at all"),
        ({"value": "distance 7"}, "near has no distance 7"),
        ({"value": "empty leaves"}, "near has no empty leaves"),
        ({"row": "exact", "at": "10 %"}, "exact has no recall at 10 %"),
        (
            {"ahead_of": "far", "value": "min"},
            "rows are compared by recall .macro.$",
        ),
        ({"ahead_of": "exact", "at": "10 %"}, "'exact' is not compared; those that are: near, far"),
        ({"value": "rho nouns by score"}, "near has no rho nouns by score"),
    ],
)
def test_a_figure_that_is_not_there_is_named(store, change, message):
    with pytest.raises(InputError, match=message):
        text_of(store, **{**NEAR, **change})


def test_a_figure_is_of_cells_or_of_a_table_and_not_of_both():
    for wrong in ({**NEAR, **SLOPE}, {"what": "nothing"}, {"what": "half", "dataset": "small"}):
        with pytest.raises(ValueError, match="dataset, row and value, or file, line and column"):
            Figure(**wrong)


def test_every_claim_that_was_measured_has_figures_and_says_what_stands_behind_it():
    claims = [claim for paper in read_claims() for claim in paper.claims]
    assert len(claims) > 10
    for claim in claims:
        assert bool(claim.figures) == (claim.verdict != "not measured"), claim.claim
        assert len(claim.why) > 40, claim.claim


def exhibits_of(*exhibits):
    claim = Claim(claim="It holds", verdict="partly", why="Tried.")
    return Paper(title="A paper", source="arXiv 1", claims=[claim], exhibits=exhibits)


def test_each_table_of_a_paper_has_its_place_and_the_verdict_of_its_claim(store):
    text = reproduction_text(
        store,
        [
            exhibits_of(
                Exhibit(what="Table 1", shows="it", here="[board](boards/a.md)", claim="It holds"),
                Exhibit(what="Table 2", shows="sizes", here="–", verdict="nothing to measure"),
            )
        ],
    )
    assert row_of(text, "Table 1")[1:] == ["it", "[board](boards/a.md)", "[partly](#it-holds)"]
    assert row_of(text, "Table 2")[-1] == "nothing to measure"


def test_a_table_rests_on_a_claim_that_is_there_or_has_a_verdict():
    with pytest.raises(ValueError, match="Table 1 names a claim that is not there: Other"):
        exhibits_of(Exhibit(what="Table 1", shows="it", here="–", claim="Other"))
    for fields in ({}, {"claim": "It holds", "verdict": "reported"}):
        with pytest.raises(ValueError, match="Table 1 has a claim, or a verdict of its own"):
            Exhibit(what="Table 1", shows="it", here="–", **fields)


def test_every_table_and_figure_of_ehis_paper_is_listed():
    (paper,) = (paper for paper in read_claims() if paper.source == "arXiv 2310.08891")
    named = " ".join(each.what for each in paper.exhibits)
    numbers = {
        int(number) for number in re.findall(r"\d+", named.replace("E.9", "").replace("E.6", ""))
    }
    assert numbers == set(range(1, 15))
    tables = " ".join(re.findall(r"[Tt]ables? [\d and]+", named))
    assert {int(number) for number in re.findall(r"\d+", tables)} == set(range(1, 12))
