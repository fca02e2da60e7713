"""Writes the figures of ``README.md`` and ``findings.md`` from the boards: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from studies.figures import Column, excerpt, quoted
from studies.parts import filled

ROOT = Path(__file__).parent.parent
BOARDS = ROOT / "results" / "boards"
DISTANCES = [str(distance) for distance in range(9)]
AGAINST = "against the share of documents visited"
ALL, WITHIN = "Recall by distance", "Recall by distance at ≤ 10 % visited"


def _of_wordnet(heading: str, rows: list[str], *more: Column) -> str:
    columns = [Column(name, heading, name) for name in ("overall", *DISTANCES)]
    return excerpt(BOARDS / "wordnet.md", rows, [*columns, *more])


def pages() -> dict[Path, str]:
    """Each page with its figures of today."""
    parts = {
        "distance": _of_wordnet(
            ALL,
            ["masked-de", "pretrain-finetune-de", "standard-de", "resampled-de", "constructed-de"],
            Column("train s", "Cost", "train s"),
        ),
        "price": _of_wordnet(
            WITHIN,
            [
                "ehi", "masked-de+faiss-ivf", "masked-de+hnsw", "masked-de+scann",
                "de-hnsw", "de-scann", "de-faiss-ivf",
            ],
            Column("visited / work %", WITHIN, "visited / work %"),
            Column("q/s", "Cost", "q/s at ≤ 10 % visited"),
        ),
        "scifact": excerpt(
            BOARDS / "scifact.md",
            [
                "masked-de", "ehi", "standard-de", "de-learned-router", "de-scann", "de-faiss-ivf",
                "matched-de+faiss-ivf", "bm25", "zero-shot-de",
            ],
            [
                Column("nDCG@10", "Ranking", "nDCG@10"),
                Column("on seen documents", "Ranking, seen documents", "nDCG@10"),
                Column("on unseen ones", "Ranking, unseen documents", "nDCG@10"),
                Column("R@100", "Ranking", "R@100"),
                *(
                    Column(f"{name} ≤ 10 % visited", f"{name} {AGAINST}", "≤ 10 %")
                    for name in ("nDCG@10", "R@100")
                ),
            ],
        ),
    }  # fmt: skip
    return {
        page: quoted(filled(page, "docs/figures.py", parts), ROOT)
        for page in (ROOT / "README.md", ROOT / "docs" / "findings.md")
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
