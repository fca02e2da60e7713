"""A stored cell as the code of today would measure it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.plan.cells import plan_cell
from bench.plan.grid import defaults_on
from bench.system.provenance import provenance

if TYPE_CHECKING:
    from bench.method import Method
    from bench.store.cell import Cell
    from bench.task import Task


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
    today = defaults_on(method, task)
    values = today | {name: value for name, value in stored.params.items() if name in today}
    return plan_cell(task, method(**values), stored.seed, stored.k, provenance(threads))
