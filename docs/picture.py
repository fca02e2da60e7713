"""``docs/leaderboard.png``, the picture in the README: the published page as a reader sees it.

Run by ``make picture`` after the page has changed; needs the dev extra and Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURE = ROOT / "results" / "leaderboard.html", ROOT / "docs" / "leaderboard.png"
TASK, BOARD = "wordnet", "Recall by distance at ≤ 10 % visited"
HIDDEN = ("seeds", "95 % interval", "macro")
"""Columns that leave room for the distances."""
WIDTH, HEIGHT, SCALE = 1180, 2400, 1.1
"""Size of the window in pixels, and device pixels for each: sharp on screens, small in git."""
SMALL_PRINT = ".notes, .facts, .columns { display: none }"
"""Style that hides parts which nobody can read or open in a picture."""
MARGIN = 24
MOST_BYTES = 300_000


def main() -> None:
    """Take the picture."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("the picture needs Chromium, which is not on PATH; `apt-get install chromium`")
    if not PAGE.is_file():
        sys.exit(f"{PAGE} is not there; `python -m bench leaderboard --out results` writes it")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            color_scheme="light",
        )
        page.goto(f"{PAGE.as_uri()}#{TASK}")
        page.wait_for_function("typeof state === 'object'")
        _prepare(page)
        below = page.locator("#visited").bounding_box()
        if below is None:
            sys.exit(f"the page shows no curves of {TASK}")
        height = below["y"] + below["height"] + MARGIN
        shot = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        browser.close()
    if len(shot) > MOST_BYTES:
        sys.exit(
            f"the picture has {len(shot):,} bytes, and no more than {MOST_BYTES:,} go into git"
        )
    PICTURE.write_bytes(shot)


def _prepare(page: Page) -> None:
    """Choose board and columns as a reader would, and wait for the curves."""
    page.select_option("#board-choice", label=BOARD)
    page.click(".columns summary")
    for name in HIDDEN:
        page.uncheck(f"#columns label:text-is('{name}') input")
    page.mouse.move(0, 0)  # over no row
    page.add_style_tag(content=SMALL_PRINT)
    for chart in ("visited", "distance"):
        page.wait_for_selector(f"#{chart}-chart svg")


if __name__ == "__main__":
    main()
