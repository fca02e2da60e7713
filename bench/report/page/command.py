"""The command that measures a row again, quoted for a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bench.data.load import dataset_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report.rows import Row
    from bench.store.cell import Cell

SCRIPT = ("python", "run_bench.py")
"""How the command begins for those who stand in a checkout."""


def command_of(row: Row, run: Sequence[str] = SCRIPT) -> str:
    """The command that measures a row again, with the code of its commit.

    The user's own data, plugins and runs are named by whole paths: it can be pasted anywhere.

    Args:
        row: the row.
        run: the words that it begins with; see ``run_words``.
    """
    cell = row.cells[0]
    settings = cell.changed | {name: cell.params[name] for name in row.differing_params}
    if cell.brought is not None:
        words = [*run, "--run", f"{cell.brought.file}:{cell.method}"]
        return shlex.join([*words, "--dataset", cell.dataset or dataset_of(cell.task)])
    words = [*run, "--methods", cell.method]
    words += plugin_options(cell)
    words += ["--dataset", cell.dataset] if cell.dataset else dataset_option(cell.task)
    words += ["--seeds", ",".join(str(each.seed) for each in row.cells)]
    if "k" in settings and "k" not in cell.params:
        words += ["--k", str(settings.pop("k"))]
    for name, value in settings.items():
        words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return shlex.join(words)


def plugin_options(cell: Cell) -> list[str]:
    """``--plugin`` for each plugin that a cell's method or its parts came from."""
    return [word for plugin in cell.plugins for word in ("--plugin", plugin)]


def dataset_option(task: str) -> list[str]:
    """``--datasets NAME``, or ``--dataset`` with the arguments or the path of a task's name."""
    dataset = dataset_of(task)
    return ["--dataset" if ":" in dataset else "--datasets", dataset]
