"""``bench limit``: the critical n of LIMIT by training and geometry, beside the paper's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
from filelock import FileLock, Timeout

from bench.errors import InputError, cannot_write
from bench.report.charts.svg import to_svg
from bench.report.charts.vega import DATA, GREY, PALETTE, Layers, spec_of
from bench.report.markdown import pipe_table
from bench.report.table import NONE
from bench.system.files import write_atomically
from bench.system.terminal import say, say_table
from studies.geometry.trainings import NAME, TrainingTable
from studies.limit import moment_curve, paper
from studies.limit.critical import BATCH, Critical, Cubic, Grid, K, cubic

if TYPE_CHECKING:
    from pathlib import Path

CHART = "critical.svg"
TITLE = "Documents of which d dimensions hold all pairs"
PAPER, REPORTED = "arXiv 2508.21038", "the paper"
"""The paper, in tables and in the chart."""
CLOSED = f"closed form, d = {moment_curve.DIM}"
FAR = (512, 1024, 4096)
"""Dimensions that the paper's fit is extended to."""


def limit(grid: Grid, out: Path, jobs: int) -> None:
    """Measure what is missing, print the tables and write them with their chart.

    Args:
        grid: what to measure.
        out: results folder; the study gets the folder ``limit`` in it.
        jobs: number of trainings at once.

    Raises:
        InputError: a training cannot be done; the others are kept.
    """
    folder = out / "limit"
    try:
        (folder / ".work").mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".work" / "lock", timeout=0):
            trainings = TrainingTable(folder, jobs)
            _write(Critical(grid, trainings), trainings, folder)
    except Timeout:
        raise InputError(
            f"another study is writing into {folder}; wait for it, or give another --out"
        ) from None
    except OSError as error:
        raise cannot_write(folder, error) from error


def _write(critical: Critical, trainings: TrainingTable, folder: Path) -> None:
    grid = critical.grid
    closed = moment_curve.critical()
    lines = [
        "# The critical n of LIMIT",
        "",
        f"Printed by `{command_of(grid)}`, after {PAPER}. All {len(trainings.asked):,} trainings "
        f"are in [{NAME}]({NAME}). Measured on {'; '.join(trainings.places())}.",
        "",
        _notes(grid, closed),
        "",
        f"![{TITLE}]({CHART})",
    ]
    for header, rows in (table_of(critical, closed), fits_of(critical)):
        say_table(header, rows)
        lines += ["", pipe_table(header, rows)]
    write_atomically(folder / CHART, to_svg(spec_of(chart(critical)), values_of(critical), TITLE))
    path = folder / "limit.md"
    write_atomically(path, "\n".join([*lines, ""]))
    say(f"\nWritten: {path}")


def command_of(grid: Grid) -> str:
    """The command that measures a grid."""
    dims, seeds = (",".join(map(str, some)) for some in (grid.dims, grid.seeds))
    return f"python -m bench limit --dims {dims} --most {grid.most} --seeds {seeds}"


def _notes(grid: Grid, closed: int) -> str:
    settings = "\n".join(
        f"- {each.label}: `{each.method}`, {', '.join(each.settings)};" for each in grid.variants
    )
    return (
        f"Every {K} of n documents are the answer to one query, and each query and each document "
        "has a free vector of d numbers. The critical n is the largest number of documents of "
        "which training finds all pairs, recall@2 = 100 %; it did not on one document, or 5 %, "
        "more. `> n`: as many as were tried are held. Each step is over all queries, or "
        f"{BATCH:,} of them, and training ends where all pairs are found; seeds "
        f"{', '.join(map(str, grid.seeds))}, of which one must hold them.\n\n"
        f"{settings}\n"
        "- lorentz: d free numbers, and one more that follows from them.\n\n"
        "**The critical n is that of a training, not of the space.** In "
        f"{moment_curve.DIM} dimensions a closed form, with documents of one length on the moment "
        "curve, holds the pairs of any number of documents in exact arithmetic (arXiv 2601.20844: "
        f"2k dimensions for k documents), and of up to {closed:,} in float32."
    )


def table_of(critical: Critical, closed: int) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the critical n of each dimension, the paper's beside ours."""
    grid = critical.grid
    header = ["d", *(each.label for each in grid.variants), f"{PAPER}, table 6", CLOSED]
    found = {each: critical.points(each) for each in grid.variants}
    rows = [
        [
            str(dim),
            *(
                str(found[each].get(dim, f"> {grid.most}")) if dim <= each.up_to else NONE
                for each in grid.variants
            ),
            str(paper.CRITICAL.get(dim, NONE)),
            str(closed) if dim == moment_curve.DIM else "",
        ]
        for dim in grid.dims
    ]
    return header, rows


def fits_of(critical: Critical) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the cubic of each training, and n where it is extended to.

    A cubic of few and small dimensions may fall below 0 there, and then says nothing.
    """
    fits = {each.label: cubic(critical.points(each)) for each in critical.grid.variants}
    fits |= {f"{PAPER}, section 4": Cubic(paper.CUBIC, paper.SQUARED)}
    header = ["cubic", "n(d)", *(f"d = {dim:,}" for dim in FAR)]
    rows = [
        [label, str(fit), *(f"{n:,.0f}" if (n := fit.at(dim)) > 0 else "below 0" for dim in FAR)]
        if fit
        else [label, *[NONE] * (1 + len(FAR))]
        for label, fit in fits.items()
    ]
    return header, rows


def values_of(critical: Critical) -> list[dict[str, Any]]:
    """The data of the chart: d, n and the training."""
    grid = critical.grid
    measured = {each.label: critical.points(each) for each in grid.variants}
    reported = {dim: n for dim, n in paper.CRITICAL.items() if dim in grid.dims}
    return [
        {"d": dim, "n": n, "training": label}
        for label, points in (measured | {REPORTED: reported}).items()
        for dim, n in points.items()
    ]


def chart(critical: Critical) -> Layers:
    """The critical n over the dimension, both axes logarithmic. Data: d, n, training."""
    labels = [each.label for each in critical.grid.variants]
    scale = alt.Scale(domain=[*labels, REPORTED], range=[*PALETTE[: len(labels)], GREY])
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "d:Q",
            title="dimensions d",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=list(critical.grid.dims), labelOverlap=True),
        ),
        y=alt.Y("n:Q", title="critical n", scale=alt.Scale(type="log")),
        color=alt.Color("training:N", scale=scale, title=None),
    )
    lines = base.mark_line(strokeWidth=2)
    points = base.mark_point(filled=True, opacity=1)
    return alt.layer(lines, points).properties(width=520, height=300)
