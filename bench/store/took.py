"""Seconds that cells took, as stored cells tell it and as the user's cache remembers it.

The cache holds the latest of each task, method, parameters, machine and number of threads, so that
a run into a new results folder can tell how long it will take.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from bench.store.cell import Status
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.store.cell import Cell

FILE = "seconds-1.sqlite"
"""The number is that of the fields of ``Took``."""
MOST = 3000
"""Rows that are remembered; the oldest are forgotten first."""
SKIP_S = 1.0
"""Seconds of the process of a cell that is skipped."""
AFTER_S = 1.0
"""At most so many seconds pass from the end of a cell's own clock until its process is gone."""
PATIENCE_S = 2.0
"""Seconds that the memory is waited for while another run writes it."""


class Took(NamedTuple):
    """Seconds that a cell took, and what they depend on.

    Attributes:
        machine, threads: the kind of processor, and the threads that the cell had of it.
        run: when its run began, the same text for all cells of a run.
        fit_s: seconds of training; None if another cell did it, or if it is not known.
        rest_s: all other seconds.
    """

    task: str
    method: str
    params: str
    machine: str
    threads: int
    n_documents: int
    n_queries: int
    run: str
    fit_s: float | None = 0.0
    rest_s: float = 0.0

    @property
    def trainer(self) -> str:
        """The method without its index."""
        return self.method.partition("+")[0]

    @property
    def alike(self) -> tuple[str, str, str, str, int]:
        """The fields that the memory has one row for."""
        return self[:5]


def took(cell: Cell, seconds: float | None = None) -> Took:
    """Seconds of a cell.

    Args:
        cell: a planned cell, or one that ended; one without costs counts as skipped.
        seconds: from the start of its process to its end; None: as its costs tell, which leave out
            what came after them.
    """
    origin, cost = cell.provenance, cell.cost
    found = Took(
        cell.task,
        cell.method,
        repr(sorted(cell.params.items())),
        str(origin.machine.get("cpu")),
        origin.threads,
        cell.n_documents,
        cell.n_queries,
        origin.date,
    )
    if cost is None:
        fit = 0.0 if cell.status is Status.SKIPPED else None  # one that failed does not tell
        return found._replace(fit_s=fit, rest_s=SKIP_S if seconds is None else seconds)
    fit, rest = None if cost.fit_shared else cost.fit_s, cost.rest_s
    if seconds is not None:
        rest += min(max(seconds - (fit or 0.0) - rest, 0.0), AFTER_S)
        # A training that goes on from one that another cell did takes less than its costs tell.
        fit = None if fit is None else seconds - rest
    return found._replace(fit_s=fit, rest_s=rest)


def known(stored: Iterable[Cell]) -> list[Took]:
    """Seconds of stored cells and those that are remembered, the earliest run first.

    A cell that is remembered was timed from outside: stored ones that are alike do not count.
    """
    found = remembered()
    timed = {each.alike for each in found}
    ended = (cell for cell in stored if cell.cost is not None or cell.status is Status.SKIPPED)
    found += [each for each in map(took, ended) if each.alike not in timed]
    return sorted(found, key=lambda each: each.run)


def remembered() -> list[Took]:
    """The seconds of earlier runs of this user; none where they cannot be read."""
    with contextlib.suppress(sqlite3.Error, OSError), _memory() as memory:
        return [Took(*row) for row in memory.execute("SELECT * FROM took")]
    return []


def remember(each: Took) -> None:
    """Keep the seconds of a cell for later runs; where they cannot be kept, go on without."""
    with contextlib.suppress(sqlite3.Error, OSError), _memory() as memory:
        memory.execute(
            "INSERT INTO took VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "run = excluded.run, rest_s = excluded.rest_s, fit_s = ifnull(excluded.fit_s, fit_s)",
            each,
        )
        memory.execute(
            "DELETE FROM took WHERE rowid NOT IN "
            "(SELECT rowid FROM took ORDER BY run DESC, rowid DESC LIMIT ?)",
            [MOST],
        )


@contextlib.contextmanager
def _memory() -> Iterator[sqlite3.Connection]:
    """The database, whose changes are kept at the end; a damaged one is begun anew.

    Raises:
        sqlite3.Error: it cannot be read or written.
        OSError: its folder cannot be made.
    """
    file = cache_folder() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(Took._fields)
    key = ", ".join(Took._fields[:5])
    try:
        connection = sqlite3.connect(file, PATIENCE_S, isolation_level="IMMEDIATE")
        with contextlib.closing(connection) as memory, memory:
            memory.execute("PRAGMA synchronous = OFF")  # nothing is lost but an estimate
            memory.execute(f"CREATE TABLE IF NOT EXISTS took ({columns}, PRIMARY KEY ({key}))")
            yield memory
    except sqlite3.OperationalError:  # locked, or not to be written
        raise
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)
        raise
