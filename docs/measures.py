"""Writes the table of ranking measures into ``docs/measures.md``: ``make docs``."""

from __future__ import annotations

import re
from pathlib import Path

from bench.measures.ranking import MEASURES, Measure
from bench.report.markdown import pipe_table

PAGE = Path(__file__).with_suffix(".md")
HEADER = ["measure", "of a query", "against % visited", "rows compared by it"]
TABLE = re.compile(r"(?<=<!-- ranking measures: make docs -->\n)(\|.*\n)*")


def page(text: str) -> str:
    """The page with its table of today."""
    return TABLE.sub(lambda _: pipe_table(HEADER, list(map(_row, MEASURES.values()))) + "\n", text)


def _row(measure: Measure) -> list[str]:
    return [
        f"`{measure.name}`",
        measure.definition,
        _parts(measure.against_visited),
        _parts(measure.compared),
    ]


def _parts(parts: tuple[str, ...]) -> str:
    return ", ".join(part or "all" for part in parts) or "–"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
