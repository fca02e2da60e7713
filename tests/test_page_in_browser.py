"""The page as readers have it: from disk, in headless Chromium, with the network off."""

import datetime as dt
import re

import pytest

from bench.report.leaderboard import write_leaderboard
from bench.report.published import mark_published
from bench.store.folder import Store
from tests.cells import cell, point
from tests.page import DESK, PHONE, audit, drawn, names, page_of

pytestmark = pytest.mark.slow


def test_it_renders_boards_and_charts(small):
    assert small.locator("h2:visible").text_content() == "small"
    assert names(small) == ["near", "near dim=4", "far", "exact"]
    for chart in ("visited", "distance", "heat", "xray", "ahead-query", "ahead-distance"):
        assert "<path" in drawn(small, chart)


def test_the_overview_leads_to_a_dataset(open_page, address):
    page = open_page(address)
    summary = page.locator("[aria-label='Best at ≤ 10 % visited']")
    assert summary.locator("tbody th").all_text_contents() == ["Hierarchies", "small"]
    assert summary.locator("tbody td").all_text_contents()[:2] == ["near + 1", "recall@|S|"]
    summary.locator("button:text-is('near + 1')").click()
    assert page.inner_text("#details-title") == "near"
    page.keyboard.press("Escape")
    summary.locator("a").click()
    assert page.locator("nav a[aria-current]").text_content() == "small"
    assert page.locator("#board").is_visible()


def test_what_changed_is_told_and_many_rows_are_folded(open_page, tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(cell(key="old", points=[point(0.1, 0.5)]))
    mark_published(store, dt.date(2026, 1, 2))
    for seed in range(21):
        params = {"dim": 100 + seed}
        store.commit(cell(key=f"new{seed}", params=params, changed=params, points=[point(1, 0.7)]))
    store.commit(cell(key="again", points=[point(0.1, 0.6)]))
    write_leaderboard(store, figures=True)
    page = open_page((tmp_path / "leaderboard.html").as_uri())
    assert page.locator("h3:visible").all_text_contents() == [
        "Best at ≤ 10 % visited", "Best without a limit", "Changed since 2026-01-02",
    ]  # fmt: skip
    rows = page.locator("[aria-label^=Changed] tbody tr")
    assert not rows.first.is_visible()
    page.click("text=22 rows")
    assert rows.last.is_visible()
    assert rows.last.inner_text().split("\t") == [
        "small", "mine", "moved", "1", "50.0 → 60.0", "50.0 → 60.0"
    ]  # fmt: skip
    assert audit(page) == {}


def test_an_address_that_cannot_be_read_shows_the_overview(small):
    small.evaluate("location.hash = '#%E0%A4%A'")
    small.wait_for_selector("#overview", state="visible")
    assert not small.locator("#task").is_visible()


def test_skipping_to_the_boards_keeps_the_dataset_in_the_address(small):
    small.locator(".skip").focus()
    small.keyboard.press("Enter")
    assert small.evaluate("document.activeElement.id") == "main"
    assert small.url.endswith("#small")
    small.reload()
    assert small.locator("h2:visible").text_content() == "small"


def test_columns_sort_both_ways_by_mouse_and_by_keyboard(small):
    small.select_option("#board-choice", label="Recall by distance")
    head = small.locator("#board thead th", has_text="overall")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names(small) == ["exact", "near", "near dim=4", "far"]
    small.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(small) == ["far", "near dim=4", "near", "exact"]
    small.locator("#board thead th button", has_text="method").click()
    assert names(small) == ["exact", "far", "near", "near dim=4"]


def test_a_filter_finds_rows_that_have_all_its_words(small):
    small.fill("#filter", "NEAR")
    assert names(small) == ["near", "near dim=4"]
    assert small.locator("#count").text_content() == "2 of 4 rows"
    small.fill("#filter", "dim=4  near")
    assert names(small) == ["near dim=4"]
    small.fill("#filter", "brute-force")
    assert names(small) == []
    small.fill("#filter", "near")
    small.check("#plain")
    assert names(small) == ["near"]


def test_rows_are_filtered_by_kind_and_by_what_their_method_is(open_page, tmp_path):
    points = [point(0.1, 0.5), point(1, 0.6)]
    cells = [cell(name, points=points) for name in ("ehi", "bm25", "mine", "de-hnsw")]
    page = page_of(open_page, tmp_path, *cells)
    assert page.locator("#kind option").all_text_contents() == [
        "every kind", "index", "learned index", "lexical", "other",
    ]  # fmt: skip
    page.select_option("#kind", "learned index")
    assert names(page) == ["ehi"]
    page.select_option("#kind", "")
    page.fill("#filter", "words index")
    assert names(page) == []
    page.fill("#filter", "lexical words")
    assert names(page) == ["bm25"]


def test_a_filter_leaves_rows_in_the_order_they_had(open_page, tmp_path):
    store = Store(tmp_path)
    store.prepare()
    # Of text, whose digits are counted as whole numbers: 0.5 stands before 0.25.
    reasons = {"quick": "0.25 s were too few", "quicker": "0.5 s were too few", "slow": "crashed"}
    for method, reason in reasons.items():
        store.commit(cell(method, status="failed", reason=reason))
    write_leaderboard(store, figures=True)
    page = open_page(f"{(tmp_path / 'leaderboard.html').as_uri()}#small")
    page.locator("#board thead button", has_text="reason").click()
    order = page.locator("#board tbody th")
    assert order.all_text_contents() == ["quicker", "quick", "slow"]
    page.fill("#filter", "quick")
    assert order.all_text_contents() == ["quicker", "quick"]


def test_columns_are_hidden(small):
    small.click("text=Columns >> nth=0")
    small.uncheck("#columns input >> nth=0")
    heads = small.locator("#board thead th").all_text_contents()
    assert heads[:2] == ["method", "recall@|S| ≤ 10 % visited"]
    assert "seeds" not in heads


def test_another_board_is_shown(small):
    small.select_option("#board-choice", label="Not measured")
    assert small.locator("#board tbody td").all_text_contents()[-1] == "</script> is no reason"


def test_filters_that_no_row_of_a_board_answers_to_are_disabled(small):
    small.select_option("#board-choice", label="Not measured")
    assert [small.is_disabled(each) for each in ("#filter", "#kind", "#plain")] == [
        False, True, True
    ]  # fmt: skip
    assert audit(small) == {}
    small.select_option("#board-choice", label="Recall by distance")
    assert not small.is_disabled("#kind")
    assert not small.is_disabled("#plain")


def test_a_row_tells_its_parameters_where_it_was_measured_and_how_to_again(small):
    small.click("#board button:text-is('near')")
    text = small.locator("#details").inner_text()
    assert "run_bench.py --methods near --datasets small --seeds 0,1" in text
    assert "0123456789" in text
    assert "A processor, 2 threads" in text
    assert "2026-01-02 03:04" in text
    assert re.search(r"dim\s+3", text)
    assert small.locator("#details a").first.get_attribute("href").startswith("runs/small/near/")
    small.keyboard.press("Escape")
    assert not small.locator("#details").is_visible()
    assert small.evaluate("document.activeElement.textContent") == "near"


def test_the_scale_and_the_measure_of_curves_change(small):
    before = drawn(small, "visited")
    small.select_option("#scale", "linear")
    small.wait_for_function("old => visited.querySelector('svg').innerHTML !== old", arg=before)
    between = drawn(small, "visited")
    assert between != before
    assert small.locator("#measure option").all_text_contents() == [
        "Recall", "Recall, mean of queries", "Recall, worst distance",
    ]  # fmt: skip


def test_the_same_rows_are_in_colour_on_both_charts(open_page, tmp_path):
    store = Store(tmp_path)
    store.prepare()
    # The better one has no point within 10 %, so that it is not on the chart by distance.
    store.commit(cell("dear", points=[point(0.5, 0.8), point(1, 0.9)]))
    for name in ("cheap", "cheaper"):
        store.commit(cell(name, points=[point(0.1, 0.5), point(1, 0.7)]))
    write_leaderboard(store, figures=True)
    page = open_page(f"{(tmp_path / 'leaderboard.html').as_uri()}#small")
    for chart in ("visited", "distance"):
        drawn(page, chart)
        labels = page.locator(f"#{chart}-chart svg .role-legend-label text")
        assert labels.all_text_contents() == ["cheap", "cheaper"]
    page.check("#board [data-label=dear]")
    page.wait_for_function("visited.querySelector('svg').textContent.includes('dear')")


def test_checked_rows_are_in_colour_and_compared(small):
    assert "near dim=4" in drawn(small, "distance")
    small.locator("#board [data-label=far]").focus()
    small.keyboard.press("Space")
    assert small.evaluate("document.activeElement.dataset.label") == "far"
    small.check("#board [data-label=near]")
    small.wait_for_function(
        "!document.querySelector('#distance svg').textContent.includes('dim=4')"
    )
    assert small.locator("#row-a").input_value() == "far"
    assert small.locator("#row-b").input_value() == "near"
    small.select_option("#row-a", "near")
    small.select_option("#row-b", "far")
    assert "near is 18.8 points ahead of B far in recall (macro)" in small.inner_text(
        "#compare-result"
    )
    assert small.inner_text("#wins") == "A wins on 2 queries, B on 1; 1 are ties."
    lost = small.locator("#extremes table").nth(1).locator("tbody tr")
    assert lost.all_inner_texts() == ["query 9\t0.0\t25.0\t−25.0"]


def test_two_rows_that_visit_everything_are_compared_by_distance_where_they_visit_most(
    open_page, tmp_path
):
    dear = [cell("worse", points=[point(1, 0.5)]), cell("better", points=[point(1, 0.75)])]
    page = page_of(open_page, tmp_path, *dear)
    page.check("#board [data-label=worse]")
    page.check("#board [data-label=better]")
    assert (page.input_value("#row-a"), page.input_value("#row-b")) == ("worse", "better")
    assert (
        "A visits 100 % of the documents (work 101 %), B 100 % of the documents (work 101 %)."
        in page.inner_text("#compare-result")
    )
    # At both distances.
    page.wait_for_selector("#ahead-distance-chart svg [aria-label*='points: −25'] >> nth=1")
    assert audit(page) == {}


def test_of_two_rows_the_one_without_a_point_within_ten_per_cent_is_named(small):
    small.check("#board [data-label=near]")
    small.check("#board [data-label=exact]")
    assert (small.input_value("#row-a"), small.input_value("#row-b")) == ("near", "exact")
    assert "exact has no setting that costs so little" in small.inner_text("#compare-result")
    assert small.locator("#ahead-distance").is_visible()
    small.select_option("#row-b", "far")
    assert "Not compared" not in small.inner_text("#compare-result")


def test_a_checked_row_that_sees_the_test_is_not_compared_and_that_is_said(open_page, tmp_path):
    cells = [cell(name, points=[point(0.1, 0.5)]) for name in ("one", "other")]
    seeing = cell("oracle", points=[point(0.1, 1)], sees_test=True)
    page = page_of(open_page, tmp_path, *cells, seeing)
    before = page.input_value("#row-a"), page.input_value("#row-b")
    page.check("#board [data-label=one]")
    assert page.inner_text("#not-compared") == ""
    page.check("#board [data-label^=oracle]")
    assert "not compared: it sees the test." in page.inner_text("#not-compared")
    assert (page.input_value("#row-a"), page.input_value("#row-b")) == before
    page.uncheck("#board [data-label=one]")
    assert not page.locator("#not-compared").is_visible()


def test_where_a_checked_row_is_not_on_a_chart_no_other_takes_its_colour_and_that_is_said(small):
    drawn(small, "distance")
    small.check("#board [data-label=exact]")
    assert small.inner_text("#distance-missing") == (
        "None of the checked rows has a setting so cheap."
    )
    legend = small.locator("#distance-chart svg .role-legend-label text")
    legend.first.wait_for(state="detached")
    assert small.locator("#distance-chart svg .role-mark path").count() > 0
    assert "None of the checked rows has an X-ray" in small.inner_text("#xray-missing")
    assert not small.locator("#xray-chart").is_visible()
    assert small.inner_text("#visited-missing") == ""
    small.check("#board [data-label=near]")
    assert small.inner_text("#distance-missing") == (
        "Checked, but without a setting so cheap: exact."
    )
    small.locator("#xray-chart").wait_for(state="visible")
    small.select_option("#at", "all")
    assert small.inner_text("#distance-missing") == ""


def test_rows_without_values_of_queries_are_compared_by_distance_alone(small):
    small.select_option("#row-a", "near dim=4")
    assert "near dim=4, as no values of queries are kept there" in small.inner_text(
        "#compare-result"
    )
    assert small.locator("#ahead-distance").is_visible()
    assert not small.locator("#ahead-query").is_visible()


def test_the_heat_map_has_the_recall_of_a_row_at_each_distance_and_point(small):
    small.select_option("#heat-row", "far")
    small.wait_for_function("drawn.heat?.spec === wanted.heat")
    figures = small.locator("#heat svg .role-mark text").all_text_contents()
    assert sorted(figures) == ["30", "30", "40", "40"]


def test_a_chart_that_takes_long_to_draw_does_not_cover_a_later_one(small):
    drawn(small, "ahead-distance")
    small.evaluate("""() => {
        const quick = vegaEmbed, slow = new Promise(done => setTimeout(done, 500));
        let calls = 0;
        window.vegaEmbed = async (...given) => {
            if (calls++ === 0) await slow;
            return quick(...given);
        };
    }""")
    small.select_option("#heat-row", "near dim=4")
    small.wait_for_timeout(100)
    small.select_option("#heat-row", "far")
    small.wait_for_timeout(1000)
    figures = small.locator("#heat svg .role-mark text").all_text_contents()
    assert sorted(figures) == ["30", "30", "40", "40"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(open_page, address, scheme, size):
    page = open_page(address, size, scheme)
    assert audit(page) == {}
    page.goto(f"{address}#small")
    for chart in ("visited", "distance", "heat", "xray", "ahead-query", "ahead-distance"):
        drawn(page, chart)
    assert audit(page) == {}
    page.click("#board button:text-is('near')")
    assert audit(page) == {}


def test_axe_would_find_a_faint_letter_and_a_field_without_a_label(small):
    small.evaluate(
        "for (const each of document.querySelectorAll('label')) each.replaceWith(...each.children)"
    )
    small.evaluate("document.documentElement.style.setProperty('--soft', '#ccc')")
    assert {"color-contrast", "select-name"} <= set(audit(small))


def test_dark_is_dark(open_page, address):
    paper = "getComputedStyle(document.body).backgroundColor"
    assert open_page(address, scheme="dark").evaluate(paper) == "rgb(18, 21, 25)"
    assert open_page(address, scheme="light").evaluate(paper) == "rgb(255, 255, 255)"


@pytest.mark.slow
def test_the_published_results_fit_in_2_5_megabytes_and_on_a_phone(open_page, published):
    address, store = published
    assert (store.root / "leaderboard.html").stat().st_size < 2_500_000
    page = open_page(address, PHONE)
    datasets = page.locator("nav a").all()
    assert len(datasets) > 5
    for link in datasets:
        link.click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert audit(page) == {}
