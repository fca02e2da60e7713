"""Treeline from Python: read a dataset, measure a method, and read what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.system import plugins as _plugins  # noqa: F401 - finds plugins wherever bench is imported
from bench.system.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from bench.data.readers.hierarchies.graph import DiGraph
    from bench.method import Method, Value, Workspace
    from bench.store.cell import Cell
    from bench.task import Task

__all__ = ["evaluate", "load", "results", "run"]
__version__ = VERSION


def load(name: str | DiGraph, data_dir: Path | str | None = None, *, settings: str = "") -> Task:
    """Read a dataset into memory.

    Args:
        name: the name that ``--dataset`` takes: ``scifact``, ``tree:H=3,W=3``, ``beir:FOLDER``; or
            a ``networkx.DiGraph`` with an edge from each child to each of its parents, whose
            nodes' attributes are their texts.
        data_dir: the folder that is searched for its files before ``TREELINE_DATA`` and the user's
            cache.
        settings: of a graph alone, what follows ``hierarchy:FILE`` and a comma, such as
            ``heldout=nodes``.

    Raises:
        InputError: the dataset is unknown, its files are not on this machine (the message says
            how to get them), they are not the published ones, or a graph is no hierarchy.

    Examples:
        >>> import bench
        >>> task = bench.load("tree:H=3,W=3")
        >>> task.name, len(task.document_names), task.train.n_pairs
        ('tree-H=3,W=3', 13, 34)
    """
    from bench.data.load import load_dataset, load_graph
    from bench.plan.arguments import path_of

    if not isinstance(settings, str):
        raise TypeError(f"settings are a text, such as 'text,heldout'; got {settings!r}")
    if hasattr(name, "is_directed"):
        return load_graph(name, settings)
    if not isinstance(name, str):
        raise TypeError(f"a dataset is given by its name, or as a networkx.DiGraph; got {name!r}")
    if settings:
        raise TypeError(
            f"settings are of a graph; of a dataset they follow its name: {name},{settings}"
        )
    return load_dataset(name, path_of("data_dir", data_dir))


def evaluate(
    method: Method | str,
    task: Task,
    *,
    seed: int = 0,
    k: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    settings: Mapping[str, Value] | None = None,
    workspace: Workspace | None = None,
    fits: Path | str | None = None,
) -> Cell:
    """Fit, index, choose and search a method in this process, and measure what it found.

    As in a run, the test stays sealed until an operating point is chosen on validation, and the
    arrays that a method receives are read-only. Nothing is stored. The method stays fitted and
    indexed afterwards: its own ``search`` returns the ranking.

    Args:
        method: a method that was never fitted, with its hyper-parameters; or the name that
            ``--methods`` takes, and then the hyper-parameters are those of a run.
        task: the task that the method is measured on.
        seed: the seed of the fit, from 0 to 2**32 - 1.
        k: the number of documents asked for each query; None: as many as the measures read.
        progress: a function that is called with (phase, done, total), such as ("fit", 50, 2000).
        settings: values of hyper-parameters by name, where the method is given by name.
        workspace: the cache and the device of the method; None: the user's cache, and the device
            that ``TREELINE_DEVICE`` names.
        fits: a folder that keeps fitted states, so that methods with the same encoder train it
            once; None: no state is kept.

    Returns:
        The cell that a run would store, without the sha256 of files. ``points`` has the figures of
        each operating point, cheapest first, as fractions; ``chosen`` is the point that validation
        chose; ``cost`` has the seconds and megabytes of this process.

    Raises:
        InputError: the method cannot be measured on this task, or was fitted before; the task has
            no test queries; or a name or a value is unknown.
        TypeError: an argument has another type.
        MethodError: the method broke its contract.

    Examples:
        >>> import bench
        >>> task = bench.load("tree:H=3,W=3")
        >>> cell = bench.evaluate("oracle", task)
        >>> [(point.recall, round(point.visited, 3)) for point in cell.points]
        [(1.0, 0.201)]

        A method of your own, and its ranking afterwards:

        >>> from examples.popularity import Popularity
        >>> method = Popularity()
        >>> bench.evaluate(method, task).points[0].recall_by_distance[2].recall
        1.0
        >>> method.search(task.queries_of(task.test), 3, {}).ids[0].tolist()
        [0, 1, 2]
    """
    from bench.evaluation.preparation import evaluate as evaluated
    from bench.plan.arguments import path_of

    return evaluated(
        method,
        task,
        seed=seed,
        k=k,
        report=progress,
        settings=settings,
        workspace=workspace,
        fits=path_of("fits", fits),
    )


def run(
    methods: str | Sequence[str] = (),
    datasets: str | Sequence[str] = "quick",
    *,
    seeds: int | Sequence[int] = 0,
    settings: Mapping[str, Value] | None = None,
    k: int | None = None,
    plugins: Sequence[str] = (),
    runs: str | Path | Sequence[str | Path] = (),
    out: Path | str = "results/local",
    fresh: bool = False,
    jobs: int = 1,
    memory_bytes: int | None = None,
    timeout_s: float = 3600,
    data_dir: Path | str | None = None,
) -> list[Cell]:
    """Measure methods on datasets, each cell in a process of its own, and store what is measured.

    A cell that the folder holds already is not measured again. ``python -m bench leaderboard
    --out FOLDER`` writes the boards.

    Args:
        methods: the name of a method, a list of names, or ``all``; none where there are runs.
        datasets: the name of a dataset, a list of names, ``quick`` or ``all``.
        seeds: the seed of the fits, or a list of seeds.
        settings: values of hyper-parameters by name, for all methods that have it (``dim``) or for
            one (``resampled-de.p``).
        k: the number of documents asked for each query; None: as many as the measures read.
        plugins: methods, trainers and indexes of your own, as ``FILE.py:Class``; they run beside
            the named methods, but for parts that one of these has.
        runs: files of runs that were made elsewhere, as ``FILE`` or ``FILE:NAME``; each is a row
            beside the others, on the one dataset that it is of.
        out: the results folder.
        fresh: whether to measure stored cells again.
        jobs: the number of cells that run at once.
        memory_bytes: the memory that all cells together may use; None: most of what is free.
        timeout_s: the seconds that a cell may take.
        data_dir: the folder that is searched for data before ``TREELINE_DATA`` and the user's
            cache.

    Returns:
        The cells that were asked for, those that were stored before first. A cell that failed has
        its status and its reason.

    Raises:
        InputError: a name or a value is unknown, or a dataset cannot be read; the cells that were
            measured are kept.
        TypeError: an argument has another type.

    Examples:
        >>> import bench
        >>> cells = bench.run("oracle", "tree:H=3,W=3", out="results/mine")
        [1/1] tree-H=3,W=3 · oracle · seed 0
        [1/1] tree-H=3,W=3 · oracle · seed 0: recall 100.0 % (min 100.0), ...
        >>> [(cell.method, cell.seed, cell.status.value) for cell in cells]
        [('oracle', 0, 'ok')]
    """
    from bench.data.several import all_tasks, dataset_names
    from bench.executors.measure import Conditions
    from bench.experiment import Experiment, measure
    from bench.plan.arguments import (
        files_of,
        folder_of,
        names_of,
        path_of,
        require,
        require_positive,
        seeds_of,
    )
    from bench.plan.brought import named_files
    from bench.plan.grid import Settings, grids
    from bench.registry import Registry

    require("a whole number", int, jobs=jobs, k=k, memory_bytes=memory_bytes)
    require("True or False", bool, fresh=fresh)
    require_positive(jobs=jobs, timeout_s=timeout_s, memory_bytes=memory_bytes)
    named = names_of(datasets, "datasets")
    listed = named[0] if named in (["quick"], ["all"]) else ""
    registry = Registry(names_of(plugins, "plugins"))
    data = path_of("data_dir", data_dir)
    asked = grids(
        names_of(methods, "methods"),
        all_tasks(dataset_names(listed, () if listed else named), data),
        registry,
        settings=Settings.named(settings or {}),
        seeds=seeds_of(seeds),
        k=k,
        runs=named_files(files_of(runs, "runs"), registry),
    )
    conditions = Conditions(jobs, timeout_s, memory_bytes, fresh)
    here_only = listed == "all"
    folder = folder_of("out", out)
    return measure(Experiment(asked, registry, folder, conditions, data, here_only=here_only))


def results(folder: Path | str = "results") -> pd.DataFrame:
    """Read the cells of a results folder into one tidy table.

    Args:
        folder: the folder that a run stored its cells in.

    Returns:
        A table with a row for each cell, operating point and measure. Its columns are ``task``,
        ``method``, ``kind`` (trainer, index, learned index, …), ``seed``, ``key``, ``status`` and
        ``reason`` of the cell, and ``earlier``
        (whether it is of an earlier version of its method); ``point`` (the number of the operating
        point, cheapest first), ``chosen`` (whether validation chose it), ``visited``, ``work``
        (shares of the corpus) and ``queries_per_second``; ``waited`` (the share of that time in
        which threads had no core: above 0.05 the machine was busy); ``p50_ms`` and ``p99_ms`` (the
        latency of single queries, where it was measured); ``measure``, ``distance`` (where the
        measure is over the pairs at one distance), ``value``, ``low`` and ``high`` (the 95 %
        interval), and ``n`` (the number of pairs, where it is stored). The hyper-parameters follow
        under their names, such as ``dim``, and the settings of the operating point under names such
        as ``point.nprobe``. A cell without figures has one row, with its reason. Shares and
        measures are fractions.

    Raises:
        InputError: there is no such folder, or it holds no cell.

    Examples:
        >>> import bench
        >>> cells = bench.run("oracle", "tree:H=3,W=3", out="results/mine")
        [1/1] tree-H=3,W=3 · oracle · seed 0
        [1/1] tree-H=3,W=3 · oracle · seed 0: recall 100.0 % (min 100.0), ...
        >>> table = bench.results("results/mine")
        >>> table[["method", "point", "measure", "distance", "value"]]
           method  point             measure  distance  value
        0  oracle      0              recall      <NA>    1.0
        1  oracle      0               macro      <NA>    1.0
        2  oracle      0                 min      <NA>    1.0
        3  oracle      0  recall_by_distance         0    1.0
        4  oracle      0  recall_by_distance         1    1.0
        5  oracle      0  recall_by_distance         2    1.0
    """
    from bench.plan.arguments import folder_of
    from bench.report.tidy import read

    return read(folder_of("folder", folder))
