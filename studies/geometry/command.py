"""``bench geometry``: how many dimensions a hierarchy needs, and what its trainings trade off."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import altair as alt
from filelock import FileLock, Timeout

from bench.errors import InputError, cannot_write
from bench.report.charts.svg import to_svg
from bench.report.charts.vega import spec_of
from bench.report.markdown import pipe_table
from bench.system.files import write_atomically
from bench.system.terminal import say, say_table
from studies.geometry import charts
from studies.geometry.dimensions import Needed, TreeGrid, slopes_of, table_of
from studies.geometry.trade_offs import CHECK_EVERY, finetuning, resampling
from studies.geometry.trainings import NAME, TrainingTable

if TYPE_CHECKING:
    from pathlib import Path

    from studies.geometry.trade_offs import TradeOff


class Study(NamedTuple):
    """The trainings of the study, and the folder that they are kept in.

    Attributes:
        name: name of its folder.
        command: the command that measures it.
        grid: the trees.
        seeds: the seeds of the trainings that are compared.
        datasets: the datasets of these trainings.
        shares: values of p for resampled training.
        steps: numbers of steps of finetuning.
    """

    name: str
    command: str
    grid: TreeGrid
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    shares: tuple[float, ...]
    steps: tuple[int, ...]


def full(seeds: tuple[int, ...]) -> Study:
    """The study that is published: an hour and a half on one core, most of it for the trees."""
    return Study(
        "geometry",
        _command("", seeds, (0, 1, 2)),
        TreeGrid((3, 4, 5, 6, 7, 8), (2, 3, 4, 5, 6), seeds[:2], tuple(range(10))),
        seeds,
        ("tree", "wordnet-mammal"),
        (0.03, 0.1, 0.3, 0.5, 0.7),
        (50, 200, 800, 3200),
    )


def quick(seeds: tuple[int, ...]) -> Study:
    """Small trees and short trainings: the same tables in minutes."""
    return Study(
        "geometry-quick",
        _command(" --quick", seeds, (0,)),
        TreeGrid((3, 4, 5, 6), (2, 3, 4, 5), seeds, tuple(range(3)), ("steps=1500",)),
        seeds,
        ("tree",),
        (0.03, 0.3),
        (50, 400),
    )


def _command(option: str, seeds: tuple[int, ...], usual: tuple[int, ...]) -> str:
    """The command that measures a study."""
    changed = "" if seeds == usual else f" --seeds {','.join(map(str, seeds))}"
    return f"python -m bench geometry{option}{changed}"


class _Section(NamedTuple):
    """A section of the report."""

    title: str
    notes: str
    chart: str
    tables: list[tuple[list[str], list[list[str]]]]


def geometry(study: Study, out: Path, jobs: int) -> None:
    """Measure what is missing, print the tables and write them with their charts.

    Args:
        study: the study to measure.
        out: results folder; the study gets its own folder in it.
        jobs: number of trainings at once.

    Raises:
        InputError: a training cannot be done; the others are kept.
    """
    folder = out / study.name
    try:
        (folder / ".work").mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".work" / "lock", timeout=0):
            _measured(study, folder, jobs)
    except Timeout:
        raise InputError(
            f"another study is writing into {folder}; wait for it, or give another --out"
        ) from None
    except OSError as error:
        raise cannot_write(folder, error) from error


def _measured(study: Study, folder: Path, jobs: int) -> None:
    trainings = TrainingTable(folder, jobs)
    parts = [_dimensions(study.grid, trainings, folder)]
    resampled = resampling(study.datasets, study.shares, study.seeds, trainings)
    scale = alt.Scale(type="log", nice=False, domain=[min(study.shares), 1])
    parts.append(_traded("resampling", _RESAMPLING, resampled, scale, folder))
    finetuned = finetuning(study.datasets, study.steps, study.seeds, trainings)
    scale = alt.Scale(type="symlog", constant=study.steps[0], nice=False)
    parts.append(_traded("finetuning", _FINETUNING, finetuned, scale, folder))
    lines = [
        "# The geometry of hierarchical retrieval",
        "",
        f"Printed by `{study.command}`, after arXiv 2509.16411. Trees are learned over seeds "
        f"{', '.join(map(str, study.grid.seeds))}, constructed in {len(study.grid.draws)} draws; "
        f"other trainings are over seeds {', '.join(map(str, study.seeds))}. All "
        f"{len(trainings.asked):,} trainings are in [{NAME}]({NAME}). Measured on "
        f"{'; '.join(trainings.places())}.",
    ]
    for part in parts:
        say(f"\n{part.title}")
        lines += ["", f"## {part.title}", "", part.notes, "", f"![{part.title}]({part.chart})"]
        for header, rows in part.tables:
            say_table(header, rows)
            lines += ["", pipe_table(header, rows)]
    path = folder / "geometry.md"
    write_atomically(path, "\n".join([*lines, ""]))
    say(f"\nWritten: {path}")


def _dimensions(grid: TreeGrid, trainings: TrainingTable, folder: Path) -> _Section:
    needed = Needed(grid, trainings)
    chart = "dimensions.svg"
    description = charts.needed_chart(list(grid.heights), list(grid.widths))
    title = "Dimensions that a perfect tree needs"
    values = charts.needed_values(needed)
    write_atomically(folder / chart, to_svg(spec_of(description), values, title))
    with_settings = f" Here with {', '.join(grid.settings)}." if grid.settings else ""
    return _Section(
        title,
        "A tree has H levels, the root among them, and W children a node; a query has its "
        "ancestors and itself to find. In a column: the smallest dimension at which recall@|S|, a "
        "mean over seeds, is 95 % / is 99 % / is 95 % at every distance, found by doubling and "
        f"halving. Other parameters are those of the dataset `tree`.{with_settings}\n\n"
        "Slopes by least squares, with a 95 % interval of the line. For which embeddings and which "
        "recall the paper's are is not known to us.",
        chart,
        [table_of(needed), slopes_of(needed)],
    )


_RESAMPLING = _Section(
    "Resampling over p, the share of the standard sampler",
    "With probability p a query brings all its relevant documents into the batch, otherwise the "
    "far ones alone. Recall in per cent, overall and at each distance; `tree` is H = 4, W = 5 in 3 "
    "dimensions, `wordnet-mammal` in 16.",
    "resampling.svg",
    [],
)
_FINETUNING = _Section(
    "Finetuning, with and without early stopping",
    "Standard training (0 steps), then so many steps on far pairs alone: from distance 1 on for "
    "`tree`, 2 for `wordnet-mammal`. Stopped early: the checkpoint that is best on validation is "
    f"kept, looked at every {CHECK_EVERY} steps; validation here is the tested pairs themselves, "
    "so that this is the most that stopping can give. Falling rate: to 0 along half a cosine, the "
    "last checkpoint kept.",
    "finetuning.svg",
    [],
)


def _traded(
    name: str, section: _Section, trade_off: TradeOff, scale: alt.Scale, folder: Path
) -> _Section:
    values = charts.trade_off_values(trade_off)
    description = charts.trade_off_chart(trade_off, scale)
    write_atomically(folder / f"{name}.svg", to_svg(spec_of(description), values, section.title))
    return section._replace(tables=[(trade_off.header, trade_off.rows)])
