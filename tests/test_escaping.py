"""Texts of strangers (reasons, values, names, notes) on boards and on the terminal."""

import re

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from bench.cli.commands import main
from bench.report.console import print_boards, print_written
from bench.report.leaderboard import write_leaderboard
from bench.report.markdown import escaped, pipe_table, read_tables
from bench.store.cell import Status
from bench.store.folder import Store
from bench.system.terminal import say_table, visible
from tests.cells import cell, point

HARMS = [
    "<img src=https://evil.example/x.png>",
    "![remote](https://evil.example/x.png)",
    "[press](javascript:alert(1))",
    "<script>alert(1)</script>",
    "\\<b>bold\\</b>",
    "\\![x](javascript:alert(1))",
    "<https://evil.example>",
    "a | b \\| c",
    "one\n\n<b>two\r\n# heading",
    "`code <b>",
    "\x1b[31mred\x1b[0m \x9b2J",
    "\u202eevil",
]
"""What is shown as it stands, whichever text of a cell it comes in."""


def rendered(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


@pytest.mark.parametrize("harm", HARMS)
def test_no_text_in_a_table_is_a_tag_a_link_or_the_end_of_a_cell(harm):
    page = rendered(pipe_table(["method", "reason"], [["mine", harm]]))
    assert set(re.findall(r"<(\w+)", page)) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert page.count("<td>") == 2


def test_a_text_is_read_from_a_table_as_it_was_written():
    texts = ["a | b", "x <b> [1] \\ &", "plain"]
    ((_, found),) = read_tables(pipe_table(["a", "b", "c"], [texts]))
    assert found == texts


def test_emphasis_code_and_small_signs_of_a_note_stay():
    note = "**Encoder**: p < 0.05, see `--set far=2`."
    assert escaped(note) == note


@pytest.mark.parametrize("harm", HARMS)
def test_no_text_of_a_cell_is_a_tag_or_a_link_of_the_leaderboard(tmp_path, capsys, harm):
    machine = {"cpu": harm, "gpu": harm}
    origin = cell().provenance.model_copy(update={"machine": machine, "git": harm})
    texts = {"params": {"word": harm}, "changed": {"word": harm}, "notes": [harm]}
    store = Store(tmp_path)
    store.prepare()
    for name, more in (
        ("mine", {"points": [point(1, 0.9)]}),
        ("graph", {"status": Status.FAILED, "reason": harm}),
    ):
        store.commit(cell(name, key=name, seen_means=harm, provenance=origin, **texts, **more))
    written = write_leaderboard(store)
    ours = ("#", "runs/small/", "boards/", "leaderboard.html", "../runs/small/", "../LEADERBOARD")
    n_boards = len(written.reports[0].boards)
    for path, headings in ((written.path, 3), (tmp_path / "boards" / "small.md", n_boards)):
        page = rendered(path.read_text())
        links = re.findall(r'<a href="([^"]*)"', page)
        assert links
        assert not [each for each in links if not each.startswith((*ours, "README.md"))], page
        assert not re.findall(r"<(img|script|b|https)\b", page)
        assert page.count("<h2>") == headings
    for report in written.reports:
        print_boards(report.cells[0], report.boards)
    print_written(written)
    assert not re.search("[\x1b\x9b\u202e]", capsys.readouterr().out + written.path.read_text())


def test_a_name_in_an_error_moves_no_cursor():
    asked = ["run", "--methods", "random", "--datasets", "\x1b[2J"]
    done = CliRunner().invoke(main, asked, color=True)
    assert "\\x1b[2J" in done.output
    assert "\x1b" not in done.output


def test_half_a_letter_can_be_printed_and_a_text_of_lines_is_one_row_of_a_table(capsys):
    say_table(["reason"], [["one\ntwo \ud800"]])
    assert capsys.readouterr().out.splitlines()[-1] == "one two \\ud800"
    assert visible("tab\tand\nline") == "tab\tand\nline"
