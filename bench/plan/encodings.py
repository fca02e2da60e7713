"""What the cells of a run encode before they can be measured: texts, minutes and disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from bench.method import Workspace
from bench.plan.forecast import time_text
from bench.store.cell import Status
from bench.system.device import wanted_device
from bench.system.kept import MARKER
from bench.system.paths import cache_folder, load_object, program
from bench.system.terminal import size_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bench.method import Encoding, Price
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.task import Task

ENCODINGS = "methods.encodings:encodings_of"
"""The function of the built-in dual encoders; a method of another kind is not told."""
HEADER = ["to encode", "texts", "time", "disk"]
FEW = 1000
"""So many new texts take seconds, and their price is not looked up."""
MANY = 2000
"""From so many new texts on a run says beforehand what it encodes."""


class Planned(NamedTuple):
    """Texts of a task that some of its cells read.

    Attributes:
        task: name of the task.
        encoding: the texts.
        methods: the methods that read them, each with the hyper-parameter that says how many.
        is_here: whether their vectors are in the cache.
    """

    task: str
    encoding: Encoding
    methods: dict[str, str]
    is_here: bool


def planned_encodings(
    tasks: Iterable[tuple[Task, Sequence[Cell]]],
    kept: Collection[str],
    registry: Registry,
    *,
    fresh: bool = False,
) -> list[Planned]:
    """The texts that cells read which are to be measured, each once.

    Args:
        tasks: every task with its planned cells.
        kept: keys of stored cells that are not measured again.
        registry: the registry that the methods were found in.
        fresh: whether nothing is taken from the cache.
    """
    found: dict[tuple[str, str, str], Planned] = {}
    for task, cells in tasks:
        if task.document_texts is None:
            continue
        wanted = [c for c in cells if c.status is Status.PLANNED and c.key not in kept]
        for cell in {(c.method, repr(c.params)): c for c in wanted}.values():
            for each in _encodings(task, cell, registry):
                key = each.encoder, each.place, each.what if not each.place else ""
                place = cache_folder() / each.place / MARKER
                is_here = bool(each.place) and not fresh and place.is_file()
                known = found.setdefault(key, Planned(task.name, each, {}, is_here))
                known.methods[cell.method] = each.fewer
    return list(found.values())


def _encodings(task: Task, cell: Cell, registry: Registry) -> list[Encoding]:
    method = registry.resolve(cell.method)(**cell.params)
    method.workspace = Workspace(cache_folder(), device=wanted_device())
    test = task.queries_of(task.test)
    try:
        found: list[Encoding] = load_object(ENCODINGS)(method, task.corpus, test)
    except Exception:  # its cell says what is wrong with it, and the others are measured
        return []
    return found


def n_new(planned: Iterable[Planned]) -> int:
    """Number of texts that are not in the cache."""
    return sum(each.encoding.n_texts for each in planned if not each.is_here)


def lines(planned: Sequence[Planned]) -> tuple[list[list[str]], list[str]]:
    """Rows under ``HEADER`` and sentences below them; a sample of each is encoded if they are many.

    Args:
        planned: the texts.
    """
    many = n_new(planned) >= FEW
    rows, prices = [], []
    for each in planned:
        texts = f"{each.encoding.n_texts:,}"
        title = f"{each.encoding.what} of {each.task}, {each.encoding.encoder}"
        if each.is_here:
            rows.append([title, texts, "in the cache", ""])
        elif not many:
            rows.append([title, texts, "seconds", ""])
        else:
            prices.append(each.encoding.price())
            rows.append(
                [title, texts, time_text(prices[-1].seconds), size_text(prices[-1].n_bytes)]
            )
    return rows, [*_total(n_new(planned), prices), *_fewer(planned)]


def _total(n_texts: int, prices: Sequence[Price]) -> list[str]:
    """The time and the disk of all, and whether there is room."""
    if not prices:
        return []
    folder = cache_folder()
    there = next(part for part in (folder, *folder.absolute().parents) if part.is_dir())
    free, needed = shutil.disk_usage(there).free, sum(price.n_bytes for price in prices)
    text = (
        f"{n_texts:,} texts are encoded first, once for all cells and later runs: about "
        f"{time_text(sum(price.seconds for price in prices))}, not part of the time of cells "
        f"whose like found them in the cache, and {size_text(needed)} in {folder} "
        f"({size_text(free)} free)."
    )
    way = (
        f"That is more than is free: `{program()} cache --clear KIND` makes room, or TREELINE_"
        "CACHE names another folder."
    )
    return [text, *([way] if needed > free else [])]


def _fewer(planned: Iterable[Planned]) -> list[str]:
    """How to read fewer texts, where a hyper-parameter says how many."""
    return [
        f"{each.encoding.what.capitalize()} are read by "
        f"{', '.join(f'{method} (--set {fewer}=…)' for method, fewer in each.methods.items())}: "
        "a lower number reads fewer of each document."
        for each in planned
        if each.encoding.fewer and not each.is_here
    ]
