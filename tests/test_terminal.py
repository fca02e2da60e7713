"""Tables on the terminal: no wider than it is, and whole."""

import sys

import pytest
from rich.cells import cell_len

from bench.report.markdown import pipe_table
from bench.system import terminal
from bench.system.terminal import counted, say, say_table

HEADER = ["method", "seeds", "overall", *map(str, range(9)), "visited / work %", "reason"]
ROW = ["masked-de+faiss-ivf dim=32", "3", "97.5 ± 0.1", *["88.8"] * 9, "9.9 / 11.2 claimed ‡",
       "it needs texts, and this dataset has none; measure it on one that has"]  # fmt: skip


def printed(capsys, header, rows):
    say_table(header, rows)
    return capsys.readouterr().out.splitlines()


@pytest.fixture(params=[20, 40, 80, 200])
def width(request, monkeypatch):
    monkeypatch.setattr(terminal, "_terminal_width", lambda: request.param)
    return request.param


def test_no_line_of_a_table_is_wider_than_the_terminal(capsys, width):
    for rows in ([ROW] * 200, [], [["深" * 90, *ROW[1:]], ["x\t\u2028" * 90, *ROW[1:]]]):
        assert max(map(cell_len, printed(capsys, HEADER, rows))) <= width


def test_every_word_of_a_table_is_shown_whatever_the_width(capsys, width):
    words = " ".join(printed(capsys, HEADER, [ROW])).split()
    assert words.count("88.8") == 9
    assert {word for word in " ".join(HEADER + ROW).split() if len(word) < 8} <= {*words}


def test_columns_without_room_follow_below_after_the_first_one(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    lines = printed(capsys, ["method", "recall", "visited"], [["masked-de", "97.5", "9.9"]])
    assert [line.split() for line in lines if line and "─" not in line] == [
        ["method", "recall"],
        ["masked-de", "97.5"],
        ["method", "visited"],
        ["masked-de", "9.9"],
    ]


def test_a_row_is_one_line_in_a_pipe(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")  # of a shell that started it
    _, _, *lines = printed(capsys, HEADER, [ROW] * 3)
    assert [line.split() for line in lines] == [" ".join(ROW).split()] * 3


def test_brackets_and_colons_of_a_name_are_no_markup(capsys):
    names = ["[bold]mine[/bold]", "[/]", ":smile:", "\x1b[31mred", "\\[x]"]
    text = "\n".join(printed(capsys, ["[red]method"], [[name] for name in names]))
    for name in ("[red]method", *names):
        assert name.replace("\x1b", "\\x1b") in text
    assert "\x1b" not in text


def test_a_table_without_rows_is_a_sentence(capsys):
    assert printed(capsys, HEADER, []) == [pipe_table(HEADER, [])] == ["No row."]


PATH = "/home/somebody/a/results/LEADERBOARD.md"
COMMAND = f"  python -m bench leaderboard --out {PATH}"
PROSE = f"More: all boards of what ran here with --boards,\n\nand {PATH} has them."


def test_prose_is_broken_between_words_for_a_terminal(capsys, width):
    say(PROSE)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= width or line == PATH for line in lines)
    assert " ".join(lines).split() == PROSE.split()
    assert "" in lines


@pytest.mark.parametrize("line", [COMMAND, pipe_table(HEADER, [ROW])])
def test_a_line_to_copy_stays_whole(capsys, width, line):
    say(line)
    assert capsys.readouterr().out == f"{line}\n"


def test_prose_is_left_as_it_is_in_a_pipe(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")  # of a shell that started it
    say(PROSE)
    assert capsys.readouterr().out == f"{PROSE}\n"


def test_one_is_spoken_of_as_one():
    assert [counted(number, "cell") for number in (0, 1, 2000)] == [
        "0 cells",
        "1 cell",
        "2,000 cells",
    ]
    assert [counted(number, "cell is", "cells are") for number in (1, 2)] == [
        "1 cell is",
        "2 cells are",
    ]
