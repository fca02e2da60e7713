"""The page as readers have it: from disk, in headless Chromium, with the network off."""

import shutil
from pathlib import Path

import pytest

from bench.report.leaderboard import write_leaderboard
from bench.store.folder import Store
from tests.small_results import small_results

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the dev extra")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium; `apt-get install chromium`")
    with playwright.sync_playwright() as driver:
        # No name is resolved, not even by what the browser does on its own.
        options = ["--host-resolver-rules=MAP * ~NOTFOUND"]
        yield driver.chromium.launch(executable_path=found, args=options)


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    store = small_results(tmp_path_factory.mktemp("results"))
    write_leaderboard(store, figures=True)
    return (store.root / "leaderboard.html").as_uri()


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The address of the page of the published results, and their store."""
    results = tmp_path_factory.mktemp("published") / "results"
    shutil.copytree(Path(__file__).parent.parent / "results" / "runs", results / "runs")
    store = Store(results)
    return write_leaderboard(store, figures=True).page.as_uri(), store


@pytest.fixture
def open_page(browser):
    """Open an address; at the end there was no complaint and no request but for it."""
    contexts, asked, complaints = [], [], []

    def opened(address, size=DESK, scheme="light"):
        context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_function("typeof state === 'object'")  # the data is unpacked, and drawn
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints
    assert {url.partition("#")[0] for url in asked} == {asked[0].partition("#")[0]}
    assert asked[0].startswith("file:")


@pytest.fixture
def small(open_page, address):
    page = open_page(f"{address}#small")
    page.wait_for_selector("#visited-chart svg")
    return page


def names(page):
    return page.locator("#board tbody th .name button").all_text_contents()


def drawn(page, chart):
    """The text of a chart, once it is there."""
    page.wait_for_selector(f"#{chart}-chart svg")
    return page.locator(f"#{chart}-chart svg").inner_html()


def page_of(open_page, folder, *cells, size=DESK):
    """The page of one task whose results are these cells alone."""
    store = Store(folder)
    store.prepare()
    for each in cells:
        store.commit(each)
    write_leaderboard(store, figures=True)
    return open_page(f"{(folder / 'leaderboard.html').as_uri()}#small", size)


def audit(page):
    """What axe finds wrong."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the dev extra")
    found = axe.Axe().run(page).response["violations"]
    return {each["id"]: [node["target"] for node in each["nodes"]] for each in found}
