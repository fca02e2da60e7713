"""LEADERBOARD.md: the boards of every task in a results folder."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tabulate import tabulate

from bench.cards import card_of_task
from bench.report.boards import boards_of, reported_board
from bench.report.charts import draw_charts
from bench.store import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.cell import Cell
    from bench.report.board import Board
    from bench.report.paired_boards import ValuesOf
    from bench.store import Store

HEAD = """# Leaderboard

How far up a hierarchy a method still finds what is relevant (**recall by distance**), how well it
ranks texts (**nDCG, recall at a rank**, by whether a document was seen in training), and how much
of the corpus it must look at for that (**against visited**). Every figure is derived from the cells
in `runs/`; rows marked *reported* are printed in papers and stand apart.
"""


def write_leaderboard(store: Store, *, figures: bool = False) -> Path:
    """Write the boards of all cells of a store into its LEADERBOARD.md.

    Args:
        store: whose cells.
        figures: whether charts are drawn into ``figures/`` and shown, which takes seconds.
    """
    path = store.root / "LEADERBOARD.md"
    folder = store.root / "figures" if figures else None
    tasks = by_task(store.cells())
    sections = [HEAD, *(_section(cells, store.query_values, folder) for cells in tasks)]
    write_atomically(path, "\n".join(sections))
    return path


def by_task(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Cells grouped by task; a task whose data changed is another task."""
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.task, cell.task_digest].append(cell)
    return [groups[key] for key in sorted(groups)]


def task_boards(cells: list[Cell], values_of: ValuesOf) -> list[Board]:
    """The boards of one task, the papers' rows last."""
    boards = boards_of(cells, values_of)
    card = card_of_task(cells[0].task)
    if card is not None and card.reported and card.name == cells[0].task:
        boards.append(reported_board(card.reported))
    return boards


def _section(cells: list[Cell], values_of: ValuesOf, figures: Path | None) -> str:
    """A task as markdown, with its charts if there is a folder for them."""
    first = cells[0]
    charts = draw_charts(cells, figures) if figures else {}
    card = card_of_task(first.task)
    lines = [f"## {first.task}", ""]
    if card is not None:
        settings = "".join(f" {name}={value}" for name, value in card.defaults.items())
        lines += [
            f"{card.title}. Source: {card.citation}. Licence: {card.licence}.",
            f"Parameters for this dataset:{settings or ' none'}; others as `python -m bench list` "
            "shows, or as a row says.",
            "",
        ]
    lines += [
        f"{first.n_queries:,} {'pairs' if first.similarity else 'queries'} over "
        f"{first.n_documents:,} documents; "
        f"data `{first.task_digest[:12]}`.",
        *first.notes,
        f"Measured on {'; '.join(places(cells))}.",
        "",
    ]
    for board in task_boards(cells, values_of):
        lines += [f"### {board.title}", ""]
        if board.notes:
            lines += [*board.notes, ""]
        table = tabulate(_escaped(board), board.header, tablefmt="pipe", disable_numparse=True)
        lines += [table, ""]
        if board.title in charts:
            lines += [f"![{board.title}, {first.task}](figures/{charts[board.title]})", ""]
    return "\n".join(lines)


def places(cells: list[Cell]) -> list[str]:
    """Machines, threads and commits that the cells were measured on, each once."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        origin = cell.provenance
        commit = (origin.git or "no commit")[:10] + (" with changes" if origin.dirty else "")
        place = f"{origin.machine.get('cpu')}, {origin.threads} threads"
        found.setdefault(place, set()).add(f"`{commit}`")
    return [f"{place} (commit {', '.join(sorted(commits))})" for place, commits in found.items()]


def _escaped(board: Board) -> list[list[str]]:
    return [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in board.rows]
