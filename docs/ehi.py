"""Writes the computed parts of ``ehi.md``, ``ehi-tree.md`` and ``ehi-paper.md``: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from bench.store.folder import Store
from studies.ehi import paper
from studies.ehi.claims import claims
from studies.ehi.picture import picture
from studies.ehi.rows import rows_by_encoder
from studies.ehi.tables import ceilings, order, other_budgets, scifact, verdict, why, wins
from studies.parts import filled

RESULTS = Path(__file__).parent.parent / "results"
PAGES = [Path(__file__).with_name(name) for name in ("ehi.md", "ehi-tree.md", "ehi-paper.md")]
PICTURE = Path(__file__).with_name("ehi-paper.svg")


def pages() -> dict[Path, str]:
    """The pages with their computed parts of today."""
    rows = rows_by_encoder(Store(RESULTS))
    parts = {
        "wins": wins(rows),
        "other_budgets": other_budgets(rows),
        "verdict": verdict(rows),
        "ceilings": ceilings(rows),
        "scifact": scifact(rows),
        "why": f"{why(rows)}\n{order(rows)}",
        "claims": claims(rows, RESULTS / "ablations" / "ehi-scifact.md"),
        "columns": paper.columns(rows),
        "heights": paper.heights(rows),
        "load": paper.load(rows),
        "popular": paper.popular(rows),
        "systems": paper.systems(),
    }
    found = {path: filled(path, "docs/ehi.py", parts) for path in PAGES}
    return found | {PICTURE: picture(rows)}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
