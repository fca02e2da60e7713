"""The cells of several results folders put into one: none is lost, and none replaced unasked."""

from __future__ import annotations

import shutil
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError, cannot_write
from bench.store.cell import Cell, Status
from bench.store.folder import BESIDE, QUERIES, RUN, Store
from bench.system.files import is_altered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

NAMED = 5
"""Cells that an error names."""
TIMED = {"queries_per_second", "waited", "latency"}
"""What of a point differs whenever it is measured again."""


class Found(NamedTuple):
    """A cell and the results folder that it is taken from."""

    cell: Cell
    store: Store

    @property
    def n_files(self) -> int:
        """Number of the files beside its cell.json that are there."""
        return sum((self.store.folder(self.cell) / name).is_file() for name in BESIDE)


class Merged(NamedTuple):
    """What was done.

    Attributes:
        copied: number of cells that were copied.
        alike: number of cells that several folders have, as one measurement.
        told: sentences on cells of which one was taken, and on names that are shared.
        left_out: a line for each cell that is not as it was stored.
    """

    copied: int
    alike: int
    told: list[str]
    left_out: list[str]


def merge(sources: Sequence[Store], target: Store, prefer: Path | None = None) -> Merged:
    """Copy the whole cells of results folders into one, which may hold cells already.

    Of cells of one key, one that was measured is taken before one that failed.

    Args:
        sources: the folders.
        target: the folder to write to.
        prefer: the folder whose cell is taken where two measured the same.

    Raises:
        InputError: two measured the same and none is preferred, a folder holds no cell, or
            ``target`` cannot be written; nothing is lost.
    """
    places = [store.root.resolve() for store in (*sources, target)]
    if len(set(places)) < len(places):
        raise InputError("the folders to merge and --out must each be another; one is named twice")
    stores = [*sources, target]
    if prefer is not None and prefer.resolve() not in places:
        raise InputError(f"{prefer} is none of the folders that are merged; name one of them")
    left_out: list[str] = []
    by_place: dict[str, list[Found]] = defaultdict(list)
    for store in stores:
        whole = [*_whole(store, left_out)]
        if not whole and store is not target:
            raise InputError(f"{store.runs} holds no whole cell; name a results folder")
        for cell in whole:
            by_place[cell.place].append(Found(cell, store))
    taken, told = _taken(by_place.values(), prefer)
    told += _shared_names(taken)
    target.prepare()
    copied = [each for each in taken if each.store is not target]
    for each in copied:
        _copy(each, target)
    alike = sum(
        len({one.cell.sha256 for one in each}) == 1 < len(each) for each in by_place.values()
    )
    return Merged(len(copied), alike, told, left_out)


def _whole(store: Store, left_out: list[str]) -> Iterator[Cell]:
    """The cells whose files are all as they were stored; a line is added for each other."""
    cells, problems = store.read()
    left_out += problems
    for cell in cells:
        files = (RUN, cell.run_sha256), (QUERIES, cell.queries_sha256)
        altered = [name for name, of in files if is_altered(store.folder(cell) / name, of)]
        if RUN in altered:  # the other one is among the problems
            left_out.append(f"{store.folder(cell) / RUN}: is not as it was stored")
        if not altered:
            yield cell


def _taken(places: Iterable[list[Found]], prefer: Path | None) -> tuple[list[Found], list[str]]:
    """The cell that is taken of each place, and sentences on those where cells differ.

    Raises:
        InputError: measurements differ, and none is preferred.
    """
    taken, told, refused = [], [], []
    for found in places:
        best = [each for each in found if each.cell.status is Status.OK] or found[-1:]
        first = [each for each in best if prefer and each.store.root.resolve() == prefer.resolve()]
        same = [each for each in best if each.cell.sha256 == (first or best)[0].cell.sha256]
        chosen = max(same, key=lambda each: each.n_files)
        taken.append(chosen)
        if len({each.cell.sha256 for each in found}) == 1:
            continue
        where = ", ".join(str(each.store.root) for each in found)
        why = "the same figures, other seconds"
        if len(best) < len(found):
            why = "not all were measured to their end"
        if not all(_figures(each.cell) == _figures(best[0].cell) for each in best):
            why = "other figures"
            if not first:
                refused.append(f"{chosen.cell.title} ({where})")
        told.append(f"{chosen.cell.title} is in {where}, {why}; taken from {chosen.store.root}")
    if refused:
        more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        raise InputError(
            f"measured twice, with other figures: {'; '.join(refused[:NAMED])}{more}. Say whose "
            "are taken with --prefer FOLDER; nothing was written"
        )
    return taken, told


def _figures(cell: Cell) -> list[object]:
    """All that is equal when a cell is measured again with the same outcome."""
    points = [point.model_dump(exclude=TIMED) for point in cell.points]
    return [points, [each.model_dump() for each in cell.similarity], cell.chosen]


def _shared_names(taken: Sequence[Found]) -> list[str]:
    """Sentences on other data, other versions and other runs under one name."""
    data: dict[str, dict[str, str]] = defaultdict(dict)
    rows: dict[tuple[object, ...], dict[str, str]] = defaultdict(dict)
    for cell, store in taken:
        data[cell.task].setdefault(cell.task_digest, f"{cell.dataset or cell.task} in {store.root}")
        task, digest, *others, _seed, k = cell.identity
        code = ", ".join(cell.code)
        rows[task, digest, *others, k].setdefault(code, f"{code} in {store.root}")
    told = [
        f"{task} is the name of other data: {', '.join(of.values())}; boards tell them apart by a "
        "hash"
        for task, of in data.items()
        if len(of) > 1
    ]
    return told + [
        f"{task} · {method} is there in {len(of)} versions, a row each: {', '.join(of.values())}"
        for (task, _, method, *_), of in rows.items()
        if len(of) > 1
    ]


def _copy(found: Found, target: Store) -> None:
    """Copy a cell with the files beside it.

    Raises:
        InputError: it cannot be written.
    """
    with target.staging(found.cell.key) as staging:
        for name in BESIDE:
            file = found.store.folder(found.cell) / name
            if file.is_file():
                try:
                    shutil.copy2(file, staging / name)
                except OSError as error:
                    raise cannot_write(target.root, error) from error
        target.replace(found.cell, staging)
