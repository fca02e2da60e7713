"""``bench ablate``: a method with one thing changed at a time, as a table and a chart."""

from __future__ import annotations

from dataclasses import replace
from operator import methodcaller
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

import altair as alt
import numpy as np

from bench.errors import InputError
from bench.experiment import measure
from bench.measures.budget import DEFAULT, Budget
from bench.report.boards.paired import RowValues, lead_text, leads, values_at
from bench.report.dataset_page import places
from bench.report.markdown import pipe_table
from bench.report.points import at
from bench.report.rows import chosen_points, label, rows_of
from bench.report.table import NONE, mean_and_std
from bench.report.task_report import COMPARED
from bench.store.cell import Status
from bench.store.folder import Store
from bench.system.files import write_atomically
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.experiment import Experiment
    from bench.measures.differences import Lead
    from bench.measures.records import PointResult
    from bench.method import Params
    from bench.report.rows import Row
    from bench.store.cell import Cell

UNCHANGED = "as it is"
BUDGETS = (DEFAULT, Budget(0.2), Budget(1.0))
MAIN = ("R@100", "recall")
"""What variants are compared by, of texts and of hierarchies: keys of ``COMPARED``."""


class Variant(NamedTuple):
    """One change of a method.

    Attributes:
        question, answer: the thing that is changed, and its new value.
        params: the hyper-parameters that make the change.
    """

    question: str
    answer: str
    params: Params


class _Column(NamedTuple):
    """A column of the table, as fractions over seeds."""

    title: str
    budget: Budget
    value: Callable[[PointResult], float | None]


def ablate(experiment: Experiment) -> None:
    """Measure each variant, print the table and write it with its chart.

    Args:
        experiment: one method, whose ``ablations`` are measured, on one dataset; cells go to the
            folder ``ablations`` of its results, and stored ones are kept.

    Raises:
        InputError: the method has no ablations, or something that was asked for cannot be done.
    """
    (grid,), registry = experiment.grids, experiment.registry
    (found,) = grid.methods
    if not found.ablations:
        able = [name for name in registry.names() if registry.resolve(name).ablations]
        raise InputError(f"{found.name} names no ablations; those that do: {', '.join(able)}")
    experiment = replace(experiment, out=experiment.out / "ablations")
    variants = [Variant("", UNCHANGED, {}), *_variants(found.ablations)]
    rows: list[tuple[Variant, Row | None]] = []
    cells: list[Cell] = []
    for variant in variants:
        say(f"{variant.question or found.name}: {variant.answer}")
        changed = grid._replace(settings=grid.settings.and_of(found.name, variant.params))
        measured = measure(replace(experiment, grids=[changed]))
        cells += measured
        rows.append((variant, next(iter(rows_of(measured)), None)))
    _report(found.name, rows, cells, grid.dataset, experiment.out)


def _variants(ablations: Mapping[str, Mapping[str, Params]]) -> list[Variant]:
    return [
        Variant(question, answer, params)
        for question, answers in ablations.items()
        for answer, params in answers.items()
    ]


def _report(
    method: str,
    rows: list[tuple[Variant, Row | None]],
    cells: list[Cell],
    dataset: str,
    out: Path,
) -> None:
    columns = _columns(cells)
    measure = next(name for name in MAIN if columns[0].title.startswith(name))
    ahead = _leads([row for _, row in rows], measure, Store(out))
    header = ["what", "changed to", columns[0].title, f"{COMPARED[measure]}, ahead by"]
    header += [*(column.title for column in columns[1:]), "leaves", "empty", "Gini", "train s"]
    table = []
    for number, (variant, row) in enumerate(rows):
        main, *others = _texts(row, columns)
        lead = lead_text(ahead.get(number))
        table.append([variant.question, variant.answer, main, lead, *others])
    say()
    say_table(header, table)
    failed = [cell for cell in cells if cell.status is not Status.OK]
    reasons = sorted({f"- {label(cell)}: {cell.reason}" for cell in failed})
    seeds = ", ".join(map(str, sorted({cell.seed for cell in cells})))
    name = f"{method}-{dataset.rpartition(':')[2].rstrip('/').rpartition('/')[2]}"
    chart = out / f"{name}.svg"
    _chart(rows, columns[0], chart)
    first = cells[0]
    text = "\n".join(
        [
            f"# {method} on {first.task}, one thing changed at a time",
            "",
            f"Printed by `python -m bench ablate {method} --dataset {dataset}`. Mean ± standard "
            f"deviation over seeds {seeds}, in per cent, at the dearest operating point within the "
            "share of documents visited; – where there is none. Ahead by: of the method as it is, "
            f"{DEFAULT.at}, with the 95 % interval over seeds and queries and the number of seeds "
            "in which the variant is ahead; an asterisk marks p < 0.05 with Holm's correction over "
            f"the variants. Measured on {'; '.join(places(cells))}.",
            "",
            f"![{columns[0].title} of each variant]({chart.name})",
            "",
            pipe_table(header, table),
            "",
            *(["Not measured:", "", *reasons, ""] if reasons else []),
        ]
    )
    path = out / f"{name}.md"
    write_atomically(path, text)
    say(f"\nWritten: {path}")


def _columns(cells: list[Cell]) -> list[_Column]:
    """The columns: ranking measures of texts, recall by distance of hierarchies."""
    is_ranking = any(point.ranking for cell in cells for point in cell.points)
    if is_ranking:
        return [
            *(
                _Column(
                    f"R@100 at ≤ {100 * budget.share:.0f} %", budget, methodcaller("mean", "R@100")
                )
                for budget in BUDGETS
            ),
            _Column("nDCG@10 at ≤ 10 %", DEFAULT, methodcaller("mean", "nDCG@10")),
            _Column("unseen R@100 at ≤ 10 %", DEFAULT, methodcaller("mean", "R@100", "unseen")),
        ]
    of_all = [
        _Column(f"recall at ≤ {100 * budget.share:.0f} %", budget, lambda point: point.recall)
        for budget in BUDGETS
    ]
    return [*of_all, _Column("min at ≤ 10 %", DEFAULT, lambda point: point.min)]


def _leads(rows: list[Row | None], measure: str, store: Store) -> dict[int, Lead]:
    """The lead of each row, by its number, over the first."""
    found = {
        number: values
        for number, row in enumerate(rows)
        if row and isinstance(values := values_at(row, store.query_values, DEFAULT), RowValues)
    }
    seeds = {number: values.by_measure[measure] for number, values in found.items()}
    if 0 not in seeds:
        return {}
    of_all = np.array([value for of in seeds.values() for value in of.values()])
    known = ~np.isnan(of_all).any(axis=0)
    pairs = {(number, 0): (of, seeds[0]) for number, of in seeds.items() if number}
    return {number: lead for (number, _), lead in leads(pairs, known).items()}


def _values(row: Row, column: _Column) -> list[float] | None:
    """The values of each seed, or None if a seed has none."""
    points = chosen_points(row, at(column.budget))
    if points is None:
        return None
    values = [value for point in points if (value := column.value(point)) is not None]
    return values if len(values) == len(points) else None


def _texts(row: Row | None, columns: list[_Column]) -> list[str]:
    if row is None:
        return [NONE] * (len(columns) + 4)
    values = [_values(row, column) for column in columns]
    texts = [NONE if value is None else mean_and_std(value) for value in values]
    health = [cell.leaves for cell in row.cells if cell.leaves]
    seconds = [cell.cost.fit_s for cell in row.cells if cell.cost]
    return [
        *texts,
        f"{fmean(each.leaves for each in health):,.0f}" if health else NONE,
        f"{fmean(each.empty for each in health):.1f}" if health else NONE,
        f"{fmean(each.gini for each in health):.2f}" if health else NONE,
        f"{fmean(seconds):.0f}" if seconds else NONE,
    ]


def _chart(rows: list[tuple[Variant, Row | None]], column: _Column, path: Path) -> None:
    """A tick for each variant's mean over a dot for each seed; the unchanged one is a rule."""
    points: list[dict[str, Any]] = [
        {
            "what": variant.question or UNCHANGED,
            "variant": f"{variant.question}: {variant.answer}".removeprefix(": "),
            "value": 100 * value,
        }
        for variant, row in rows
        if row is not None
        for value in _values(row, column) or ()
    ]
    order = list(dict.fromkeys(point["variant"] for point in points))
    colours = list(dict.fromkeys(point["what"] for point in points))
    base = alt.Chart(alt.InlineData(values=points)).encode(
        y=alt.Y("variant:N", sort=order, title=None, axis=alt.Axis(labelLimit=400, grid=True)),
        color=alt.Color("what:N", sort=colours, legend=None),
    )
    scale = alt.Scale(zero=False)
    ticks = base.mark_tick(thickness=3, size=14).encode(
        x=alt.X("mean(value):Q", title=f"{column.title}, %", scale=scale)
    )
    dots = base.mark_circle(size=35, opacity=0.5).encode(x=alt.X("value:Q", scale=scale))
    unchanged = [point for point in points if point["what"] == UNCHANGED]
    rule = (
        alt.Chart(alt.InlineData(values=unchanged))
        .mark_rule(strokeDash=[4, 4], color="#888")
        .encode(x="mean(value):Q")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    alt.layer(rule, dots, ticks).properties(width=420).save(str(path))
