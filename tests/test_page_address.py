"""The address of the page holds the whole view, in headless Chromium."""

import pytest

from tests.cells import cell, point
from tests.page import drawn, names, page_of

pytestmark = pytest.mark.slow


def view(page):
    """All that a reader chose, and what is shown."""
    page.wait_for_timeout(300)
    controls = """[...document.querySelectorAll('#task [data-view]')].map(each =>
        [each.dataset.view, each.type === 'checkbox' ? each.checked : each.value])"""
    ticks = page.locator("#board input:checked").evaluate_all(
        "all => all.map(e => e.dataset.label)"
    )
    heads = page.locator("#board thead th").evaluate_all(
        "all => all.map(each => [each.textContent, each.ariaSort])"
    )
    charts = page.locator("#task .chart svg:visible").all_text_contents()
    return {
        "controls": dict(page.evaluate(controls)),
        "rows": [names(page), ticks],
        "heads": heads,
        "charts": charts,
        "compared": page.inner_text("#compare-result"),
    }


OTHERS = """() => {
    const same = [];
    for (const each of document.querySelectorAll('#task [data-view]')) {
        const before = each.value;
        const options = [...each.options ?? []].filter(option => option.value !== before);
        if (each.type === 'checkbox') each.click();
        else if (each.tagName === 'SELECT') each.value = options.at(-1)?.value ?? before;
        else each.value = each.type === 'number' ? '50' : 'a';
        if (each.type !== 'checkbox' && each.value === before) same.push(each.dataset.view);
        for (const type of ['input', 'change'])
            each.dispatchEvent(new Event(type, { bubbles: true }));
    }
    return same;
}"""
"""Chooses something else in every control that offers it; gives the names of the others."""


def choose_all(page):
    """Choose something else everywhere."""
    page.select_option("#board-choice", label="Cost")
    page.check("#board [data-label=far]")
    page.check("#board [data-label=near]")
    same = page.evaluate(OTHERS)
    page.select_option("#board-choice", label="Recall by distance at ≤ 10 % visited")
    page.select_option("#kind", "")
    page.uncheck("#plain")
    page.locator("#board thead button", has_text="macro").click()
    page.locator("#board thead button", has_text="macro").click()
    page.click("text=Columns >> nth=0")
    page.uncheck("#columns label:has-text('seeds') input")
    return same


def test_a_link_shows_in_another_tab_what_this_one_shows(small, open_page):
    same = choose_all(small)
    assert set(same) <= {"compare"}
    shown = view(small)
    assert shown["rows"] == [["far", "near", "near dim=4"], ["far", "near"]]
    assert ["macro", "ascending"] in shown["heads"]
    assert ["seeds", "none"] not in shown["heads"]
    other = open_page(small.url)
    drawn(other, "visited")
    assert view(other) == shown
    assert other.inner_text("#not-here") == ""
    assert other.evaluate("present()") == small.evaluate("location.hash")


def test_back_undoes_one_choice_and_forward_makes_it_again(small):
    views = [view(small)]
    for choose in (
        lambda: small.select_option("#board-choice", label="Cost"),
        lambda: small.locator("#board thead button", has_text="peak MB").click(),
        lambda: small.check("#board [data-label=far]"),
        lambda: small.select_option("#row-b", "exact"),
        lambda: small.click("nav a >> nth=0"),
    ):
        choose()
        views.append(view(small))
    for shown in views[-2::-1]:
        small.go_back()
        assert view(small) == shown
    for shown in views[1:]:
        small.go_forward()
        assert view(small) == shown


def test_what_is_typed_at_once_is_one_step_of_the_history(small):
    entries = small.evaluate("history.length")
    small.locator("#filter").press_sequentially("near")
    assert small.url.endswith("?filter=near")
    assert small.evaluate("history.length") == entries + 1
    small.go_back()
    small.wait_for_function("document.getElementById('filter').value === ''")
    assert len(names(small)) == 4


def test_what_is_typed_and_taken_away_again_is_two_steps_that_are_seen(small):
    small.locator("#filter").press_sequentially("near")
    small.fill("#filter", "")
    assert small.url.endswith("#small-d")
    small.go_back()
    small.wait_for_function("document.getElementById('filter').value === 'near'")
    small.go_back()
    small.wait_for_function("document.getElementById('filter').value === ''")
    assert small.url.endswith("#small")


def test_the_row_that_is_open_is_in_the_address_and_back_closes_it(small, open_page, address):
    small.click("#board button:text-is('near dim=4')")
    assert small.url.endswith("?details=near+dim%3D4")
    assert open_page(small.url).inner_text("#details-title") == "near dim=4"
    small.go_back()
    small.locator("#details").wait_for(state="hidden")
    small.go_forward()
    small.locator("#details").wait_for(state="visible")
    small.keyboard.press("Escape")
    small.wait_for_function("!location.hash.includes('details')")
    assert small.evaluate("history.length") == 3
    small.go_forward()  # closing by hand went back
    small.locator("#details").wait_for(state="visible")
    page = open_page(address)
    page.click("#overview-boards button:text-is('near + 1')")
    assert page.url.endswith("?details=small-d&details=near")
    assert open_page(page.url).inner_text("#details-title") == "near"


EARLIER = {"code": ["Mine of another version"]}


def test_links_name_rows_without_the_mark_of_an_earlier_version(open_page, tmp_path):
    points = [point(0.1, 0.5), point(1, 0.7)]
    rows = [("both", {}), ("both", EARLIER), ("old", EARLIER)]
    cells = [cell(name, seed, points=points, **code) for seed, (name, code) in enumerate(rows)]
    page = page_of(open_page, tmp_path, *cells)
    checked = "state.checked.join()"
    for link, rows in {
        "rows=old": "old †",
        "rows=old+†": "old †",
        "rows=both": "both",
        "rows=both+†&rows=both": "both †,both",
        "a=old+†&b=both": "",
    }.items():
        page.goto(f"{page.url.partition('#')[0]}#small?{link}")
        page.wait_for_timeout(300)
        assert page.evaluate(checked) == rows, link
        assert page.inner_text("#not-here") == ""
    assert (page.input_value("#row-a"), page.input_value("#row-b")) == ("old", "both")
    for label in ("both", "both †", "old †"):
        page.check(f"#board [data-label='{label}']")
    assert page.evaluate("new URLSearchParams(present().split('?')[1]).getAll('rows')") == [
        "both", "both †", "old"
    ]  # fmt: skip


def test_another_dataset_begins_with_its_own_defaults(small):
    choose_all(small)
    small.click("nav a >> nth=1")
    small.wait_for_function("!location.hash.includes('?')")
    assert small.input_value("#filter") == ""
    assert small.input_value("#scale") == "log"
    assert small.locator("#board input:checked").count() == 0


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("#gone", "dataset “gone” (the overview is shown)"),
        ("#small?board=Old",
         "board “Old” (recall@|S| at ≤ 10 % visited, and without a limit is shown)"),
        ("#small?rows=gone&rows=far", "row “gone” (left out)"),
        ("#small?scale=cubic", "scale “cubic” (logarithmic is shown)"),
        ("#small?hide=none&sort=nothing+ascending",
         "column “nothing” (left out), column “none” (left out)"),
        ("#small?colour=red", "setting “colour” (left out)"),
        ("#small?a=gone", "a “gone” (near is shown)"),
        ("#small?details=gone", "row “gone” (left out)"),
        ("#%E0%A4%A", "dataset “%E0%A4%A” (the overview is shown)"),
    ],
)  # fmt: skip
def test_a_link_to_what_is_not_here_shows_the_rest_and_says_so(open_page, address, link, said):
    page = open_page(address + link)
    assert page.inner_text("#not-here") == f"The link names what is not here: {said}."
    assert page.locator("#not-here[role=status]").is_visible()
    if "far" in link:
        assert page.is_checked("#board [data-label=far]")


def test_a_link_to_data_that_was_replaced_opens_the_dataset_of_its_name(open_page, address):
    page = open_page(f"{address}#small-00000000?filter=near")
    assert page.locator("h2:visible").text_content() == "small"
    assert names(page) == ["near", "near dim=4"]
    assert "dataset “small-00000000” (small-" in page.inner_text("#not-here")
    page.goto(f"{address}#small")
    page.wait_for_function("document.getElementById('not-here').textContent === ''")


def test_markup_in_a_link_is_text(open_page, address):
    page = open_page(f"{address}#small?board=<img src=x onerror=alert(1)>")
    assert "“<img src=x onerror=alert(1)>”" in page.inner_text("#not-here")
    assert page.locator("#not-here img").count() == 0
