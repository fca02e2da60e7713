"""Charts, rankings and comparisons of the page, in headless Chromium with the network off."""

import math
import re

import pytest

from bench.measures.budget import UNLIMITED
from bench.measures.records import Latency
from bench.report.boards.all import report_of
from bench.report.page.compared import name_of
from bench.report.rows import by_task
from tests.cells import cell, point, xrayed
from tests.page import DESK, PHONE, audit, drawn, page_of

pytestmark = pytest.mark.slow


def timed(visited, recall, p50, speed, waited=0.0):
    latency = Latency(p50_ms=p50, p99_ms=2 * p50, queries=10, rounds=3, waited=waited)
    changes = {"latency": latency, "queries_per_second": speed, "waited": waited}
    return point(visited, recall).model_copy(update=changes)


@pytest.fixture
def timed_rows(open_page, tmp_path):
    """``index`` of three points, ``search`` of one, ``untimed`` of two, and ``poor``."""
    index = [timed(0.1, 0.5, 0.2, 9000, 0.5), timed(0.5, 0.85, 3, 200), timed(1, 0.9, 4, 100)]
    return page_of(
        open_page,
        tmp_path,
        cell("index", points=index),
        cell("search", points=[timed(1, 0.95, 1, 1000)]),
        cell("untimed", points=[point(0.2, 0.6), point(0.6, 0.88)]),
        cell("poor", points=[timed(1, 0.4, 1, 2000)]),
    )


@pytest.mark.parametrize(
    ("axis", "title"),
    [
        ("work", "work, % of the documents"),
        ("latency", "median latency of a query, ms"),
        ("speed", "queries a second"),
    ],
)
def test_a_measure_is_drawn_against_each_cost_and_scale(timed_rows, axis, title):
    timed_rows.select_option("#axis", axis)
    for scale in ("linear", "log"):
        timed_rows.select_option("#scale", scale)
        timed_rows.wait_for_function(
            "title => visited.querySelector('svg').textContent.includes(title)", arg=title
        )
    assert timed_rows.url.endswith(f"axis={axis}")


def test_rows_without_a_time_are_named_and_rows_of_one_point_have_one(timed_rows):
    timed_rows.select_option("#axis", "latency")
    assert timed_rows.inner_text("#visited-missing") == "Without a time: untimed."
    timed_rows.check("#board [data-label=search]")
    timed_rows.wait_for_function("visited.querySelector('svg').textContent.includes('search')")


def test_a_time_taken_on_a_busy_machine_keeps_its_mark_in_the_chart(timed_rows):
    texts = (
        "pointsOf(state.task.byLabel.get('index'), 'Recall', 'latency').map(p => [p.time, p.pace])"
    )
    assert timed_rows.evaluate(texts)[:2] == [["~0.200", "~9,000"], ["3.00", "200"]]


def ranked(page):
    rows = page.locator("#ranking-table tbody tr")
    return [text.split("\t")[:4] for text in rows.all_inner_texts()]


def test_rows_are_ranked_by_the_cheapest_point_that_reaches_a_level_and_none_between_points(
    timed_rows,
):
    page = timed_rows
    # 95 % of the best, in fives.
    assert page.input_value("#level") == "90"
    page.fill("#level", "80")
    assert ranked(page) == [
        ["index", "1", "85.0", "50.00"],
        ["untimed", "2", "88.0", "60.00"],
        ["search", "3", "95.0", "100.00"],
    ]
    assert page.inner_text("#ranking-notes") == "Never reach 80 %: poor."
    page.select_option("#rank-by", "speed")
    assert [row[0] for row in ranked(page)] == ["search", "untimed", "index"]
    page.fill("#level", "99")
    assert ranked(page) == []
    assert page.inner_text("#ranking-notes") == "No row reaches 99 %."
    page.fill("#level", "")
    assert page.inner_text("#ranking-notes") == "Choose a level from 0 to 100."
    assert audit(page) == {}


def test_each_seed_has_its_own_cheapest_point_and_all_must_reach(open_page, tmp_path):
    cells = [
        cell("apart", points=[point(0.2, 0.8), point(0.6, 0.9)]),
        cell("apart", seed=1, points=[point(0.1, 0.5), point(0.4, 0.84), point(1, 0.86)]),
        # At one setting, the mean reaches 80 at 20 %, and one seed does not.
        cell("alike", points=[point(0.2, 0.9), point(0.6, 0.9)]),
        cell("alike", seed=1, points=[point(0.2, 0.74), point(0.6, 0.8)]),
    ]
    page = page_of(open_page, tmp_path, *cells, cell("one", points=[point(1, 0.95)]))
    page.fill("#level", "80")
    assert ranked(page)[:2] == [["apart", "1", "82.0", "30.00"], ["alike", "2", "85.0", "40.00"]]
    assert "nprobe=20; nprobe=40" in page.inner_text("#ranking-table tbody tr >> nth=0")
    assert "nprobe=20; nprobe=60" in page.inner_text("#ranking-table tbody tr >> nth=1")
    page.fill("#level", "88")
    assert [row[0] for row in ranked(page)] == ["one"]
    assert page.inner_text("#ranking-notes") == "Never reach 88 %: apart, alike."


def test_rows_that_reach_a_level_and_were_not_timed_are_named(timed_rows):
    timed_rows.fill("#level", "80")
    timed_rows.select_option("#rank-by", "latency")
    assert [row[0] for row in ranked(timed_rows)] == ["search", "index"]
    assert "Reach it, but were not timed: untimed." in timed_rows.inner_text("#ranking-notes")


def test_rows_are_compared_within_another_budget_or_by_their_means_there(small):
    assert "at ≤ 10 % visited, over 4 queries" in small.inner_text("#compare-result .verdict")
    small.select_option("#compare-within", "visited-20")
    assert "at ≤ 20 % visited, over 4 queries" in small.inner_text("#compare-result .verdict")
    small.select_option("#compare-within", "all")
    said = small.inner_text("#compare-result")
    # near visits everything there, and its queries are not kept.
    assert "By their means without a limit, A has 90.0 % and B 40.0 % in recall (macro)." in said
    assert "There is no interval: near, as no values of queries are kept there." in said
    assert "Not at equal cost: A visits 10 times as many." in said
    small.select_option("#compare-within", "visited-1")
    assert "near and far have no setting" in small.inner_text("#compare-result")


def test_rows_without_an_interval_are_compared_by_the_measure_that_was_chosen(open_page, published):
    address, _ = published
    page = open_page(f"{address}#fiqa-slice?compare=R%40100&compare-within=visited-5")
    board = page.evaluate("""state.task.boards.find(({ title }) =>
        title === 'R@100 against the share of documents visited')""")
    column = board["header"].index("≤ 5 %")
    of_board = {row[0]: row[column].partition(" ")[0] for row in board["rows"]}
    a, b = (page.locator(f"#row-{row} option:checked").inner_text() for row in "ab")
    assert f"A has {of_board[a]} % and B {of_board[b]} % in R@100. There is no interval" in (
        page.inner_text("#compare-result")
    )


@pytest.mark.parametrize(
    ("lead", "ending"),
    [
        ("low: 0.6, high: 1.9, p: 0.2", "The interval is not so corrected, and excludes 0 by "
         "chance for 1 pair in 20: the difference may be chance."),
        ("low: -0.6, high: 1.9, p: 0.2", "0 of 5 seeds. The difference may be chance."),
        ("low: 0.6, high: 1.9, p: 0.01, starred: 1", "0 of 5 seeds."),
    ],
)  # fmt: skip
def test_a_p_value_names_the_pairs_it_is_corrected_for_and_an_interval_that_says_else(
    small, lead, ending
):
    lead = f"{{ ...{{ {lead} }}, ahead: 5, behind: 0, seeds: 5 }}"
    said = small.evaluate(f"certainty({lead}, 45)")
    assert ", corrected for the 45 pairs of the board; A is ahead in 5 and behind" in said
    assert said.endswith(ending)


def test_the_rows_in_colour_are_the_best_within_the_budget_of_a_chart(open_page, tmp_path):
    cells = [cell(f"m{n}", points=[point(0.1, n / 20), point(1, 1 - n / 20)]) for n in range(8)]
    page = page_of(open_page, tmp_path, *cells)

    def coloured(chart):
        drawn(page, chart)
        return page.locator(f"#{chart}-chart svg .role-legend-label text").all_text_contents()

    assert coloured("visited") == coloured("distance") == ["m7", "m6", "m5", "m4", "m3", "m2"]
    page.select_option("#at", "all")
    page.wait_for_function("distance.querySelector('svg').textContent.includes('m0')")
    assert coloured("distance") == ["m0", "m1", "m2", "m3", "m4", "m5"]
    assert page.inner_text("#focus").startswith("In colour: the best rows at ≤ 10 % visited, or")


def test_a_view_begins_with_a_pair_of_other_kinds_or_trainers_whose_digits_differ(
    open_page, tmp_path
):
    at = {"ehi": 0.6002, "de-hnsw": 0.6001, "bm25": 0.5}
    page = page_of(
        open_page,
        tmp_path,
        *(cell(name, points=[point(0.1, recall)]) for name, recall in at.items()),
        cell("ehi", key="dim", params={"dim": 9}, changed={"dim": 9}, points=[point(0.1, 0.55)]),
    )
    assert (page.input_value("#row-a"), page.input_value("#row-b")) == ("ehi", "bm25")


def test_levels_of_relevance_are_called_so(open_page, tmp_path):
    levels = {"cut": 100, "n_queries": 4}
    points = [xrayed(0.09, 0.6), point(1, 0.9)]
    cells = [cell(name, points=points, **levels) for name in ("one", "other")]
    page = page_of(open_page, tmp_path, *cells)
    for chart in ("distance", "heat", "xray", "ahead-distance"):
        assert ">level of relevance</text>" in drawn(page, chart), chart
    captions = page.locator("#task figcaption > span").all_inner_texts()
    assert "Recall by level of relevance" in captions
    titles = page.locator("#board-choice option").all_text_contents()
    told = [*captions, *titles, page.inner_text("#task-notes")]
    assert not [text for text in told if "distance" in text.lower() or "hierarchy" in text]


def test_of_many_rows_the_page_says_within_which_budgets_there_are_intervals(open_page, tmp_path):
    cells = [cell(f"m{number}", points=[point(0.1, number / 60)]) for number in range(51)]
    page = page_of(open_page, tmp_path, *cells)
    page.select_option("#compare-within", "visited-20")
    assert "of so many rows, intervals are within" in page.inner_text("#compare-result")


def test_a_chart_is_saved_as_svg_and_png_in_colours_for_paper(open_page, address, tmp_path):
    page = open_page(f"{address}#small", scheme="dark")
    drawn(page, "distance")
    for kind, begin in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as waiting:
            page.click(f"#distance .save button:text-is('{kind}')")
        file = waiting.value
        assert file.suggested_filename == f"small-d-recall-by-distance-10-visited.{kind.lower()}"
        file.save_as(tmp_path / file.suggested_filename)
        content = (tmp_path / file.suggested_filename).read_bytes()
        assert content.startswith(begin)
        assert len(content) > 3000
        if kind == "SVG":
            assert b'fill="#ffffff"' in content
            assert "small-d: Recall by distance, ≤ 10 % visited".encode() in content


def test_leads_within_every_budget_are_those_of_the_boards(open_page, published):
    address, store = published
    page = open_page(address)
    leads = """DATA.tasks.flatMap(task => Object.entries(task.compare.at).flatMap(([within, all]) =>
        all.flatMap(each => each.labels.flatMap((a, i) => each.labels.slice(0, i).map(b => {
            const lead = leadOf(each, a, b);
            return [`${task.id} ${within} ${each.title} ${a} | ${b}`,
                    lead && [lead.mean, lead.low, lead.high, lead.p, lead.ahead, lead.seeds]];
        })))))"""
    shown = dict(page.evaluate(leads))
    expected = {}
    for cells in by_task(store.read()[0]).values():
        report = report_of(cells, store.query_values)
        name = f"{cells[0].task}-{cells[0].task_digest[:8]}"
        for budget, comparisons in report.comparisons.items():
            for each in comparisons:
                for i, a in enumerate(each.labels):
                    for b in each.labels[:i]:
                        key = f"{name} {name_of(budget)} {each.title} {a} | {b}"
                        expected[key] = each.lead(a, b)
    assert shown.keys() == expected.keys()
    assert len(shown) > 3000
    for key, lead in expected.items():
        if lead is None:
            assert shown[key] is None, key
            continue
        mean, low, high, p = lead.difference
        figures = [mean, low, high, p, lead.ahead, lead.n_seeds]
        # JSON has no infinity and no NaN; two digits are kept of points and of a p-value.
        known = [math.nan if figure is None else figure for figure in shown[key]]
        finite = [math.nan if math.isinf(figure) else figure for figure in figures]
        assert known == pytest.approx(finite, abs=0.0051, rel=0.06, nan_ok=True), key


def test_rows_ranked_at_a_level_are_those_of_the_board_at_95_per_cent_of_exact_search(
    open_page, published
):
    address, _ = published
    page = open_page(address)
    boards = page.evaluate("""DATA.tasks.flatMap(({ id, boards }) =>
        boards.filter(({ title }) => title.startsWith('At 95 %')).map(each => [id, each]))""")
    assert len(boards) > 5
    for task, board in boards:
        (level,) = re.findall(r"is at least ([\d.]+) on the test", board["notes"][0])
        by = "work" if "In the order of work" in board["notes"][0] else "latency"
        page.goto(f"{address}#{task}?level={level}&rank={by}")
        page.wait_for_function("id => state.task?.id === id", arg=task)
        costs = board["header"].index("visited / work %")
        of_board = {row[0]: re.findall(r"[\d.]+", row[costs]) for row in board["rows"]}
        rows = page.locator("#ranking-table tbody tr").all_inner_texts()
        of_page = {
            row[0]: row[3:5] for row in (re.sub(" claimed", "", row).split("\t") for row in rows)
        }
        # Rows of the same digits may change places.
        assert of_page.keys() == of_board.keys(), task
        for label, shown in of_page.items():
            expected = [*map(float, of_board[label])]
            assert [*map(float, shown)] == pytest.approx(expected, abs=0.0551), (task, label)
        shown = [float(of_board[label][by == "work"]) for label in of_page]
        assert shown == sorted(shown) or by == "latency", task


def test_every_published_dataset_begins_with_charts_and_a_pair_at_about_the_same_cost(
    open_page, published
):
    address, _ = published
    page = open_page(address)
    tasks = page.evaluate("DATA.tasks.filter(task => task.measures.length).map(({id}) => id)")
    assert len(tasks) > 5
    for task in tasks:
        page.evaluate("id => { location.hash = addressOfTask(id); }", task)
        page.wait_for_function("id => state.task?.id === id", arg=task)
        # One stratum, and rows that visit everything, leave nothing to draw.
        is_plain = page.evaluate(
            "state.task.strata.length < 2"
            " && !state.task.rows.some(({ curve }) => curve?.visited.length > 1)"
        )
        drawn = page.locator("#charts .chart svg:visible .role-mark path").count()
        assert (drawn == 0) == is_plain, task
        assert page.locator("#ranking-table tbody tr").count() > 0, task
        assert "Not at equal cost" not in page.inner_text("#compare-result"), task
        assert "Not compared" not in page.inner_text("#compare-result"), task
    page.evaluate("location.hash = 'wordnet'")
    page.wait_for_function("distance.textContent.includes('pretrain-finetune, d=64')")
    assert "reported in arXiv 2509.16411" in page.inner_text("#distance-reported")
    page.evaluate("location.hash = 'scifact'")
    page.select_option("#measure", "R@100")
    page.wait_for_function("visited.querySelector('svg').textContent.includes('EHI, 10 %')")
    assert "reported in arXiv 2310.08891" in page.inner_text("#visited-reported")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_methods_are_shown_over_datasets_as_shares_of_the_best(open_page, published, size):
    address, _ = published
    page = open_page(address, size)
    assert "clusters" in drawn(page, "over-datasets")
    assert audit(page) == {}
    page.select_option("#over-within", "all")
    page.wait_for_function(
        "document.querySelector('#over-datasets svg').textContent.includes('random')"
    )
    assert page.url.endswith("?over=all")
    values = page.evaluate("scoresOver('all')")
    heldout = [each for each in values if each["dataset"] == "wordnet-heldout"]
    best = max(heldout, key=lambda each: each["score"])
    assert best["share"] == 100 > min(each["share"] for each in heldout)
    assert name_of(UNLIMITED) == "all"
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
