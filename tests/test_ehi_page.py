"""The computed parts of docs/ehi.md."""

import pytest

from bench.measures.records import Interval, Leaves
from bench.store.folder import Store
from studies.ehi import paper
from studies.ehi.claims import claims
from studies.ehi.picture import picture
from studies.ehi.rows import rows_by_encoder
from studies.ehi.tables import ceilings, order, other_budgets, scifact, verdict, wins
from tests.cells import cell, xrayed

RIVAL = "de-faiss-ivf"
ABLATIONS = """
| what | changed to | R@100 at ≤ 10 % |
| --- | --- | --- |
|  | as it is | 92.3 ± 0.9 |
| negatives | no hard ones | 92.1 ± 2.8 |
"""


def of_scifact(method, recall, encoder="minilm", visited=0.09, **changes):
    """A cell of SciFact with one point, whose R@100 is its recall."""
    ranking = dict.fromkeys(("nDCG@10", "R@100"), Interval(mean=recall, low=recall, high=recall))
    found = xrayed(visited, recall).model_copy(update={"ranking": ranking})
    changed = {} if encoder == "minilm" else {"encoder": encoder}
    facts = {"task": "scifact", "cut": 100, "params": {"encoder": encoder}, "changed": changed}
    return cell(method, points=[found], **{**facts, **changes})


@pytest.fixture
def rows_of(tmp_path, monkeypatch):
    """A function from cells to the rows of the page."""

    def rows(*cells):
        monkeypatch.setattr(Store, "cells", lambda store: list(cells))
        monkeypatch.setattr(Store, "query_values", lambda store, cell: None)
        return rows_by_encoder(Store(tmp_path))

    return rows


@pytest.fixture
def ablations(tmp_path):
    path = tmp_path / "ablations.md"
    path.write_text(ABLATIONS)
    return path


def line_of(table, first):
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {first}"))
    return [text.strip() for text in line.split("|")[1:-1]]


def test_the_best_rival_has_no_part_of_ehi(rows_of):
    cells = [of_scifact("ehi", 0.6), of_scifact("ehi-encoder+scann", 0.7)]
    rows = rows_of(*cells, of_scifact(RIVAL, 0.5), of_scifact("de-scann", 0.4))
    assert line_of(wins(rows), "scifact, minilm")[2:5] == ["60.0", f"`{RIVAL}` 50.0", "+10.0 °"]


def test_the_verdict_names_the_datasets_on_which_ehi_is_ahead_and_behind(rows_of):
    ahead = verdict(rows_of(of_scifact("ehi", 0.6), of_scifact(RIVAL, 0.5)))
    assert "visited `ehi` finds most on scifact, minilm; the best rival on none.**" in ahead
    behind = verdict(rows_of(of_scifact("ehi", 0.4), of_scifact(RIVAL, 0.5)))
    assert "visited `ehi` finds most on none; the best rival on scifact, minilm.**" in behind
    assert "leaves out 0 on none" in behind, "one seed is not tested"


def test_a_row_that_costs_more_is_no_rival(rows_of):
    rows = rows_of(of_scifact("ehi", 0.6), of_scifact(RIVAL, 0.9, visited=0.2))
    assert line_of(wins(rows), "scifact, minilm")[2:5] == ["60.0", "–", "–"]


def test_ehi_stands_beside_the_best_rival_of_each_budget_that_one_of_them_meets(rows_of):
    cheap = [of_scifact("ehi", 0.5, visited=0.04), of_scifact(RIVAL, 0.4, visited=0.03)]
    line = line_of(other_budgets(rows_of(*cheap)), "scifact, minilm")
    assert line[1:] == ["–", f"50.0; `{RIVAL}` 40.0; +10.0 °", f"50.0; `{RIVAL}` 40.0; +10.0 °"]
    alone = rows_of(of_scifact("ehi", 0.5, visited=0.04), of_scifact(RIVAL, 0.4))
    assert line_of(other_budgets(alone), "scifact, minilm")[2] == "50.0; –; –"


def test_rows_stand_beside_exact_search_over_their_own_vectors(rows_of):
    (exact,) = of_scifact("ehi", 0.7, visited=1.0).points
    cells = [
        each.model_copy(update={"points": [*each.points, exact]})
        for each in (of_scifact("ehi", 0.6), of_scifact(RIVAL, 0.5))
    ]
    line = line_of(ceilings(rows_of(*cells)), "scifact, minilm")
    assert line[1:] == [f"`{RIVAL}`", "70.0", "-20.0", "70.0", "-10.0"]


def test_rows_of_two_encoders_are_compared_apart(rows_of):
    words = [of_scifact(name, recall, "words") for name, recall in (("ehi", 0.3), (RIVAL, 0.2))]
    rows = rows_of(*words, of_scifact("ehi", 0.6), of_scifact(RIVAL, 0.5))
    assert [each.title for each in rows] == ["scifact, minilm", "scifact, words"]
    assert line_of(wins(rows), "scifact, words")[2:5] == ["30.0", f"`{RIVAL}` 20.0", "+10.0 °"]
    assert line_of(scifact(rows), "`ehi`")[-1] == "30.0"


def test_the_order_of_rows_is_compared_over_encoders(rows_of):
    names = ("de-scann", RIVAL, "ehi")
    same = [of_scifact(name, 0.1 * n) for n, name in enumerate(names, 5)]
    turned = [of_scifact(name, 0.1 * (3 - n), "words") for n, name in enumerate(names)]
    found = order(rows_of(*same, *turned))
    assert "the best of 3 rows that both have is `de-scann` (with `minilm` `ehi`)" in found
    assert "rho of their means is -1.00" in found


def test_a_row_that_is_not_measured_is_left_out_and_its_claim_says_so(rows_of, ablations):
    rows = rows_of(of_scifact("ehi", 0.6))
    assert "de-scann" not in scifact(rows)
    table = claims(rows, ablations)
    assert line_of(table, "SciFact, R@100 at 10 % visited: ahead")[-1] == "not measured"
    assert line_of(table, "FiQA")[-1] == "not measured"
    assert line_of(table, "MS MARCO, nDCG@10")[-1] == "not measured"


def test_a_claim_is_answered_by_one_change_of_the_ablations(rows_of, ablations):
    table = claims(rows_of(of_scifact("ehi", 0.6)), ablations)
    assert line_of(table, "hard negatives")[-1] == "no hard ones: -0.2"
    assert line_of(table, "mined more often")[-1] == "not measured"


def test_the_losses_of_a_row_are_those_of_its_x_ray(rows_of):
    (rows,) = rows_of(of_scifact("ehi", 0.6))
    assert rows.missed("ehi") == pytest.approx((20, 15, 5))


class TestPaper:
    """The paper's tables, from cells and cards."""

    def test_columns_have_ten_shares_and_what_is_printed(self, rows_of):
        cells = [of_scifact("ehi", 0.9, visited=0.25), of_scifact("exact", 0.95, visited=1.0)]
        table = paper.columns(rows_of(*cells))
        begin = "scifact, minilm | R@100 | "
        assert line_of(table, f"{begin}`ehi`")[3:] == ["–", "–", *["90.0"] * 8]
        assert line_of(table, f"{begin}`exact`")[3:] == [*["–"] * 9, "95.0"]
        printed = line_of(table, f"{begin}EHI (reported)")
        assert printed[3:] == ["83.53", *["–"] * 8, "95.27"]

    def test_load_is_over_an_even_share_at_times_of_the_training(self, rows_of):
        early, late = (
            Leaves(leaves=4, empty=0, largest=0.5, gini=0.1, entropy=0.9, expected=e, even=10)
            for e in (30.0, 15.0)
        )
        leaves = late.model_copy(update={"training": [early, late]})
        table = paper.load(rows_of(of_scifact("ehi", 0.9, leaves=leaves)))
        assert "| 3.00 | 3.00 | 3.00 | 3.00 | 1.50 | 1.50 | – | 0 | 0.10 |" in table

    def test_other_systems_stand_as_printed(self):
        text = paper.systems()
        assert "| ANCE (MaxP) | Xiong et al. 2020 | – | 80.38 | 91.31 |" in text
        assert "| SEAL (base) | Bevilacqua et al. 2022 | 139M | 79.97 | 91.39 |" in text

    def test_the_picture_names_its_rows_and_draws_exact_search(self, rows_of):
        svg = picture(rows_of(of_scifact("ehi", 0.9), of_scifact("exact", 0.95, visited=1.0)))
        assert all(name in svg for name in (">ehi<", ">exact<", "documents visited, %"))
