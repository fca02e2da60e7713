"""Figures in sentences: quoted from tables, and named where no table bears them out."""

import pytest

from bench.errors import InputError
from studies.figures import Column, excerpt, field, quoted, without_source

BOARD = r"""# one

## Recall\|S\|

| method | seeds | overall | visited / work % |
| --- | --- | --- | --- |
| [ehi †](cell.json) | 5 | 93.3 ± 0.4 | 9.9 / 11.2 |
| masked-de+faiss-ivf-2 | 3 | -0.7 (-1,234.5 … 2) 3/5 | – |

## Dimensions

| criterion | H | W | nodes |
| --- | --- | --- | --- |
| 95 % | 3 | 2 | 7 |
| 95 % | 4 | 2 | 15 |
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "board.md").write_text(BOARD)
    return tmp_path


def figure(source, shown=""):
    return f"It is <!-- board.md > {source} -->{shown}<!-- --> here"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Recall|S| > ehi > overall", "93.3"),
        ("Recall|S| > ehi > visited / work % > 2", "11.2"),
        ("Recall|S| > masked-de+faiss-ivf-2 > overall", "−0.7"),
        ("Recall|S| > masked-de+faiss-ivf-2 > overall > 2", "−1,234.5"),
        ("Dimensions > 95 % / 4 > nodes", "15"),
        ("Dimensions > 95 % > nodes", "7"),
    ],
)
def test_a_figure_is_that_of_its_field_today(root, source, shown):
    assert quoted(figure(source, "99.9"), root) == figure(source, shown)


def test_a_row_of_today_comes_before_one_of_an_earlier_version(root):
    board = BOARD.replace("| masked-de", "| ehi | 3 | 95.1 | 9.8 / 11.0 |\n| masked-de", 1)
    (root / "board.md").write_text(board)
    assert field(root / "board.md", "Recall|S|", "ehi", "overall") == "95.1"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Recall|S| > ehi-paper > overall", r"no table below 'Recall\|S\|' has row 'ehi-paper'"),
        ("Recall|S| > ehi > min", "rows: ehi †, masked-de.*; columns: method, overall"),
        ("Recall > ehi > overall", "rows: none; columns: none"),
        ("Recall|S| > masked-de+faiss-ivf-2 > visited / work %", "it shows no number"),
        ("Recall|S| > ehi > overall > 3", r"it shows \['93.3', '0.4'\], and quoted is 99.9"),
    ],
)
def test_a_figure_without_a_field_is_named(root, source, message):
    with pytest.raises(InputError, match=message):
        quoted(figure(source, "99.9"), root)


def test_what_no_source_bears_out_is_named():
    text = figure("Recall|S| > ehi > overall", "93.3")
    text += (
        " and 0.5, `p=0.25`, arXiv 2508.21038, <!-- printed: a paper -->0.512<!-- -->, 10 %, 1.2.3"
    )
    text += "\n\n    python 3.14\n\n<!-- a: made by docs/b.py -->\n7.7\n<!-- end -->\n\nand 1,234.5"
    text += " and .25, <!-- tried: ehi on scifact -->9.9<!-- -->"
    text += "\n\n## What was tried: heads\n\n8.8\n\n### More\n\n6.6\n\n## What is tried\n\n5.5"
    assert without_source(text) == ["0.5", "234.5", ".25", "5.5"]


def test_an_excerpt_keeps_the_mark_of_age(root):
    columns = [Column("all", "Recall|S|", "overall"), Column("n", "Recall|S|", "seeds")]
    assert excerpt(root / "board.md", ["ehi"], columns).splitlines() == [
        "| method | all | n |",
        "| --- | --- | --- |",
        "| `ehi` † | 93.3 ± 0.4 | 5 |",
    ]
