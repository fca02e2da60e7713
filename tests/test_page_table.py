"""The tables of the page in headless Chromium: what is in sight, explained, saved and printed."""

import csv
import datetime as dt

import pytest

from bench.report.leaderboard import write_leaderboard
from bench.report.published import mark_published
from bench.store.folder import Store
from tests.cells import cell, point
from tests.page import DESK, PHONE, audit, drawn, names, page_of

pytestmark = pytest.mark.slow

POINTS = [point(0.1, 0.5), point(1, 0.7)]
CLAIMED = [point(0.1, 0.5, self_reported=True), point(1, 0.7)]
WIDE = {"width": 1920, "height": 1000}
LONG = {"a_long_name": "of-a-value-of-many-letters", "another_name": 123456789}


def saved(page, click):
    """The name of the file that a click saves, and its rows."""
    with page.expect_download() as download:
        click()
    text = download.value.path().read_bytes().decode("utf-8-sig")
    assert text.replace("\r\n", "").count("\n") == 0
    return download.value.suggested_filename, list(csv.reader(text.splitlines()))


def test_a_board_is_saved_as_it_is_shown(small):
    small.select_option("#board-choice", label="Recall by distance")
    small.fill("#filter", "near")
    small.locator("#board thead button", has_text="macro").click()
    small.locator("#board thead button", has_text="macro").click()
    small.click("text=Columns >> nth=0")
    for title in ("seeds", "95 % interval", "min"):
        small.uncheck(f"#columns label:text-is('{title}') input")
    file, rows = saved(small, lambda: small.click("#board-save button"))
    assert file == "small-d-recall-by-distance.csv"
    assert rows[0] == ["method", "overall", "macro", "0", "1", "visited / work %"]
    assert [row[0] for row in rows[1:]] == names(small) == ["near dim=4", "near"]
    shown = small.locator("#board tbody tr >> nth=0").locator("th, td").all_inner_texts()
    assert rows[1] == shown


def test_the_overview_and_the_seeds_of_a_row_are_saved_too(open_page, address):
    page = open_page(address)
    file, rows = saved(page, lambda: page.click("#overview-boards button:text-is('CSV') >> nth=0"))
    assert file == "overview-best-at-10-visited.csv"
    assert rows[1][0] == "small"
    page.goto(f"{address}#small")
    page.click("#board button:text-is('near')")
    file, rows = saved(page, lambda: page.click("#details button:text-is('CSV') >> nth=0"))
    assert file == "small-d-measured.csv"
    assert [row[0] for row in rows] == ["cell", "seed 0", "seed 1"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("a, b", '"a, b"'),
        ('say "so"', '"say ""so"""'),
        ("=cmd()", "'=cmd()"),
        (" =1+1", "' =1+1"),
        ("@sum(A1)", "'@sum(A1)"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("+18.8* (12.0 … 25.6) 2/2", "+18.8* (12.0 … 25.6) 2/2"),
        ("-1.5", "-1.5"),
        ("–", "–"),
    ],
)
def test_a_field_is_quoted_and_never_a_formula(small, text, field):
    assert small.evaluate("text => csvCell(text)", text) == field


def in_sight(page, place):
    """Whether a cell is wholly on the screen from left to right, and nothing lies over it."""
    return place.evaluate("""cell => {
        const { left, right, top, bottom } = cell.getBoundingClientRect();
        const region = cell.closest('.scroll').getBoundingClientRect();
        const inside = left >= region.left - 1 && right <= region.right + 1 && right <= innerWidth;
        const at = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return inside && cell.contains(at);
    }""")


def crowded(count):
    """Cells of rows with long names, all columns filled."""
    return [
        cell("mine", seed, key=f"{number}-{seed}", params=LONG | {"n": number},
             changed=LONG | {"n": number}, points=CLAIMED)
        for number in range(count) for seed in (0, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, DESK, WIDE], ids=["phone", "desk", "wide"])
def test_the_name_and_the_main_measure_are_in_sight(open_page, tmp_path, size):
    page = page_of(open_page, tmp_path, *crowded(3), size=size)
    for board in page.locator("#board-choice option").all_text_contents():
        page.select_option("#board-choice", label=board)
        page.locator("#board").scroll_into_view_if_needed()
        row = page.locator("#board tbody tr >> nth=0")
        assert in_sight(page, row.locator("th")), board
        assert in_sight(page, row.locator("td >> nth=0")), board
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_main_measure_stays_beside_the_name_where_a_board_is_scrolled(open_page, address):
    page = open_page(f"{address}#small?board=Cost", {"width": 700, "height": 900})
    page.evaluate("document.querySelector('.tall').scrollLeft = 400")
    row = page.locator("#board tbody tr >> nth=0")
    assert page.evaluate("document.querySelector('.tall').scrollLeft") > 100
    assert in_sight(page, row.locator("th"))
    assert in_sight(page, row.locator("td.key"))


def test_two_hundred_rows_are_filtered_at_once_under_a_header_that_stays(open_page, tmp_path):
    page = page_of(open_page, tmp_path, *crowded(200))
    assert page.locator("#count").text_content() == "200 of 200 rows"
    page.locator("#board tbody tr >> nth=150").scroll_into_view_if_needed()
    assert in_sight(page, page.locator("#board thead th >> nth=0"))
    took = page.evaluate("""() => {
        const began = performance.now();
        document.getElementById('filter').value = 'n=17';
        document.getElementById('filter').dispatchEvent(new Event('input', { bubbles: true }));
        document.body.offsetHeight;
        return performance.now() - began;
    }""")
    assert names(page)[0].endswith("n=17")
    assert page.locator("#count").text_content() == "11 of 200 rows"
    assert took < 300


def test_a_checkbox_changes_its_row_alone_and_the_charts_behind_it(open_page, tmp_path):
    page = page_of(open_page, tmp_path, *crowded(200))
    took = page.evaluate("""() => {
        const row = board.tBodies[0].rows[150], began = performance.now();
        row.querySelector('input').click();
        document.body.offsetHeight;
        const took = performance.now() - began;
        return row.isConnected && row.className === 'checked' && took;
    }""")
    assert 0 < took < 300
    page.wait_for_function("""drawn.visited?.spec.datasets.values.some(
        each => each.focus && each.method === state.checked[0])""")


def test_a_title_is_explained_by_pointer_by_keyboard_and_by_touch(small):
    small.select_option("#board-choice", label="Recall by distance")
    tip = small.locator("#tip")
    head = small.locator("#board thead th", has_text="macro").locator("button")
    head.hover()
    assert "mean over queries" in tip.inner_text()
    small.mouse.move(0, 0)
    assert not tip.is_visible()
    head.focus()
    assert tip.is_visible()
    assert head.get_attribute("aria-describedby") == "tip"
    assert audit(small) == {}
    small.keyboard.press("Escape")
    assert not tip.is_visible()
    head.dispatch_event("click")
    assert tip.is_visible()
    below = "() => tip.getBoundingClientRect().top - board.tHead.getBoundingClientRect().bottom"
    assert abs(small.evaluate(below)) < 3
    small.locator("h2:visible").click()
    assert not tip.is_visible()


def test_a_method_is_described_at_its_name_and_where_it_opens(open_page, tmp_path):
    page = page_of(open_page, tmp_path, cell("ehi", points=POINTS))
    page.hover("#board button:text-is('ehi')")
    assert "arXiv 2310.08891" in page.inner_text("#tip")
    page.click("#board button:text-is('ehi')")
    assert not page.locator("#tip").is_visible()
    assert "Kind: learned index." in page.inner_text("#details")
    link = page.locator("#details a", has_text="arXiv 2310.08891").first
    assert link.get_attribute("href") == "https://arxiv.org/abs/2310.08891"


MARKUP = "<img src=x onerror=alert(1)>"


def test_markup_in_names_and_notes_is_text(open_page, tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(cell(MARKUP, key="old", points=[point(0.1, 0.4)], notes=[MARKUP]))
    mark_published(store, dt.date(2026, 1, 2))
    for name in (MARKUP, "x"):
        changed = {"name": MARKUP}
        store.commit(cell(name, key=f"k{name[0]}", points=POINTS, notes=[MARKUP], params=changed,
                          changed=changed))  # fmt: skip
    write_leaderboard(store, figures=True)
    page = open_page((tmp_path / "leaderboard.html").as_uri())
    assert MARKUP in page.inner_text("#overview-boards")
    page.click("nav a >> nth=1")
    page.wait_for_selector("#board tbody tr")
    assert MARKUP in page.inner_text("#board")
    assert MARKUP in page.inner_text("#task-notes")
    page.click("#board .name button >> nth=0")
    assert MARKUP in page.inner_text("#details")
    assert page.locator("img").count() == 0


def test_without_javascript_the_summary_is_there_once_and_escaped(browser, tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(cell(MARKUP, points=POINTS))
    write_leaderboard(store, figures=True)
    address = (tmp_path / "leaderboard.html").as_uri()
    with browser.new_context(java_script_enabled=False, offline=True) as context:
        page = context.new_page()
        page.goto(address)
        table = page.locator("#overview-boards table")
        assert table.locator("tr >> nth=1").inner_text().startswith("small\t")
        assert MARKUP in table.inner_text()
        assert page.locator("img").count() == 0
        assert "LEADERBOARD.md has the boards" in page.inner_text("#overview")
        assert page.locator("table:visible, select:visible, button:visible").count() == 1
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("typeof state === 'object'")
        assert page.locator("h3:text-is('Best at ≤ 10 % visited')").count() == 1
        assert "Without JavaScript" not in page.inner_text("#overview")


def test_a_filter_that_leaves_no_row_is_told_in_a_line(small):
    small.fill("#filter", "nothing has this")
    assert small.inner_text("#count") == "No row of 4 is left by the filter."
    assert not small.locator("#board").is_visible()


def test_a_summary_without_rows_is_told_in_a_line(open_page, tmp_path):
    page = page_of(open_page, tmp_path, cell(status="failed", reason="crashed"))
    page.click("nav a >> nth=0")
    page.wait_for_selector("#overview-boards")
    assert page.inner_text("#overview-boards p >> nth=0") == "No row to show."


def test_names_of_many_letters_and_of_objects_keep_the_page_as_wide_as_the_screen(
    open_page, tmp_path
):
    store = Store(tmp_path)
    store.prepare()
    long = "x" * 120
    for task in ("__proto__", "small"):
        for name in ("__proto__", "a", long):
            store.commit(cell(name, task=task, key=task + name[:9], points=POINTS))
        failed = {"status": "failed", "reason": long, "notes": [long]}
        store.commit(cell(f"{long}y", task=task, key=f"{task}y", **failed))
    address = write_leaderboard(store, figures=True).page.as_uri()
    page = open_page(address, PHONE)
    texts = drawn(page, "over-datasets")
    assert texts.count("__proto__</text>") == 2
    for task in ("", "__proto__", "small"):
        page.goto(f"{address}#{task}")
        for board in page.locator("#board-choice option").all_text_contents():
            page.select_option("#board-choice", label=board)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], board


def test_buttons_that_save_name_what_they_save(small):
    drawn(small, "xray")
    buttons = small.locator("#task .save button")
    named = buttons.evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    assert "Save as CSV: recall@|S| at ≤ 10 % visited, and without a limit" in named
    assert "Save as SVG: X-ray: what is missed within ≤ 10 % visited, and why" in named
    small.select_option("#board-choice", label="Cost")
    assert small.get_attribute("#board-save button", "aria-label") == "Save as CSV: Cost"


def test_a_short_title_is_not_broken_on_paper_where_a_board_is_full(small):
    small.set_viewport_size({"width": 1047, "height": 740})
    small.emulate_media(media="print")
    small.evaluate("""() => {
        const board = boardChosen(), others = text => Array(15).fill(text);
        board.header = ['method', 'seeds', ...others('recall@|S| of few')];
        board.rows = [['near dim=4', '5', ...others('100.0 ± 10.0 claimed')]];
        showBoard();
    }""")
    assert small.locator("#board thead button:text-is('seeds')").bounding_box()["height"] < 20
    assert small.evaluate("document.documentElement.scrollWidth") <= 1047


def test_all_columns_are_on_paper_or_it_is_said_how_many(open_page, tmp_path):
    page = page_of(open_page, tmp_path, *crowded(20), size={"width": 1047, "height": 740})
    page.emulate_media(media="print")
    for board in page.locator("#board-choice option").all_text_contents():
        page.evaluate("""title => {
            const choice = document.getElementById('board-choice');
            choice.value = title;
            choice.dispatchEvent(new Event('change', { bubbles: true }));
        }""", board)  # fmt: skip
        assert page.evaluate("document.documentElement.scrollWidth") <= 1047, board
        heads = page.locator("#board thead th")
        hidden = heads.count() - page.locator("#board thead th:visible").count()
        assert hidden == max(0, heads.count() - 17), board
        assert page.locator(".printed").is_visible() == (hidden > 0)
        assert page.locator("#board caption").inner_text() == board
