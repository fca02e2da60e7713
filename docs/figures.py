"""Writes the figures of README and of pages of ``docs/`` from the boards: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from bench.report.markdown import pipe_table
from studies.figures import Column, excerpt, field, quoted
from studies.parts import filled

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = ROOT / "results"
BOARDS = RESULTS / "boards"
LIMIT = RESULTS / "limit" / "limit.md"
ELSEWHERE = ("api.md", "measures.md")
"""The page of docstrings, and that of a worked example, which ``tests/test_docs.py`` computes."""
PAGES = (
    "README.md",
    *(f"docs/{path.name}" for path in sorted(HERE.glob("*.md")) if path.name not in ELSEWHERE),
)
FULL = 64
"""Dimensions of a table's vectors by default; rows of others name theirs."""
DISTANCES = [str(distance) for distance in range(9)]
AGAINST = "against the share of documents visited"
ALL, WITHIN = "Recall by distance", "Recall by distance at ≤ 10 % visited"
READERS = (
    "bm25", "names-in-names", "zero-shot-de", "hit-de", "hit-de hops=8", "ehi",
    "pretrain-finetune-de", "standard-de tune=head", "standard-de", "masked-de tune=head",
    "masked-de",
)  # fmt: skip
"""Methods that read the texts of a hierarchy."""


def _of_wordnet(heading: str, rows: list[str], *more: Column) -> str:
    columns = [Column(name, heading, name) for name in ("overall", *DISTANCES)]
    return excerpt(BOARDS / "wordnet.md", rows, [*columns, *more])


def _trees() -> str:
    """Dimensions that trees need by each criterion, of some trees and trainings."""
    trainings = {
        "Algorithm 1": "constructed-de", "`interval-de`": "interval-de",
        "`standard-de`, dot": "standard-de, dot", "`masked-de`, cosine": "masked-de, cosine",
        "`masked-de`, dot": "masked-de, dot", "`masked-de`, Lorentz": "masked-de, lorentz",
    }  # fmt: skip
    criteria = {"95 % of the pairs": "95 %"} | {
        name: name for name in ("perfect ranking", "one threshold")
    }
    heading = "Dimensions that a perfect tree needs"

    def least(criterion: str, height: int, width: int, column: str) -> str:
        row = f"{criterion} / {height} / {width}"
        return field(RESULTS / "geometry" / "geometry.md", heading, row, column).partition(" (")[0]

    table = [
        [
            f"H = {height}, W = {width}",
            least("95 %", height, width, "nodes"),
            shown,
            *(least(criterion, height, width, column) for column in trainings.values()),
        ]
        for height, width in ((4, 5), (8, 2), (10, 2), (4, 16))
        for shown, criterion in criteria.items()
    ]
    return pipe_table(["tree", "nodes", "criterion", *trainings], table)


def _wordnet_in_few() -> str:
    """All pairs and the worst distance of WordNet in fewer and fewer dimensions."""
    learned = {
        64: "cosine; 22; 2,000", 32: "cosine; 22; 2,000",
        16: "cosine; learned; 6,000", 8: "dot; learned; 40,000",
    }  # fmt: skip
    methods = ("standard-de", "pretrain-finetune-de", "masked-de")

    def found(method: str, dim: int) -> str:
        row = method if dim == FULL else f"{method} dim={dim}"
        fields = (field(BOARDS / "wordnet.md", ALL, row, column) for column in ("overall", "min"))
        return " / ".join(text.partition(" ±")[0] for text in fields)

    header = ["d", *(f"`{method}`" for method in methods), "score; temperature; steps of the last"]
    table = [
        [str(dim), *(found(method, dim) for method in methods), settings]
        for dim, settings in learned.items()
    ]
    return pipe_table(header, table)


def _limit() -> str:
    """The critical n of LIMIT, as printed and as trained here."""
    columns = {
        "printed": "arXiv 2508.21038, table 6",
        "its training here: InfoNCE, cosine": "InfoNCE, cosine",
        "masked, dot": "masked, dot",
        "masked, cosine": "masked, cosine",
        "masked, Lorentz": "masked, lorentz",
    }
    table = [
        [dim, *(field(LIMIT, "The critical n of LIMIT", dim, each) for each in columns.values())]
        for dim in ("4", "5", "6", "8", "16")
    ]
    return pipe_table(["d", *columns], table)


def _of_new_nodes(dataset: str, heading: str = ALL) -> str:
    """Recall by distance of nodes that training never named, and what HR-OOV measures of it."""
    nodes = "Ancestors of new nodes"
    return excerpt(
        BOARDS / f"{dataset}.md",
        READERS,
        [
            Column("seeds", ALL, "seeds"),
            *(Column(name, heading, name) for name in ("overall", *DISTANCES[:6])),
            Column("held out", f"{ALL}, held-out ancestors", "overall"),
            *(Column(name, nodes, name) for name in ("MRR of the nearest", "R@100")),
        ],
    )


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
    parts |= {
        "products": _of_new_nodes("google-products"),
        "ontology": _of_new_nodes("gene-ontology"),
        "synsets": _of_new_nodes("wordnet-text", f"{ALL}, unseen"),
    }
    parts |= {"trees": _trees(), "wordnet": _wordnet_in_few(), "limit": _limit()}
    return {
        ROOT / page: quoted(filled(ROOT / page, "docs/figures.py", parts), ROOT) for page in PAGES
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
