"""What a run prints at its end: the best rows, those that ran, and what was not measured."""

import pytest

from bench.data.readers.hierarchy import NEW_QUERIES, TRANSDUCTIVE
from bench.measures.records import Correlation
from bench.report.boards.all import report_of
from bench.report.console import print_boards
from bench.report.ending import NAMED, print_end
from bench.report.table import Board
from bench.store.cell import Status
from tests.cells import cell, point
from tests.running import SMALL

LEAVES = [point(0.1, 0.7), point(1, 0.9)]


def printed(capsys, cells, ran, *, new=True):
    """The lines of the end of a run whose cells are new, or were stored before."""
    began = {each.provenance.date for each in ran} if new else ()
    print_end([report_of(cells, lambda _: None)], ran, began)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_each_row_that_ran_has_its_score_and_its_rank_among_all(capsys):
    ran = [cell("mine", 0, LEAVES), cell("mine", 1, [point(0.1, 0.5), point(1, 0.7)])]
    lines = printed(capsys, [*ran, cell("other", points=LEAVES)], ran)
    assert lines[1].startswith(
        "small recall@|S|, mean ± deviation over seeds, in %; visited / work in %"
    )
    assert "best other: 90.0 (100.0 / 101.0), not tested" in lines
    assert "best at ≤ 10 % visited other: 70.0 (10.0 / 11.0), not tested" in lines
    assert "best at ≤ 10 % work – (no row costs so little)" in lines
    assert "new mine 80.0 ± 14.1 (rank 2 of 2)" in lines
    assert not [line for line in lines if line.startswith("stored before")]
    lines = printed(capsys, ran, ran, new=False)
    assert "stored before mine 80.0 ± 14.1 (rank 1 of 1)" in lines
    assert not [line for line in lines if line.startswith("new")]


def test_rows_of_the_same_digits_share_a_rank_and_one_that_sees_the_test_has_none(capsys):
    scores = {"a": 0.9001, "b": 0.9, "c": 0.8}
    ran = [cell(name, points=[point(1, score)]) for name, score in scores.items()]
    ran.append(cell("oracle", points=[point(1, 1)], sees_test=True))
    assert printed(capsys, ran, ran)[-1] == (
        "new a 90.0 (rank 1 of 3), b 90.0 (rank 1 of 3), c 80.0 (rank 3 of 3), "
        "oracle (sees the test) 100.0"
    )
    lines = printed(capsys, ran[-1:], ran[-1:])
    assert lines[-2:] == ["best – (every row sees the test)", "new oracle (sees the test) 100.0"]


def test_boards_of_a_hierarchy_say_whether_they_show_what_is_held_or_what_generalises(capsys):
    for asked in (TRANSDUCTIVE, NEW_QUERIES):
        ran = [cell("mine", points=LEAVES, notes=["Another note.", asked])]
        lines = printed(capsys, ran, ran)
        assert [line for line in lines if line.startswith("board ")] == [f"board {asked}"]
    ran = [cell("mine", points=LEAVES, notes=["Another note."])]
    assert not [line for line in printed(capsys, ran, ran) if line.startswith("board ")]


@pytest.mark.parametrize(
    ("visited", "waited", "reason"),
    [(1, 0.0, "no row costs so little"), (0.1, 0.9, "every speed was taken on a busy machine")],
)
def test_where_no_row_is_the_fastest_the_reason_is_told(capsys, visited, waited, reason):
    slow = point(visited, 0.5).model_copy(update={"waited": waited})
    ran = [cell("mine", points=[slow])]
    assert f"fastest at ≤ 10 % visited – ({reason})" in printed(capsys, ran, ran)


def test_the_first_of_many_rows_are_named_and_the_others_counted(capsys):
    ran = [cell(f"m{number:03}", points=[point(1, number / 200)]) for number in range(200)]
    (line,) = (line for line in printed(capsys, ran, ran) if line.startswith("new"))
    assert line.startswith("new m199 99.5 (rank 1 of 200), m198")
    assert line.endswith(f"m195 97.5 (rank 5 of 200) and {200 - NAMED} more")


def test_a_reason_is_one_line_with_all_that_it_holds_for(capsys):
    skipped = [
        cell(name, seed, status=Status.SKIPPED, reason="it has no texts", task=task)
        for task in ("small", "large")
        for name in ("bm25", "zero-shot")
        for seed in (0, 1)
    ]
    failed = cell("mine", status=Status.FAILED, reason="the loss is nan [/] at step 3")
    lines = printed(capsys, [failed], [*skipped, failed])
    assert lines[-2:] == [
        "skipped: it has no texts bm25, zero-shot on small, large",
        "failed: the loss is nan [/] at step 3 mine on small",
    ]
    assert not [line for line in lines if line.startswith(("best", "new"))]


def test_word_pairs_have_no_line_of_cost(capsys):
    rho = Correlation(score="score", subset="nouns", n=10, rho=0.25, low=0.1, high=0.4)
    ran = [cell("mine", similarity=[rho])]
    lines = printed(capsys, ran, ran)
    assert lines[1].startswith("small Spearman's rho, nouns")
    assert lines[3:] == ["best mine: 0.250, no other row", "new mine 0.250 (rank 1 of 1)"]


def test_a_run_writes_the_page_and_tells_where_it_is_and_boards_are_printed_if_asked(
    bench, tmp_path
):
    done = bench("--methods", "random", *SMALL)
    lines = done.stdout.splitlines()
    out = tmp_path / "out"
    assert lines[-4:-2] == [
        f"Page: {out / 'leaderboard.html'}",
        f"Boards: {out / 'LEADERBOARD.md'}",
    ]
    assert f"python -m bench leaderboard --out {out}" in lines[-1]
    assert (out / "leaderboard.html").exists()
    assert "Recall by distance" not in lines
    assert len(lines) < 20
    assert "Recall by distance" in bench("--methods", "random", *SMALL, "--boards").stdout


def test_notes_of_boards_have_no_marks_of_emphasis_on_the_terminal(capsys):
    notes = ["*claimed*: its own word; **Encoder**: `a*b*c` stays, as 2 * 3 * 4 does."]
    print_boards(cell("mine"), [Board("Title", ["method"], [], notes)])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "claimed: its own word; Encoder: `a*b*c` stays, as 2 * 3 * 4 does.",
        "No row.",
    ]


@pytest.mark.parametrize("reason", ["", None])
def test_a_failure_without_a_word_is_told_too(capsys, reason):
    failed = cell("mine", status=Status.FAILED, reason=reason)
    assert printed(capsys, [failed], [failed])[-1] == "failed: – mine on small"


def test_signs_are_explained_where_they_occur(capsys):
    ran = [cell("mine", points=[point(0.005, 0.7)])]
    assert printed(capsys, ran, ran)[-1] == "‡: its work is more than twice the share visited."
    ran = [cell("mine", points=[point(1, 0.7, self_reported=True)])]
    assert printed(capsys, ran, ran)[-1] == "claimed: the method's own word, which is not counted."
    ran = [cell("mine", points=[point(1, 0.7)])]
    assert "‡" not in "".join(printed(capsys, ran, ran))
