"""Whether the files of a results folder are, byte for byte, those that were stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.store.cell import Cell
from bench.store.folder import CELL, IGNORED, MARK, QUERIES, RUN
from bench.system.files import sha256_of
from bench.system.records import NotWholeError, read_record
from bench.verify.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.store.folder import Store

STRAY = "is no part of a cell; take it away"
_DEPTH = 3
"""runs/<task>/<method>/<key>."""


@dataclass
class Checked:
    """The state of the files in the ``runs`` of a results folder.

    Attributes:
        cells: whole cells, with all their files that lie there, by the path of their cell.json.
        whole: how many files of each name are as they were stored.
        unpublished: how many of each name are recorded, and kept out of what is published.
        failures: a line for each file that is not what it should be.
    """

    cells: dict[Path, Cell] = field(default_factory=dict)
    whole: Counter[str] = field(default_factory=Counter)
    unpublished: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def check_files(store: Store) -> Checked:
    """Compare every file under ``runs`` with its checksum."""
    checked = Checked()
    folders = [store.runs]
    for _ in range(_DEPTH):
        entries = [entry for folder in folders for entry in sorted(folder.iterdir())]
        folders = [entry for entry in entries if entry.is_dir()]
        checked.failures += [f"{entry}: {STRAY}" for entry in entries if not entry.is_dir()]
    for folder in folders:
        check_cell(store, folder, checked)
    return checked


def check_cell(store: Store, folder: Path, checked: Checked) -> None:
    """Compare the files of one cell with their checksums, and add the outcome to ``checked``."""
    path, n_failures = folder / CELL, len(checked.failures)
    known = {CELL, RUN, QUERIES, MARK, IGNORED}
    strays = (
        entry
        for entry in sorted(folder.iterdir())
        if entry.name not in known or not entry.is_file()
    )
    checked.failures += [f"{entry}: {STRAY}" for entry in strays]
    try:
        cell = read_record(path, Cell)
    except FileNotFoundError:
        checked.failures.append(f"{path}: missing; its folder holds no cell")
        return
    except NotWholeError as error:
        checked.failures.append(str(error))
        return
    checked.whole[CELL] += 1
    if (cell.points or cell.similarity) and cell.run_sha256 is None:
        checked.failures.append(f"{path}: has metrics, and no sha256 of their run")
    if folder != store.folder(cell):
        checked.failures.append(f"{path}: is the cell of {store.folder(cell)}; move it there")
    checked.failures += _wrong_runs(cell, folder, checked)
    checked.failures += _wrong_mark(cell, folder / MARK, checked)
    if len(checked.failures) == n_failures:
        checked.cells[path] = cell


def _wrong_runs(cell: Cell, folder: Path, checked: Checked) -> Iterator[str]:
    """What is wrong with the run and the values of queries beside a cell; others are counted."""
    ignored = folder / IGNORED
    text = ignored.read_bytes().decode(errors="replace") if ignored.is_file() else ""
    unpublished = set(text.split("\n")) - {""}
    for name in sorted(unpublished - {RUN, QUERIES}):
        yield f"{ignored}: names {name!r}, which is neither {RUN} nor {QUERIES}"
    for name, recorded in ((RUN, cell.run_sha256), (QUERIES, cell.queries_sha256)):
        file = folder / name
        if not file.is_file():
            if recorded is not None and name in unpublished:
                checked.unpublished[name] += 1
            elif recorded is not None:
                yield (
                    f"{file}: missing; cell.json has its sha256, and no {IGNORED} beside it says "
                    "that it is not published"
                )
        elif recorded is None:
            yield f"{file}: cell.json has no sha256 of it; take it away"
        elif (found := sha256_of(file)) != recorded:
            yield f"{file}: has the sha256 {found}, its cell.json says {recorded}"
        else:
            checked.whole[name] += 1


def _wrong_mark(cell: Cell, path: Path, checked: Checked) -> Iterator[str]:
    """What is wrong with the mark of a cell; one that is whole and of this very cell is counted."""
    try:
        mark = read_record(path, Mark)
    except FileNotFoundError:
        return
    except NotWholeError as error:
        yield f"{error}; certify the cell again"
        return
    if mark.cell_sha256 != cell.sha256:
        yield f"{path}: is of another measurement; certify the cell again, or take it away"
    else:
        checked.whole[MARK] += 1
