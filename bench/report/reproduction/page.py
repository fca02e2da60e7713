"""REPRODUCTION.md: the papers' claims beside what was measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.measures.budget import DEFAULT
from bench.report.boards.all import report_of
from bench.report.dataset_page import BOARDS
from bench.report.markdown import Markdown, anchor, link, pipe_table, target_of
from bench.report.reproduction.claims import read_claims
from bench.report.reproduction.figures import measured
from bench.report.rows import by_task
from bench.report.table import NONE
from bench.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.report.reproduction.claims import Claim, Figure, Paper
    from bench.report.reproduction.figures import MeasuredFigure
    from bench.report.task_report import TaskReport
    from bench.store.folder import Store

NAME = "REPRODUCTION.md"
HEAD = """# What reproduces

The headline claims of the two papers that Treeline starts from, what they print, what was measured
here, and a verdict. Neither paper comes with code; where ours had to choose, the last line of a
claim says what was tried. Figures are read from the cells behind
[the boards](boards/README.md) and from published tables: means ± standard deviation over seeds
in per cent, with a 95 % interval over queries; that of a difference is over seeds and queries.
In brackets the shares of the corpus that are visited, and with routing; ‡: more than twice as much.
"""
EXHIBITS = "Every table and figure"
HEADER = ["what", "paper", "here", "95 % interval", "seeds", "from"]


def write_reproduction(store: Store) -> Path:
    """Write REPRODUCTION.md of a store: see ``reproduction_text``."""
    path = store.root / NAME
    write_atomically(path, reproduction_text(store, read_claims()))
    return path


def reproduction_text(store: Store, papers: list[Paper]) -> str:
    """The claims of papers beside the content of a results folder, as markdown.

    Raises:
        InputError: a figure is missing, or a verdict no longer rests on its figures.
    """
    reports = {
        name: report_of(cells, store.query_values, DEFAULT)
        for name, cells in by_task(store.cells()).items()
    }
    verdicts = [
        [paper.source, link(claim.claim, f"#{anchor(claim.claim)}"), claim.verdict]
        for paper in papers
        for claim in paper.claims
    ]
    sections = [_section(paper, reports, store.root) for paper in papers]
    return "\n".join([HEAD, pipe_table(["paper", "claim", "verdict"], verdicts), "", *sections])


def _section(paper: Paper, reports: Mapping[str, TaskReport], root: Path) -> str:
    lines = [f"## {paper.title} ({paper.source})", ""]
    for claim in paper.claims:
        lines += [f"### {claim.claim}", "", f"Verdict: **{claim.verdict}**.", ""]
        rows = [_row(figure, claim, reports, root) for figure in claim.figures]
        if rows:
            lines += [pipe_table(HEADER, rows), ""]
        lines += [claim.why.strip(), ""]
    if paper.exhibits:
        lines += [f"### {EXHIBITS}", ""]
        lines += [pipe_table(["what", "shows", "here", "verdict"], _exhibits(paper)), ""]
    return "\n".join(lines)


def _exhibits(paper: Paper) -> list[list[str]]:
    """Each table and figure of a paper with its place here and its verdict."""
    verdicts = {claim.claim: claim.verdict for claim in paper.claims}
    return [
        [
            each.what,
            each.shows,
            Markdown(each.here),
            link(verdicts[each.claim], f"#{anchor(each.claim)}") if each.claim else each.verdict,
        ]
        for each in paper.exhibits
    ]


def _row(figure: Figure, claim: Claim, reports: Mapping[str, TaskReport], root: Path) -> list[str]:
    """A figure, with a link to the published table or to the boards of its dataset."""
    found = measured(figure, reports, root)
    _check(figure, found, claim)
    seeds = NONE if found.n_seeds is None else str(found.n_seeds)
    place = target_of(f"{BOARDS}/{figure.dataset}.md")
    source = link(figure.file or figure.row, figure.file or place)
    return [figure.what, figure.paper or NONE, found.text, found.interval or NONE, seeds, source]


def _check(figure: Figure, found: MeasuredFigure, claim: Claim) -> None:
    """Raise InputError if a verdict no longer rests on its figures."""
    value = found.value
    if figure.at_least is not None and value < figure.at_least:
        bound = f"at least {figure.at_least:g}"
    elif figure.at_most is not None and value > figure.at_most:
        bound = f"at most {figure.at_most:g}"
    elif figure.significant is not None and figure.significant != found.significant:
        bound = f"a difference that is {'' if figure.significant else 'not '}significant"
    else:
        return
    raise InputError(
        f"{figure.what} is {value:.3f}, and the verdict '{claim.verdict}' on {claim.claim!r} rests "
        f"on {bound}; judge it again in bench/report/reproduction/claims.toml"
    )
