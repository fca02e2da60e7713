"""The command that measures a row again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bench.data.load import dataset_of

if TYPE_CHECKING:
    from bench.method import Value
    from bench.report.rows import Row


def command_of(row: Row) -> str:
    """What to type in a checkout of the row's commit.

    A dataset that was read from a path, and a method from a file, take theirs of the reader's own.
    """
    cell = row.cells[0]
    settings = cell.changed | {name: cell.params[name] for name in row.differing_params}
    words = ["python", "run_bench.py", "--methods", cell.method, *dataset_option(cell.task)]
    words += ["--seeds", ",".join(str(each.seed) for each in row.cells)]
    if "k" in settings and "k" not in cell.params:
        words += ["--k", str(settings.pop("k"))]
    for name, value in settings.items():
        words += ["--set", f"{name}={_typed(value)}"]
    return shlex.join(words)


def dataset_option(task: str) -> list[str]:
    """``--datasets NAME``, or ``--dataset`` with the arguments or the path of a task's name."""
    dataset = dataset_of(task)
    return ["--dataset" if ":" in dataset else "--datasets", dataset]


def _typed(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
