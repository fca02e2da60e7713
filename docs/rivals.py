"""Writes the computed parts of ``rivals.md`` from ``results/``: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from bench.store.folder import Store
from studies.parts import filled
from studies.rivals import Rivals

PAGE = Path(__file__).with_suffix(".md")
RESULTS = Path(__file__).parent.parent / "results"


def page(results: Path = RESULTS) -> str:
    """The page with its computed parts of today."""
    rivals = Rivals(Store(results))
    parts = {"board": rivals.board(), "details": rivals.details()}
    return filled(PAGE, "docs/rivals.py", parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
