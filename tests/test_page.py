"""The one-file page: what is written into it, by hand."""

import re
import shlex
from types import SimpleNamespace

import numpy as np
import pytest

from bench.data.cards import card_of_task
from bench.measures.budget import DEFAULT, UNLIMITED
from bench.measures.records import Correlation, Latency, Stratum
from bench.report.boards.against import measures_of
from bench.report.boards.all import report_of
from bench.report.changes import changes_board
from bench.report.charts.curves import curve_of, curves_of_seeds, strata_of
from bench.report.columns import key_column, meaning
from bench.report.leaderboard import write_leaderboard
from bench.report.markdown import anchor
from bench.report.page.command import command_of, dataset_option
from bench.report.page.compared import DIGITS, LARGEST, comparisons_json, each_once, packed
from bench.report.page.data import reported_rows, task_json
from bench.report.published import read_published
from bench.report.rows import by_task, rows_of
from bench.report.summary import summary_boards
from bench.report.table import Board
from bench.store.folder import Store
from bench.store.query_values import QueryValues
from tests.cells import cell, point
from tests.conftest import ROOT
from tests.small_results import data_of_page, small_results
from tests.test_boards import LEAVES, no_values


def row(*cells):
    (found,) = rows_of(cells)
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of the small results with everything written, and the page's data."""
    store = small_results(tmp_path_factory.mktemp("results"))
    write_leaderboard(store, figures=True)
    page = (store.root / "leaderboard.html").read_text()
    return store, page, data_of_page(page)


@pytest.fixture(scope="module")
def reports():
    """The reports of the published results, without values of queries."""
    return [
        report_of(cells, no_values) for cells in by_task(Store(ROOT / "results").cells()).values()
    ]


@pytest.mark.slow
def test_equal_results_give_an_equal_page(written):
    store, page, _ = written
    write_leaderboard(store, figures=True)
    assert (store.root / "leaderboard.html").read_text() == page


def test_every_part_is_in_the_page_and_nothing_is_loaded(written):
    _, page, _ = written
    assert "{{" not in page.replace(re.search(r"<script>.*?</script>", page, re.DOTALL)[0], "")
    assert not re.search(r'(src|href)="https?:', page)
    assert "default-src 'none'" in page
    assert "vegaEmbed" in page


def test_no_text_of_a_result_can_end_the_script(written):
    _, page, data = written
    (unmeasured,) = [b for b in data["tasks"][0]["boards"] if b["title"] == "Not measured"]
    assert unmeasured["rows"] == [["broken", "0", "failed", "</script> is no reason"]]
    assert "</script> is no reason" not in page


def test_the_page_has_the_boards_of_the_leaderboard(written):
    store, _, data = written
    text = (store.root / "boards" / "small.md").read_text()
    titles = [board["title"] for board in data["tasks"][0]["boards"]]
    assert titles[1] == "Recall by distance"
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [title.replace("\\|", "|") for title in found] == titles


def test_values_of_queries_are_kept_to_a_fortieth_of_a_point():
    digits = packed(np.array([0, 1, 1 / 3, np.nan]))
    assert digits[:4] + digits[6:] == "AA/+//"
    places = [DIGITS.tobytes().decode().index(digit) for digit in digits[4:6]]
    assert (64 * places[0] + places[1]) / LARGEST == pytest.approx(1 / 3, abs=1.25e-4)


def test_who_is_ahead_is_the_difference_of_the_boards(written):
    _, _, data = written
    task = data["tasks"][0]
    (compared,) = task["compare"]["lists"][task["compare"]["at"]["visited-10"]]
    # (1 - .5 + 0 + .5 - .25) / 4 queries: 1 - .5, 1 - 1, .5 - 0 and 0 - .25.
    assert [task["rows"][row]["label"] for row in compared["rows"]] == ["near", "far"]
    assert compared["leads"][0][0] == 18.75
    assert task["compare"]["numbers"] == [3, 5, 7, 9]


def test_what_budgets_share_is_in_the_page_once(written):
    assert each_once({"a": [1], "b": [2], "c": [1]}) == ({"a": 0, "b": 1, "c": 0}, [[1], [2]])
    _, _, data = written
    compare = data["tasks"][0]["compare"]
    # Within 1 % and 2 % no two rows have a point; 10 % and 20 % choose the same two.
    assert compare["at"]["visited-10"] == compare["at"]["visited-20"]
    assert len(compare["at"]) == 11 > len(compare["lists"])
    assert len(compare["columns"]) == 2


def test_many_rows_are_compared_within_the_budget_and_without_a_limit_alone():
    cells = [cell(f"m{number}", points=[point(0.1, 0.5)]) for number in range(51)]
    few, many = report_of(cells[:50], no_values), report_of(cells, no_values)
    assert set(many.comparisons) == {DEFAULT, DEFAULT.other, UNLIMITED}
    assert len(few.comparisons) == 11
    # The budgets can be chosen for all that needs no pairs.
    assert len(task_json(many, [], [])["limits"]) == 11


def test_texts_of_queries_are_printed_where_their_licence_allows_it_and_the_data_is_the_same(
    monkeypatch,
):
    claims = SimpleNamespace(
        query_names=["7", "9"], query_texts=["a claim", "another"], digest="same"
    )
    monkeypatch.setattr("bench.report.page.compared.load_dataset", lambda _name: claims)

    def names(task, digest="same", *, texts=True):
        cells = [cell(name, task=task, task_digest=digest, points=[point(0.1, 0.5)], n_queries=2)
                 for name in ("one", "other")]  # fmt: skip
        values = QueryValues(np.array([1, 0]), {0: {"recall": np.array([0, 1])}})
        return comparisons_json(report_of(cells, lambda _: values), texts=texts)["names"]

    assert names("scifact") == ["another", "a claim"]
    assert names("scifact", "other data") is None
    assert names("scifact", texts=False) is None
    assert names("fiqa") is None
    assert names("wordnet-mammal", texts=False) == ["9", "7"]


def test_a_curve_has_times_that_keep_the_mark_of_a_busy_machine():
    latency = Latency(p50_ms=0.25, p99_ms=1, queries=9, rounds=3, waited=0.5)
    busy = point(0.1, 0.4).model_copy(update={"latency": latency, "waited": 0.01})
    curve = curve_of(row(cell(points=[busy, point(1, 0.9)])), {})
    assert curve.latency == [0.25, None]
    assert curve.busy == {"latency": [0], "speed": []}
    assert curve.settings == ["nprobe=10", "nprobe=100"]


def test_rows_of_papers_are_on_the_page_of_their_dataset_by_distance_or_at_a_share():
    papers = reported_rows(card_of_task("wordnet"), "wordnet")
    assert [each["method"] for each in papers][-1] == "pretrain-finetune, d=64"
    assert papers[-1]["recall"][0] == 100
    shares = [row for row in reported_rows(card_of_task("scifact"), "scifact") if row["visited"]]
    assert {row["visited"] for row in shares} == {10, 100}
    assert all("R@100" in row["values"] for row in shares)
    assert reported_rows(card_of_task("tree-H=2,W=2"), "tree-H=2,W=2") == []


def test_a_curve_is_the_mean_over_seeds_or_of_the_first_where_seeds_differ_in_points():
    alike = row(cell(points=[point(0.1, 0.4)]), cell(seed=1, points=[point(0.3, 0.6)]))
    curve = curve_of(alike, measures_of([alike]))
    assert (curve.n_seeds, curve.visited, curve.measures["Recall"]) == (2, [20], [50])
    unlike = row(cell(points=LEAVES), cell(seed=1, points=LEAVES[:2]))
    assert curve_of(unlike, {}).n_seeds == 1
    assert curve_of(unlike, {}).visited == [4, 10, 10.1, 100]
    of_seeds = curves_of_seeds(unlike, measures_of([unlike]))
    assert [each.visited for each in of_seeds] == [[4, 10, 10.1, 100], [4, 10]]
    assert [each.settings for each in of_seeds] == [[], ["nprobe=4", "nprobe=10"]]
    assert [each.measures["Recall"] for each in curves_of_seeds(alike, measures_of([alike]))] == [
        [40],
        [60],
    ]
    assert curves_of_seeds(row(cell(points=LEAVES)), {}) == []


def test_recall_by_distance_at_a_tenth_and_at_most():
    found = row(cell(points=LEAVES))
    assert strata_of(found, DEFAULT).recall == [70, 70]
    assert strata_of(found, UNLIMITED).recall == [90, 90]
    assert strata_of(row(cell(points=LEAVES[3:])), DEFAULT) is None


def test_a_row_says_how_it_is_measured_again():
    changed = {"rate": 0.5, "siamese": True, "k": 7}
    cells = [cell("a+b", seed, task="scifact", params={"rate": 0.5, "siamese": True},
                  changed=changed, points=LEAVES) for seed in (0, 2)]  # fmt: skip
    assert command_of(row(*cells)) == (
        "python run_bench.py --methods a+b --datasets scifact --seeds 0,2 --k 7 "
        "--set rate=0.5 --set siamese=true"
    )


def test_the_command_of_a_row_of_ones_own_names_its_file_and_its_data_quoted():
    own = {"plugin": "/x y/mine.py:Mine", "dataset": "beir:/my data/a"}
    found = command_of(row(cell(points=LEAVES, task="beir-a", **own)))
    assert found == (
        "python run_bench.py --methods mine --plugin '/x y/mine.py:Mine' "
        "--dataset 'beir:/my data/a' --seeds 0"
    )


@pytest.mark.slow
def test_the_command_on_the_page_measures_a_row_of_ones_own_again(bench, tmp_path):
    (tmp_path / "my edges.csv").write_text("child,parent\nb,a\nc,b\nd,b\n")
    (tmp_path / "mine too.py").write_text(
        "from methods.random import Random\nclass Mine(Random):\n    name = 'mine'\n"
    )
    data, plugin = f"hierarchy:{tmp_path / 'my edges.csv'}", f"{tmp_path / 'mine too.py'}:Mine"
    out = tmp_path / "out"
    assert (
        bench("--methods", "mine", "--plugin", plugin, "--dataset", data, out=out).returncode == 0
    )
    (stored,) = Store(out).cells()
    again = shlex.split(command_of(row(stored)))[2:]
    done = bench(*again, out=out)
    assert "1 cell was measured before and is kept" in done.stdout


def test_rows_of_other_defaults_are_in_the_command_too():
    cells = [cell("old", task="tree", params={"steps": n}, points=LEAVES) for n in (1, 2)]
    assert [command_of(each).split("--set ")[1] for each in rows_of(cells)] == [
        "steps=1",
        "steps=2",
    ]


@pytest.mark.parametrize(
    ("task", "option"),
    [
        ("wordnet", ["--datasets", "wordnet"]),
        ("tree-H=3,W=7", ["--dataset", "tree:H=3,W=7"]),
        ("hierarchy-shoes", ["--dataset", "hierarchy:shoes"]),
        ("beir-mine", ["--dataset", "beir:mine"]),
    ],
)
def test_a_task_is_named_as_it_is_typed(task, option):
    assert dataset_option(task) == option


def test_a_row_says_what_its_method_is_and_where_it_is_published():
    cells = [cell("ehi", points=LEAVES), cell(points=LEAVES, plugin="/x/mine.py:Mine")]
    sentences = []
    task = task_json(report_of(cells, no_values), [], sentences)
    known = {each["label"]: (each["kind"], sentences[each["summary"]]) for each in task["rows"]}
    assert known["mine"] == ("other", "")
    kind, summary = known["ehi"]
    assert kind == "learned index"
    assert "arXiv 2310.08891" in summary


def test_every_column_of_every_board_has_a_sentence(reports):
    boards = [board for report in reports for board in report.boards]
    published = read_published(Store(ROOT / "results").published)
    boards += [*summary_boards(reports), changes_board(published, [])]
    boards.append(Board("Ahead by, R@100 at ≤ 10 % visited", ["method", "bm25"], []))
    assert len({board.title for board in boards}) > 40
    without = {(board.title, column) for board in boards for column in board.header
               if not meaning(board.title, column)}  # fmt: skip
    assert without == set()


def test_a_column_is_explained_on_the_board_where_it_stands():
    assert meaning("Chosen on validation", "nDCG@10") != meaning("Ranking", "nDCG@10")
    assert "hops" in meaning("Recall by distance at ≤ 10 % visited", "0")
    assert "missed" in meaning("X-ray at ≤ 10 % visited, by distance", "0")
    assert meaning("Recall by distance", "new") == ""


@pytest.mark.parametrize(
    ("title", "header", "key"),
    [
        ("Recall by distance", ["method", "seeds", "overall", "min"], "overall"),
        ("Recall against the share of work", ["method", "≤ 1 %", "≤ 10 %"], "≤ 10 %"),
        ("Ahead by, R@100 without a limit", ["method", "visited / work %", "bm25"], "method"),
        ("Best at ≤ 10 % visited", ["dataset", "measure", "best at ≤ 10 % visited", "score"],
         "best at ≤ 10 % visited"),
        ("Changed since 2026-01-02", ["dataset", "change", "row"], "row"),
        ("Ranking", ["method"], "method"),
    ],
)  # fmt: skip
def test_a_board_is_about_one_column(title, header, key):
    assert header[key_column(Board(title, header, []))] == key


def test_the_summary_names_the_best_of_each_and_none_that_sees_the_test():
    cheap = [point(0.1, 0.69).model_copy(update={"queries_per_second": 5000}), point(1, 0.8)]
    slow = [point(0.1, 0.5).model_copy(update={"queries_per_second": 9000}), point(1, 0.95)]
    cells = [
        cell("good", points=LEAVES),
        cell("quick", points=cheap),
        cell("dear", points=slow),
        cell("oracle", points=[point(0, 1)], sees_test=True),
    ]
    within, unlimited = (board.rows[0] for board in summary_boards([report_of(cells, no_values)]))
    # quick comes to 69 of 70, which is more than 95 %; dear is faster, but comes to 50.
    assert within == ["small", "recall@|S|", "good", "70.0", "10.0 / 11.0", "not tested",
                      "the same (50.0)", "quick (5,000 q/s)"]  # fmt: skip
    assert unlimited[:5] == ["small", "recall@|S|", "dear", "95.0", "not tested"]


def test_rows_of_the_same_digits_are_counted_with_the_first_of_the_board():
    # 90.04 and 89.96 are 90.0; the first in the order of the board is the better one.
    recalls = {"a": 0.8996, "b": 0.9004, "c": 0.9, "d": 0.8}
    cells = [cell(name, points=[point(1, recall)]) for name, recall in recalls.items()]
    _, unlimited = summary_boards([report_of(cells, no_values)])
    assert unlimited.rows[0][2:5] == ["b + 2", "90.0", "not tested"]


def strata(visited, *recalls, n=(100, 300, 100, 300, 29)):
    """A point with a recall at each distance; of the last there are too few pairs to rank."""
    found = [Stratum(distance=h, n=n[h], recall=each, low=0, high=1)
             for h, each in enumerate(recalls)]  # fmt: skip
    changes = {"recall_by_distance": found, "min": min(recalls[:4])}
    return point(visited, recalls[0]).model_copy(update=changes)


def test_best_near_and_far_are_shares_of_all_pairs_at_the_first_two_and_the_last_two_distances():
    cells = [
        cell("near", points=[strata(1, 1, 0.8, 0, 0.4, 1)]),
        cell("far", points=[strata(0.1, 0.2, 0.2, 0.4, 0.6, 0), strata(1, 0.5, 0.5, 0.5, 0.7, 0)]),
        cell("oracle", points=[strata(0, 1, 1, 1, 1, 1)], sees_test=True),
    ]
    report = report_of(cells, no_values)
    _, unlimited = summary_boards([report])
    # near: (100 + 240) / 400; far: (50 + 210) / 400; within 10 % (20 + 60) and (40 + 180) of 400.
    assert unlimited.rows[0][5:] == ["0–1: near (85.0)", "2–3: far (65.0)", "far (50.0)"]
    board = report.boards[0]
    shown = [board.header.index(name) for name in ("near 0–1", "far 2–3", "worst, no limit")]
    assert [[row[0], *(row[place] for place in shown)] for row in board.rows] == [
        ["far", "20.0", "55.0", "50.0"],
        ["near", "–", "–", "0.0"],
        ["oracle (sees the test)", "100.0", "100.0", "100.0"],
    ]


def test_of_two_distances_one_is_near_and_one_is_far():
    cells = [cell(points=[strata(1, 1, 0.8)])]
    _, unlimited = summary_boards([report_of(cells, no_values)])
    assert unlimited.rows[0][5:] == ["0: mine (100.0)", "1: mine (80.0)", "mine (80.0)"]


def test_a_task_of_one_distance_is_not_best_by_distance():
    # At distance 1 there are 29 pairs.
    _, unlimited = summary_boards([report_of([cell(points=LEAVES)], no_values)])
    assert unlimited.rows[0][5:] == ["–", "–", "–"]


def test_each_row_of_the_first_board_leads_to_its_cells(written):
    store, _, _ = written
    links = re.findall(r"\]\((runs/[^)]+)\)", (store.root / "LEADERBOARD.md").read_text())
    assert len(links) == 4
    assert {len(list((store.root / link).glob("*/cell.json"))) > 0 for link in links} == {True}
    boards = store.root / "boards"
    links = re.findall(r"\]\((\.\./runs/[^)]+)\)", (boards / "small.md").read_text())
    assert len(links) == 4
    assert {(boards / link).is_file() for link in links} == {True}


def test_contents_lead_to_the_boards(written):
    store, _, _ = written
    contents = (store.root / "boards" / "README.md").read_text()
    assert "- [small](small.md): recall@" in contents
    text = (store.root / "LEADERBOARD.md").read_text()
    assert "boards](boards/small.md)." in text
    rows = re.findall(r"^\| \[small\]\(#small\).*$", text, re.MULTILINE)
    assert len(rows) == 2
    assert all("recall@\\|S\\|" in row for row in rows)
    assert "\n## small\n" in text
    assert anchor("tree-H=3,W=7") == "tree-h3w7"


def test_pairs_of_words_are_told_by_what_was_measured_whatever_failed_first():
    rho = Correlation(score="score", subset="nouns", n=9, rho=0.5, low=0, high=0.9)
    cells = [cell("a", status="failed", reason="it crashed"), cell("b", similarity=[rho])]
    assert task_json(report_of(cells, no_values), [], [])["pairs"]
