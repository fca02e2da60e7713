"""``bench geometry``: how many dimensions a hierarchy needs, and what its trainings trade off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import altair as alt
from filelock import FileLock, Timeout

from bench.errors import InputError, cannot_write
from bench.report.charts.svg import to_svg
from bench.report.charts.vega import spec_of
from bench.report.markdown import pipe_table
from bench.system.files import write_atomically
from bench.system.terminal import say, say_table
from studies.geometry import charts
from studies.geometry.curve import HELD, METHOD, Curve
from studies.geometry.dimensions import EPS, Needed
from studies.geometry.slopes import slopes_of, table_of
from studies.geometry.trade_offs import CHECK_EVERY, finetuning, resampling
from studies.geometry.trainings import NAME, TrainingTable

if TYPE_CHECKING:
    from pathlib import Path

    from studies.geometry.curve import CurveGrid
    from studies.geometry.dimensions import TreeGrid
    from studies.geometry.study import Study
    from studies.geometry.trade_offs import TradeOff


class _Drawing(NamedTuple):
    """A chart: the name of its file, its title, its description and its data."""

    name: str
    title: str
    description: alt.TopLevelMixin
    values: list[dict[str, Any]]


class _Section(NamedTuple):
    """A section of the report."""

    title: str
    notes: str
    drawings: list[_Drawing]
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
            trainings = TrainingTable(folder, jobs)
            _write(study, _sections(study, trainings), trainings, folder)
    except Timeout:
        raise InputError(
            f"another study is writing into {folder}; wait for it, or give another --out"
        ) from None
    except OSError as error:
        raise cannot_write(folder, error) from error


def _sections(study: Study, trainings: TrainingTable) -> list[_Section]:
    return [
        _dimensions(study.grid, trainings),
        _curve(study.curve, trainings),
        _resampling(study, trainings),
        _finetuning(study, trainings),
    ]


def _write(study: Study, sections: list[_Section], trainings: TrainingTable, folder: Path) -> None:
    lines = [
        "# The geometry of hierarchical retrieval",
        "",
        f"Printed by `{study.command}`, after arXiv 2509.16411. All {len(trainings.asked):,} "
        f"trainings are in [{NAME}]({NAME}). Measured on {'; '.join(trainings.places())}.",
    ]
    for section in sections:
        say(f"\n{section.title}")
        lines += ["", f"## {section.title}", "", section.notes]
        for drawing in section.drawings:
            svg = to_svg(spec_of(drawing.description), drawing.values, drawing.title)
            write_atomically(folder / drawing.name, svg)
            lines += ["", f"![{drawing.title}]({drawing.name})"]
        for header, rows in section.tables:
            say_table(header, rows)
            lines += ["", pipe_table(header, rows)]
    path = folder / "geometry.md"
    write_atomically(path, "\n".join([*lines, ""]))
    say(f"\nWritten: {path}")


def _dimensions(grid: TreeGrid, trainings: TrainingTable) -> _Section:
    needed = Needed(grid, trainings)
    closed, learned = grid.closed, grid.learned
    of_closed, theory = charts.needed_values(needed, closed), "theory: slopes 2 and 16"
    of_constructed = charts.needed_values(needed, closed[:1])
    return _Section(
        "Dimensions that a perfect tree needs",
        "A tree has H levels, the root among them, and W children a node; a query has its "
        "ancestors and itself to find. A column has the smallest dimension that is enough, found "
        "by doubling and halving; in brackets the smallest of those tried that is enough for one "
        "seed, and for all of them. `> 64`: 64 were not enough. Criteria:\n\n"
        "- 95 %, 99 %: recall@|S|, a mean over seeds;\n"
        "- perfect ranking: the |S| best documents of every query are its relevant ones;\n"
        "- one threshold (Theorem 3.1): for one number r and all queries, relevant documents score "
        "r + eps or more and others r - eps or less, where the longest query and the longest "
        f"document have length 1 and eps is {EPS:.2g}, the precision of float32. The column "
        f"`margin` of [{NAME}]({NAME}) has the largest eps that an embedding allows.\n\n"
        "The last two hold if they hold for at least half of the seeds. Trainings are not asked "
        "for a margin: they stop when all validation pairs are found. The temperature is 20 under "
        "the dot product of standard-de and of the recipe, and 22 under the cosine of masked-de "
        "above 16 dimensions, otherwise it is learned; other settings "
        f"are {', '.join(learned[0].settings[1:])} and those of `tree`. "
        "constructed-de is drawn "
        f"{len(closed[0].seeds)} times, trainings are over seeds "
        f"{', '.join(map(str, learned[0].seeds))} on trees of at most {learned[0].largest} "
        "nodes.\n\n"
        "Slopes by least squares, with a 95 % interval of the line; a dash where a tree needs more "
        "than was tried, or where there are fewer than three. For which embeddings and which "
        "criterion the paper's are is not known to us.",
        [
            _Drawing(
                "dimensions.svg",
                "Dimensions that closed forms need",
                charts.needed_chart(grid, closed, theory),
                of_closed + charts.by_theory(of_constructed, theory),
            ),
            _Drawing(
                "geometries.svg",
                "Dimensions that trainings need",
                charts.needed_chart(grid, learned),
                charts.needed_values(needed, learned),
            ),
        ],
        [table_of(needed), slopes_of(needed)],
    )


def _curve(grid: CurveGrid, trainings: TrainingTable) -> _Section:
    curve = Curve(grid, trainings)
    title = f"Recall of {METHOD} on {grid.dataset} over dimensions and steps"
    return _Section(
        title,
        f"Recall@|S| in per cent, of all pairs / at the worst distance, over seeds "
        f"{', '.join(map(str, grid.seeds))}, in the geometry that is the default in so many "
        f"dimensions. Last row: the smallest of these dimensions that holds {100 * HELD:g} % of "
        "all pairs.",
        [_Drawing("curve.svg", title, charts.curve_chart(grid.dims, 100 * HELD), curve.values)],
        [curve.table],
    )


def _resampling(study: Study, trainings: TrainingTable) -> _Section:
    found = resampling(study.datasets, study.shares, study.seeds, trainings)
    title = "Resampling over p, the share of the standard sampler"
    scale = alt.Scale(type="log", nice=False, domain=[min(study.shares), 1])
    return _Section(
        title,
        "With probability p a query brings all its relevant documents into the batch, otherwise "
        "the far ones alone. Recall in per cent, overall and at each distance, over seeds "
        f"{', '.join(map(str, study.seeds))}; `tree` is H = 4, W = 5 in 3 dimensions, "
        "`wordnet-mammal` in 16.",
        [_traded("resampling.svg", title, found, scale)],
        [(found.header, found.rows)],
    )


def _finetuning(study: Study, trainings: TrainingTable) -> _Section:
    found = finetuning(study.datasets, study.steps, study.seeds, trainings)
    title = "Finetuning, with and without early stopping"
    scale = alt.Scale(type="symlog", constant=study.steps[0], nice=False)
    return _Section(
        title,
        "Standard training (0 steps), then so many steps on far pairs alone: from distance 1 on "
        "for `tree`, 2 for `wordnet-mammal`. Stopped early: the checkpoint that is best on "
        f"validation is kept, looked at every {CHECK_EVERY} steps; validation here is the tested "
        "pairs themselves, so that this is the most that stopping can give. Falling rate: to 0 "
        "along half a cosine, the last checkpoint kept.",
        [_traded("finetuning.svg", title, found, scale)],
        [(found.header, found.rows)],
    )


def _traded(name: str, title: str, found: TradeOff, scale: alt.Scale) -> _Drawing:
    return _Drawing(
        name, title, charts.trade_off_chart(found, scale), charts.trade_off_values(found)
    )
