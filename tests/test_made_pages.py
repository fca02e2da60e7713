"""Pages that are made are those of what they are made from."""

import runpy
from typing import get_args

import pytest

from bench.types import Kind
from studies.figures import without_source
from studies.speed.record import page, read
from tests.conftest import ROOT


def test_the_page_is_that_of_the_docstrings():
    made = runpy.run_path(str(ROOT / "docs" / "api.py"))["page"]()
    assert made == (ROOT / "docs" / "api.md").read_text(), "it is stale; run `make docs`"


def test_the_plan_for_large_corpora_is_that_of_the_stored_cells():
    made = runpy.run_path(str(ROOT / "docs" / "plan.py"))["page"]()
    assert made == (ROOT / "docs" / "scale.md").read_text(), "it is stale; run `make docs`"


@pytest.mark.slow
def test_the_pages_of_ehi_are_those_of_the_stored_cells():
    made = runpy.run_path(str(ROOT / "docs" / "ehi.py"))["pages"]()
    names = ["ehi-paper.md", "ehi-paper.svg", "ehi-tree.md", "ehi.md"]
    assert sorted(path.name for path in made) == names
    stale = [path.name for path, text in made.items() if text != path.read_text()]
    assert stale == [], "run `make docs`"


def test_the_page_of_the_rivals_is_that_of_the_stored_cells():
    made = runpy.run_path(str(ROOT / "docs" / "rivals.py"))["page"]()
    assert made == (ROOT / "docs" / "rivals.md").read_text(), "it is stale; run `make docs`"


def test_figures_in_sentences_are_those_of_the_boards_and_none_is_without_a_source():
    made = runpy.run_path(str(ROOT / "docs" / "figures.py"))["pages"]()
    assert {path.name for path in made} >= {"README.md", "findings.md", "foot-guns.md", "trust.md"}
    stale = [path.name for path, text in made.items() if text != path.read_text()]
    assert stale == [], "run `make docs`"
    bare = {path.name: found for path, text in made.items() if (found := without_source(text))}
    assert bare == {}, "no board bears out these; quote one as studies/figures.py says"


def test_the_page_of_speed_is_that_of_what_was_measured():
    results = ROOT / "results"
    assert page(read(results)) == (results / "SPEED.md").read_text()


def test_it_has_the_contract():
    page = (ROOT / "docs" / "api.md").read_text()
    assert "#### Method.search (must be written)" in page
    assert "def search(self, queries: Queries, k: int, point: Point) -> SearchResult" in page
    assert "### VisitedMeter" in page
    assert all(repr(kind) in page for kind in get_args(Kind))


def test_the_table_of_ranking_measures_is_made_of_their_entries():
    made = runpy.run_path(str(ROOT / "docs" / "measures.py"))["page"]
    text = (ROOT / "docs" / "measures.md").read_text()
    assert made(text) == text, "run `make docs`"
    assert made(text.replace("| `R@20` |", "| `R@30` |")) == text


def test_the_drawn_score_is_above_0_for_the_subtree_of_its_document_alone():
    drawn = runpy.run_path(str(ROOT / "docs" / "dimensions.py"))
    above = [
        node.number for node in drawn["NODES"] if drawn["score"](node.number * drawn["STEP"]) > 0
    ]
    assert above == [5, 6, 7, 8]
