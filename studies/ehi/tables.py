"""Who wins, where and why: tables and sentences that hang on nothing but the results."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from scipy.stats import spearmanr

from bench.measures.budget import UNLIMITED, Budget
from bench.report.markdown import pipe_table
from bench.report.table import NONE
from bench.report.task_report import COMPARED
from studies.ehi.rows import MOST, UNSEEN, VISITED, WORK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.report.rows import Row
    from studies.ehi.rows import Rows

RIVALS = ("de-", "zero-shot-de+", "standard-de+", "masked-de+", "matched-de+")
"""How the names of rivals begin: indexes over encoders that are trained without a tree."""
SHARES = (0.02, 0.05, 0.2)
"""Budgets of work beside that of 10 %."""
NEW = {
    "de-scann": "a dual encoder over ScaNN's tree",
    "de-scann-soar": "… with documents in two leaves, by SOAR",
    "de-faiss-ivf": "a dual encoder over k-means leaves",
    "de-faiss-ivf-2": "… with documents in two leaves",
    "de-optimist": "… probed by a bound on the best inner product (2405.12207)",
    "de-learned-router": "… probed by a linear router (2404.11731)",
    "de-judged-router": "… probed by a linear router that learned from judgements",
    "de-moved-positives": "… where training positives are in the leaves that their queries probe",
    "matched-de+faiss-ivf": "the encoder is trained on EHI's pairs and hard negatives",
    "matched-de+scann": "… over ScaNN's tree",
    "matched-de+learned-router": "… probed by a linear router (2404.11731)",
    "ehi-encoder+faiss-ivf": "the encoder learned with a tree, over k-means leaves",
    "ehi-encoder+scann": "… over ScaNN's tree",
    "ehi-encoder+learned-tree": "… and its own tree kept, as many leaves for each query",
    "ehi": "… and its own tree kept, as many leaves as a query needs",
    "ehi-paper": "EHI in the printed settings",
    "exact": "every document visited",
}
"""The rows of the table of SciFact in its order, and what is new in each."""


def wins(all_rows: list[Rows]) -> str:
    """EHI beside the best rival on every dataset, at equal visited and at equal work."""
    table = []
    for rows, measure in _lines(all_rows):
        found = [text for budget in (VISITED, WORK) for text in _beside(rows, budget, measure)]
        if set(found) != {NONE}:
            table.append([rows.title, COMPARED[measure], *found])
    of_budget = (
        "visited: `ehi`",
        "visited: best rival",
        "visited: ahead by",
        "work: `ehi`",
        "work: best rival",
        "work: ahead by",
    )
    return pipe_table(["dataset, encoder", "measure", *of_budget], table)


def _beside(rows: Rows, budget: Budget, measure: str) -> list[str]:
    """EHI, the best rival within a budget, and the lead over it."""
    own, rival = rows.text("ehi", budget, measure), _rival(rows, budget, measure)
    if rival is None:
        return [own, NONE, NONE]
    beside = f"`{rival}` {rows.text(rival, budget, measure)}"
    return [own, beside, rows.ahead("ehi", rival, budget, measure)]


def _rival(rows: Rows, budget: Budget, measure: str) -> str | None:
    """The best rival within a budget."""
    return rows.best(filter(_is_rival, rows.by_name), budget, measure)


def _is_rival(name: str) -> bool:
    return name.startswith(RIVALS)


def _lines(all_rows: list[Rows]) -> Iterator[tuple[Rows, str]]:
    """Each dataset by its measure; and by unseen documents, where the paper's measure is."""
    for rows in all_rows:
        yield rows, rows.measure
        if rows.measure == MOST and rows.values("ehi", WORK, f"seen {MOST}"):
            yield rows, UNSEEN


def other_budgets(all_rows: list[Rows]) -> str:
    """EHI beside the best rival where less work is allowed, and where more is."""
    budgets = [Budget(share, "work") for share in SHARES]
    table = []
    for rows in all_rows:
        line = []
        for budget in budgets:
            found = _beside(rows, budget, rows.measure)
            line.append("; ".join(found) if set(found) != {NONE} else NONE)
        if set(line) != {NONE}:
            table.append([rows.title, *line])
    header = [f"{budget.limit}: `ehi`; best rival; ahead by" for budget in budgets]
    return pipe_table(["dataset, encoder", *header], table)


def verdict(all_rows: list[Rows]) -> str:
    """On which datasets EHI finds more than every rival, and how surely."""
    sentences = []
    for budget in (VISITED, WORK):
        won: list[str] = []
        lost: list[str] = []
        surely: list[str] = []
        for rows in all_rows:
            rival = _rival(rows, budget, rows.measure)
            if rival is None or not rows.values("ehi", budget, rows.measure):
                continue
            wins = rows.best(("ehi", rival), budget, rows.measure) == "ehi"
            (won if wins else lost).append(rows.title)
            lead = rows.lead("ehi", rival, budget, rows.measure)
            if lead and lead.is_tested and lead.difference.low * lead.difference.high > 0:
                surely.append(rows.title)
        sentences.append(
            f"**At {budget.limit} `ehi` finds most on {_listed(won)}; the best rival on "
            f"{_listed(lost)}.** The interval leaves out 0 on {_listed(surely)}."
        )
    shown = [row for rows in all_rows for row in rows.by_name.values()]
    n_earlier = sum(row.label != row.name for row in shown)
    if n_earlier:
        sentences.append(
            f"{n_earlier} of the {len(shown)} rows that were measured are of an earlier version of "
            "their method."
        )
    return "\n".join(sentences)


def _listed(titles: list[str]) -> str:
    """Datasets with their encoders, or that there is none."""
    return "; ".join(titles) or "none"


def scifact(all_rows: list[Rows]) -> str:
    """Every row of SciFact, what it loses where, and the same rows with every other encoder."""
    first, *others = of_scifact(all_rows)
    header = ["row", "what is new in it", "visited", "unseen", "missed", "work", "unseen"]
    table = []
    for name, new in _described(first.by_name):
        costs = (UNLIMITED, UNLIMITED) if name == "exact" else (VISITED, WORK)
        by_visited, by_work = (
            [first.text(name, cost, m) for m in (MOST, UNSEEN)] for cost in costs
        )
        missed = first.missed(name)
        why = NONE if missed is None else "{:.1f} + {:.1f} - {:.1f}".format(*missed)
        with_others = [rows.text(name, costs[1]) for rows in others]
        table.append([f"`{name}`", new, *by_visited, why, *by_work, *with_others])
    return pipe_table([*header, *(f"work, {rows.encoder}" for rows in others)], table)


def _described(names: Mapping[str, Row]) -> Iterator[tuple[str, str]]:
    """The rows of the table; a row with settings of its own follows its method."""
    for method, new in NEW.items():
        if method in names:
            yield method, new
        for name in sorted(names):
            if name.startswith(f"{method} "):
                yield name, f"… with {name.removeprefix(f'{method} ')}"


def why(all_rows: list[Rows]) -> str:
    """Whether rows differ by their encoders or by their routing, and what EHI's pairs are worth."""
    rows = of_scifact(all_rows)[0]
    lost = {name: found for name, _ in _described(rows.by_name) if (found := rows.missed(name))}
    terms = []
    for place, term in enumerate(("encoders", "routing")):
        in_order = sorted(lost, key=lambda name: lost[name][place])
        ends = (f"{lost[name][place]:.1f} % (`{name}`)" for name in (in_order[0], in_order[-1]))
        terms.append(f"by their {term} {' to '.join(ends)}")
    pairs = [
        f"{rows.ahead('matched-de+faiss-ivf', 'de-faiss-ivf', budget)} at {budget.limit}"
        for budget in (VISITED, WORK)
    ]
    fixed = [
        f"{rows.ahead('ehi-encoder+learned-tree', rival, budget)} at {budget.limit} (`{rival}`)"
        for budget in (VISITED, WORK)
        if (rival := _rival(rows, budget, MOST))
    ]
    return (
        f"Rows miss {', '.join(terms)}. With as many leaves for each query, as all rivals visit, "
        f"its tree is ahead of the best of them by {', '.join(fixed)}. EHI's pairs and hard "
        "negatives without its tree are worth (`matched-de+faiss-ivf` over `de-faiss-ivf`) "
        f"{', '.join(pairs)}."
    )


def ceilings(all_rows: list[Rows]) -> str:
    """How far EHI and the best rival at equal work are below exact search over their vectors."""
    table = []
    for rows in all_rows:
        line = []
        for name in (_rival(rows, WORK, rows.measure), "ehi"):
            found = [rows.values(name or "", cost, rows.measure) for cost in (UNLIMITED, WORK)]
            if all(found):
                exact, within = (100 * fmean(values) for values in found)
                line += [f"`{name}`", f"{exact:.1f}", f"{within - exact:+.1f}"]
        if len(line) == 6:  # noqa: PLR2004 - both are known
            table.append([rows.title, *line[:3], *line[4:]])
    header = ["dataset, encoder", "best rival", "exact", "within", "`ehi`, exact", "`ehi`, within"]
    return pipe_table(header, table)


def order(all_rows: list[Rows]) -> str:
    """Whether rows stand in the same order with another encoder."""
    first, *others = of_scifact(all_rows)
    sentences = []
    for rows in others:
        for budget in (VISITED, WORK):
            both = [
                name
                for name in first.by_name
                if first.values(name, budget) and rows.values(name, budget)
            ]
            if len(both) < 3:  # noqa: PLR2004 - two rows have no order to compare
                continue
            means = [[fmean(each.values(name, budget)) for name in both] for each in (first, rows)]
            rho = float(spearmanr(means[0], means[1]).statistic)
            best = [each.best(both, budget) for each in (rows, first)]
            sentences.append(
                f"With `{rows.encoder}` instead of `{first.encoder}`, at {budget.limit}: the best "
                f"of {len(both)} rows that both have is `{best[0]}` (with `{first.encoder}` "
                f"`{best[1]}`), and Spearman's rho of their means is {rho:.2f}."
            )
    return "\n".join(sentences) or "No rows are measured with another encoder."


def of_scifact(all_rows: list[Rows]) -> list[Rows]:
    """The rows of SciFact, those of the default encoder first."""
    return [rows for rows in all_rows if rows.report.name == "scifact"]
