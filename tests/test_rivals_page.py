"""The computed parts of docs/rivals.md."""

import pytest

from bench.measures.records import Correlation
from bench.registry import Registry
from bench.store.folder import Store
from bench.versions.keys import code_of
from studies.parts import filled
from studies.rivals import Rivals
from tests.cells import cell, point

MAMMALS = "wordnet-mammal"


def of(method, task, recall, dim=16, changed=None, **changes):
    """A cell of today's version with one point that visits everything, or with those given."""
    facts = {
        "task": task,
        "params": {"dim": dim} | (changed or {}),
        "changed": {"dim": dim} | (changed or {}),
        "points": [point(1, recall)],
        "code": list(code_of(Registry().resolve(method))),
    }
    return cell(method, **{**facts, **changes})


@pytest.fixture
def rivals_of(tmp_path, monkeypatch):
    """A function from cells to the rows of the page."""

    def rivals(*cells):
        monkeypatch.setattr(Store, "cells", lambda store, tasks: list(cells))
        return Rivals(Store(tmp_path))

    return rivals


def texts_of(rivals):
    """The texts of each row by the titles of the columns."""
    header, _, *lines = (
        [text.strip() for text in line.split("|")[1:-1]] for line in rivals.board().splitlines()
    )
    return {line[0]: dict(zip(header, line, strict=True)) for line in lines}


def test_a_column_has_its_dataset_and_dimension_and_the_best_of_it_is_bold(rivals_of):
    texts = texts_of(
        rivals_of(
            of("masked-de", MAMMALS, 0.5, dim=3),
            of("masked-de", MAMMALS, 0.9, seed=0),
            of("masked-de", MAMMALS, 0.8, seed=1),
            of("poincare", MAMMALS, 0.7),
            of("poincare", "wordnet", 0.6),
        )
    )
    assert texts["`masked-de`"]["mammals d=3"] == "**50.0 / 50.0 (1)**"
    assert texts["`masked-de`"]["mammals d=16"] == "**85.0 / 85.0 (2)**"
    assert texts["`masked-de`"]["WordNet d=16"] == "–"
    assert texts["`poincare`"]["mammals d=16"] == "70.0 / 70.0 (1)"
    assert texts["`poincare`"]["WordNet d=16"] == "**60.0 / 60.0 (1)**"
    assert set(texts["`interval-de`"].values()) == {"`interval-de`", "two vectors", "–"}


def test_rows_of_other_settings_stay_out_and_the_lorentz_product_has_its_own(rivals_of):
    texts = texts_of(
        rivals_of(
            of("masked-de", MAMMALS, 0.5),
            of("masked-de", MAMMALS, 0.9, changed={"steps": 9}),
            of("masked-de", MAMMALS, 0.4, changed={"geometry": "lorentz"}),
        )
    )
    assert texts["`masked-de`"]["mammals d=16"] == "**50.0 / 50.0 (1)**"
    assert texts["`masked-de geometry=lorentz`"]["mammals d=16"] == "40.0 / 40.0 (1)"


def test_the_row_of_today_stands_for_its_method_under_another_name_too(rivals_of):
    old = of("standard-de", MAMMALS, 0.9, code=["standard-de 0"])
    assert texts_of(rivals_of(old))["`standard-de`"]["mammals d=16"] == "**90.0 / 90.0 (1)†**"
    texts = texts_of(rivals_of(old, of("exact", MAMMALS, 0.8)))
    assert texts["`standard-de`"]["mammals d=16"] == "**80.0 / 80.0 (1)**"


def test_an_index_is_shown_within_its_limit_where_it_can_search(rivals_of):
    points = [point(0.05, 0.3), point(0.09, 0.4, self_reported=True), point(0.2, 0.8)]
    texts = texts_of(
        rivals_of(
            of("poincare+hnsw", MAMMALS, 0, points=points),
            of("masked-de+hnsw", MAMMALS, 0, points=points[2:]),
        )
    )
    limited = "mammals d=16, ≤ 10 % visited, hnsw"
    assert texts["`poincare`"][limited] == "**40.0 / 40.0ᶜ (1)**"
    assert texts["`masked-de`"][limited] == "–"
    assert texts["`box-embedding`"][limited] == "exact alone"


def test_words_are_scored_by_the_own_score_on_the_nouns(rivals_of):
    pairs = [
        Correlation(score=score, subset=subset, n=9, rho=rho, low=None, high=None)
        for score, subset, rho in [
            ("score", "nouns", 0.25), ("score", "all", 0.5), ("log-rank", "nouns", 0.75)
        ]
    ]  # fmt: skip
    cells = [of("hope", "hyperlex", 0, dim=5, points=[], similarity=pairs)]
    assert texts_of(rivals_of(*cells))["`hope`"]["HyperLex d=5"] == "**0.250 (1)**"


def test_the_details_name_the_distance_that_is_found_least_and_ties(rivals_of):
    near = point(1, 0.5)
    far = near.recall_by_distance[1].model_copy(update={"recall": 0.25})
    update = {"recall_by_distance": [near.recall_by_distance[0], far], "tied": 0.125}
    found = near.model_copy(update=update)
    details = rivals_of(of("order-embedding", MAMMALS, 0, points=[found])).details()
    assert "recall there: `order-embedding` 1 (25.0).\n" in details
    assert details.endswith("last that counts: mammals d=16 12.5 %.")


def test_only_the_parts_of_a_script_are_written_anew(tmp_path):
    page = tmp_path / "page.md"
    text = (
        "A\n<!-- b: made by x.py -->\n\n{}\n\n<!-- end -->\n"
        "<!-- c: made by y.py -->\nc\n<!-- end -->\n"
    )
    page.write_text(text.format("old"))
    assert filled(page, "x.py", {"b": "new"}) == text.format("new")
