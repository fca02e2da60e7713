"""The claims of the paper (arXiv 2310.08891) beside what was measured."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.budget import UNLIMITED, Budget
from bench.report.markdown import pipe_table, read_tables
from bench.report.table import NONE
from studies.ehi.rows import MOST, VISITED, WORK, Rows

if TYPE_CHECKING:
    from pathlib import Path

USUAL = ("de-scann", "de-faiss-ivf")
"""The paper's rivals."""
STEPS = (0.01, 0.02, 0.05, *(tenths / 10 for tenths in range(1, 10)))
"""Shares visited at which exact search's recall is looked for."""


class Claim(NamedTuple):
    """A claim, what the paper prints, and what was measured; empty texts are not measured."""

    claim: str
    printed: str
    here: list[str]


def claims(all_rows: list[Rows], ablations: Path) -> str:
    """The claims as a table.

    Args:
        all_rows: the rows of each dataset, by encoder.
        ablations: the page of ablations of ``ehi`` on SciFact.
    """
    found = [*_of_rows(all_rows), *_of_ablations(ablations)]
    found.append(Claim("NQ320k: ahead of DSI and NCI", "R@10 by 0.5 and more", []))
    lines = [
        [claim, printed, "; ".join(filter(None, here)) or "not measured"]
        for claim, printed, here in found
    ]
    return pipe_table(["the paper", "printed", "here"], lines)


def _of_rows(all_rows: list[Rows]) -> list[Claim]:
    """The claims that rows answer, with the first encoder that was measured."""
    of: dict[str, Rows] = {}
    for rows in all_rows:
        of.setdefault(rows.report.name, rows)
    texts = [rows for rows in of.values() if not rows.report.is_hierarchy]
    paper = [of[name] for name in ("scifact", "fiqa-slice") if name in of]
    scifact = of["scifact"]
    own = ("ehi-encoder+scann", "ehi-encoder+faiss-ivf")
    fiqa = [_leads(of["fiqa-slice"], USUAL, Budget(0.15))] if "fiqa-slice" in of else []
    passages = [rows for rows in texts if rows.report.name.startswith("msmarco")]
    return [
        Claim(
            "SciFact, R@100 at 10 % visited: ahead of ScaNN; of Faiss-IVF",
            "+12.8; +8.9 (one seed: up to +15.6)",
            [_leads(scifact, USUAL, VISITED)],
        ),
        Claim("FiQA, R@100 at 15 % visited: the same", "+5.5; +4.4", fiqa),
        Claim(
            "MS MARCO, nDCG@10 at 10 % visited: the same",
            "+0.6; +0.3; DL19 +4.2",
            [f"{rows.report.name}: {_leads(rows, USUAL, VISITED)}" for rows in passages],
        ),
        Claim(
            "SciFact, R@100, everything visited: ahead of a dual encoder",
            "+1.7",
            [_leads(scifact, ("exact",), UNLIMITED)],
        ),
        Claim(
            "as good as that when little is visited",
            "SciFact 40 %, FiQA 16 %, MS MARCO 20 %",
            [_reached(rows) for rows in texts],
        ),
        Claim(
            "SciFact, R@100 at 10 % visited: its tree serves its vectors best",
            "up to +4.6 over ScaNN",
            [_leads(scifact, own, VISITED)],
        ),
        Claim(
            "SciFact, R@100: H=2 is as good as H=1",
            "everything visited: 94.8 to 95.3; 95.3",
            [_deeper(scifact, budget) for budget in (UNLIMITED, VISITED, WORK)],
        ),
        Claim(
            "robust to seeds: standard deviation of R@100 at 10 % visited",
            "SciFact 1.5, FiQA 0.4",
            [_deviations(rows) for rows in paper],
        ),
        Claim(
            "significant: p, here of the pair alone (and with Holm's correction)",
            "SciFact 0.0016, FiQA 8e-7",
            [_p_values(rows) for rows in paper],
        ),
        Claim(
            "leaves are even: documents in the leaf of a document, over an even share",
            "MS MARCO 1.11",
            [_load(scifact, name) for name in ("ehi", "ehi-paper")],
        ),
    ]


def _of_ablations(path: Path) -> list[Claim]:
    """The claims that one change at a time answers."""
    column = f"{MOST} at ≤ 10 %"
    tables = read_tables(path.read_text(encoding="utf-8"))
    found = {(line[0], line[1]): line[header.index(column)] for header, line in tables}

    def effect(what: str, changed_to: str) -> str:
        texts = [found.get(variant, NONE) for variant in (("", "as it is"), (what, changed_to))]
        if NONE in texts:
            return ""
        before, after = (float(text.partition(" ")[0]) for text in texts)
        return f"{changed_to}: {after - before:+.1f}"

    terms = (
        "no similarity term", "no indexing term", "no nearest documents", "with intra-leaf term",
    )  # fmt: skip
    negatives, leaves = "negatives", "leaves of a document"
    return [
        Claim("hard negatives help (ablation)", "FiQA +3.1", [effect(negatives, "no hard ones")]),
        Claim("mined more often (ablation)", "+1.4", [effect(negatives, "found anew each epoch")]),
        Claim(
            "every term is needed (ablation)",
            "intra-leaf least",
            [effect("loss", term) for term in terms],
        ),
        Claim(
            "several leaves a document (ablation)",
            "better",
            [effect(leaves, n) for n in ("2", "3")],
        ),
        Claim(
            "more leaves (ablation)",
            "better",
            [effect(what, answer) for what, answer in found if what == "branching"],
        ),
    ]


def _leads(rows: Rows, rivals: tuple[str, ...], budget: Budget) -> str:
    """The leads of EHI by the measure of a dataset."""
    texts = {rival: rows.ahead("ehi", rival, budget, rows.measure) for rival in rivals}
    return "; ".join(f"`{rival}` {text}" for rival, text in texts.items() if text != NONE)


def _reached(rows: Rows) -> str:
    """The least share visited at which EHI finds what exact search over a dual encoder does."""
    exact = rows.values("exact", UNLIMITED, rows.measure)
    if not exact:
        return ""
    for share in STEPS:
        found = rows.values("ehi", Budget(share), rows.measure)
        if found and fmean(found) >= fmean(exact):
            return f"{rows.report.name} {100 * share:g} %"
    return f"{rows.report.name} not at {100 * STEPS[-1]:g} %"


def _deeper(rows: Rows, budget: Budget) -> str:
    """A tree of height 2 beside one of height 1, with their routing at the same setting."""
    deep = [
        name
        for name, row in rows.by_name.items()
        if row.cells[0].method == "ehi" and row.cells[0].changed.get("height") == 2  # noqa: PLR2004
    ]
    best = rows.best(deep, budget)
    if best is None:
        return ""
    points = [rows.points(name, budget) or () for name in (best, "ehi")]
    routing = " and ".join(
        f"{fmean(p.routing or 0.0 for p in each):.0f}" for each in points if each
    )
    limit = "everything" if budget == UNLIMITED else budget.limit
    return f"{limit}: {rows.ahead(best, 'ehi', budget)}, routing {routing}"


def _deviations(rows: Rows) -> str:
    """The standard deviations of EHI and of the paper's rivals."""
    texts = {name: rows.text(name, VISITED).partition("± ")[2] for name in ("ehi", *USUAL)}
    return f"{rows.report.name}: " + ", ".join(f"`{name}` {x}" for name, x in texts.items() if x)


def _p_values(rows: Rows) -> str:
    """The p-values of EHI's leads at equal visited."""
    texts = []
    for rival in USUAL:
        among_all = rows.lead("ehi", rival, VISITED)
        alone = rows.lead_alone("ehi", rival, VISITED) if among_all else None
        if among_all and alone:
            p, adjusted = alone.difference.p, among_all.difference.p
            texts.append(f"`{rival}` {p:.2g} ({adjusted:.2g})")
    return f"{rows.report.name}: {', '.join(texts)}" if texts else ""


def _load(rows: Rows, name: str) -> str:
    """How evenly a row's leaves are filled."""
    row = rows.by_name.get(name)
    leaves = [cell.leaves for cell in row.cells if cell.leaves] if row else []
    if not leaves:
        return ""
    ratio = fmean(each.expected / each.even for each in leaves)
    empty = 100 * fmean(each.empty / each.leaves for each in leaves)
    return f"SciFact, `{name}` {ratio:.2f}, {empty:.0f} % of leaves empty"
