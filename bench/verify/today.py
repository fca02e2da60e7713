"""A stored cell as the code of today would measure it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.plan.cells import Settings, blank_cell, settled
from bench.system.provenance import provenance

if TYPE_CHECKING:
    from bench.method import Method
    from bench.store.cell import Cell
    from bench.task import Task


def cell_of_today(stored: Cell, method: type[Method], task: Task, threads: int) -> Cell:
    """The blank cell of the same parameters, whatever the defaults are by now.

    Its key is that of the stored cell if neither the code of the method nor the data has changed.

    Args:
        stored: the cell.
        method: the class of its name.
        task: that it was measured on.
        threads: that it is to be measured with.
    """
    today, _ = settled(method, task, Settings())
    changed = {
        (method.name, name): value
        for name, value in stored.params.items()
        if name in today and value != today[name]
    }
    return blank_cell(task, method, stored.seed, stored.k, Settings(changed), provenance(threads))
