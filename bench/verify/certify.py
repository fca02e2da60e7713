"""``bench certify``: a stored cell, measured again with today's code, metric by metric."""

from __future__ import annotations

import difflib
import tempfile
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import Dataset, dataset_of, load_dataset
from bench.errors import InputError
from bench.executors.measure import Conditions, measure_cells
from bench.plan.cells import cell_of
from bench.plan.grid import defaults_on
from bench.registry import Registry
from bench.report.load import load_notes, marked, speed_text
from bench.store.cell import Cell, Status
from bench.store.folder import CELL, MARK, Store
from bench.system.files import write_atomically
from bench.system.provenance import provenance, usable_cores
from bench.system.records import read_record, to_json
from bench.system.terminal import counted, say, say_table
from bench.verify.mark import JudgedMetric, Mark, MetricVerdict
from bench.verify.runs import require_measured, stores_of
from bench.verify.verdicts import STATED, judge

if TYPE_CHECKING:
    from bench.method import Method
    from bench.task import Task

FOUND = 3
"""Cells that an error names."""


class CertifyOptions(NamedTuple):
    """How a stored cell is measured again.

    Attributes:
        out: the results folder that holds it.
        plugins: methods and parts of your own, as ``FILE.py:Class``.
        datasets: NAME:PATH of tasks that were read from a path.
        timeout_s: seconds that it may take.
        data_dir: the folder that is searched for data first.
    """

    out: Path
    plugins: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    timeout_s: float = 3600
    data_dir: Path | None = None


def certify(named: str, options: CertifyOptions) -> bool:
    """Measure a cell again, in a folder of its own, and print each metric beside the stored one.

    The outcome is written as ``certify.json`` beside the stored cell.

    Args:
        named: the path of a cell.json or of its folder, or how its key begins.
        options: the results folder, plugins, data and the time limit.

    Returns:
        Whether no metric fails.

    Raises:
        InputError: there is no such cell, it was not measured, or it cannot be here.
    """
    path = find_cell(named, options.out)
    stored = read_record(path, Cell)
    if stored.status is not Status.OK:
        raise InputError(
            f"{path} ended as {stored.status} ({stored.reason}): there is nothing to certify; "
            "name a cell that was measured"
        )
    require_measured(path, stored)
    say(f"{path}: {stored.title}, measured {stored.provenance.date[:10]}")
    again = _measured_again(stored, options)
    ended = "" if again.status is Status.OK else f"it ended as {again.status}: {again.reason}"
    judged = [] if ended else list(judge(stored, again))
    counts = Counter(each.verdict for each in judged)
    mark = Mark(
        cell_sha256=stored.sha256,
        key=again.key,
        reason=ended,
        verdicts={verdict: counts[verdict] for verdict in MetricVerdict},
        differing=[each for each in judged if each.verdict is not MetricVerdict.OK],
        provenance=again.provenance,
    )
    if ended:
        say(f"{MetricVerdict.FAIL}: measured again, {ended}")
    else:
        _print(stored, again, judged)
        say(f"\n{mark.outcome}")
    write_atomically(path.with_name(MARK), to_json(mark))
    return not mark.failed


def find_cell(named: str, out: Path) -> Path:
    """The cell.json that a path or the first digits of a key name.

    Raises:
        InputError: there is none, or several.
    """
    for path in (Path(named), Path(named) / CELL):
        if path.is_file():
            return path
    # Where a key is in both, the results folder's own cell is meant, and not the ablation's.
    paths = [path for store in reversed(stores_of(out)) for path in store.cell_paths()]
    cells = {path.parent.name: path for path in paths}
    found = [key for key in cells if named and key.startswith(named)]
    if len(found) == 1:
        return cells[found[0]]
    if found:
        raise InputError(f"{len(found)} cells begin with {named!r}: {_listed(found)}; give more")
    inside = [key for key, path in cells.items() if named and named in path.parts]
    near = inside or difflib.get_close_matches(named, cells, n=FOUND, cutoff=0.5)
    hint = (
        f"did you mean {_listed(near)}?"
        if near
        else f"{out / 'runs'} has {counted(len(cells), 'cell')}"
    )
    raise InputError(
        f"unknown cell {named!r}; {hint} (a cell is the path of a cell.json, its folder, or how "
        "its key begins)"
    )


def _listed(keys: list[str]) -> str:
    return ", ".join(keys[:FOUND]) + ", …" * (len(keys) > FOUND)


def cell_of_today(stored: Cell, method: type[Method], task: Task, threads: int) -> Cell:
    """The planned cell of the same parameters, whatever the defaults are by now.

    Its key is that of the stored cell if neither the code of the method nor the data has changed.

    Args:
        stored: the cell.
        method: the class of its name.
        task: the task that it was measured on.
        threads: the cores that it is to be measured with.

    Raises:
        InputError: the method refuses a parameter.
    """
    today = defaults_on(method, task, stored.params)
    values = today | {name: value for name, value in stored.params.items() if name in today}
    planned = cell_of(task, method, values, stored.seed, stored.k, provenance(threads))
    if planned.status is Status.FAILED:
        raise InputError(f"{method.name} by today's code: {planned.reason}")
    return planned


class Planned(NamedTuple):
    """A stored cell, planned again by the code of today.

    Attributes:
        cell: the planned cell.
        method: the class of its method.
        task: the task that it was measured on.
        registry: the methods, with the plugins that were named.
    """

    cell: Cell
    method: type[Method]
    task: Task
    registry: Registry


def planned_again(
    stored: Cell, plugins: tuple[str, ...], datasets: tuple[str, ...], data_dir: Path | None
) -> Planned:
    """Find the method and the data of a stored cell; say so if the method's code has changed.

    Args:
        stored: the cell.
        plugins: methods and parts of your own, as ``FILE.py:Class``.
        datasets: NAME:PATH of tasks that were read from a path.
        data_dir: the folder that is searched for data first.

    Raises:
        InputError: one of them is not here, or is not what it was.
    """
    registry = Registry(plugins)
    try:
        method = registry.resolve(stored.method)
    except InputError as error:
        raise InputError(f"{error}; what a file brings needs --plugin FILE.py:Class") from error
    named = {Dataset.parse(name).task_name: name for name in datasets}
    dataset = named.get(stored.task, stored.dataset or dataset_of(stored.task))
    task = load_dataset(dataset, data_dir)
    if task.digest != stored.task_digest:
        raise InputError(
            f"the cell was measured on data {stored.task_digest[:12]} of {stored.task}, but "
            f"{dataset} here is {task.digest[:12]}; name the data with --data-dir or --dataset"
        )
    threads = min(stored.provenance.threads, usable_cores())
    planned = cell_of_today(stored, method, task, threads)
    if planned.key != stored.key:
        say(f"Its code has changed since: its key was {stored.key} and is {planned.key} today.")
        for name in sorted(stored.params.keys() ^ planned.params.keys()):
            say(f"  the parameter {name} is {'gone' if name in stored.params else 'new'}")
    return Planned(planned, method, task, registry)


def _measured_again(stored: Cell, options: CertifyOptions) -> Cell:
    """The same cell by the code of today, on as many threads."""
    found = planned_again(stored, options.plugins, options.datasets, options.data_dir)
    with tempfile.TemporaryDirectory(prefix="treeline-certify-") as folder:
        conditions = Conditions(timeout_s=options.timeout_s)
        cells, store = [(found.task, [found.cell])], Store(Path(folder))
        (again,) = measure_cells(cells, found.registry, store, conditions)
    return again


def _print(stored: Cell, again: Cell, judged: list[JudgedMetric]) -> None:
    """Print every metric, then time, memory and the choice on validation, which are not judged."""
    say(STATED)
    for point, rows in groupby(judged, key=lambda each: each.point):
        say(f"\n{point}")
        say_table(["metric", "stored", "again", "tolerance", ""], [_row(each) for each in rows])
    cells = (stored, again)
    costs = [
        [name, *(f"{getattr(cell.cost, name):.4g}" if cell.cost else "–" for cell in cells)]
        for name in ("fit_s", "index_s", "encode_s", "search_s", "peak_mb", "index_bytes")
    ]
    speeds = [[speed_text([point]) for point in cell.points] for cell in cells]
    costs.append(["queries per second", *(" ".join(speed) or "–" for speed in speeds)])
    timed = [[point.latency for point in cell.points if point.latency] for cell in cells]
    medians = [[marked(f"{each.p50_ms:g}", [each.waited]) for each in one] for one in timed]
    costs.append(["p50 of single queries, ms", *(" ".join(each) or "–" for each in medians)])
    chosen = [str(cell.chosen.number) if cell.chosen else "–" for cell in cells]
    costs.append(["point chosen on validation", *chosen])
    say("\nShown, not judged")
    say_table(["", "stored", "again"], costs)
    alone = [each.waited for one in timed for each in one]
    for note in load_notes([*alone, *(p.waited for cell in cells for p in cell.points)]):
        say(note)


def _row(each: JudgedMetric) -> list[str]:
    figures = [f"{v:.6g}" if v is not None else "–" for v in (each.stored, each.again)]
    return [each.metric, *figures, f"± {each.tolerance:.2g}", each.verdict]
