"""Whether the files of a results folder are, byte for byte, those that were stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.store.cell import Cell
from bench.store.folder import CELL, MARK, QUERIES, RUN
from bench.system.files import sha256_of
from bench.system.records import NotWholeError, read_record
from bench.verify.mark import Mark

if TYPE_CHECKING:
    from pathlib import Path

    from bench.store.folder import Store

IGNORED = ".gitignore"
_DEPTH = 3
"""runs/<task>/<method>/<key>."""


@dataclass
class Checked:
    """What was found in the ``runs`` of a results folder.

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
        stray = (entry for entry in entries if not entry.is_dir())
        checked.failures += [f"{entry}: is no part of a cell; take it away" for entry in stray]
    for folder in folders:
        check_cell(store, folder, checked)
    return checked


def check_cell(store: Store, folder: Path, checked: Checked) -> None:
    """Compare the files of one cell with their checksums, and add what is found to ``checked``."""
    path = folder / CELL
    known = {CELL, RUN, QUERIES, MARK, IGNORED}
    failures = [
        f"{entry}: is no part of a cell; take it away"
        for entry in sorted(folder.iterdir())
        if entry.name not in known
    ]
    cell, problem = _read_whole(path)
    if cell is None:
        checked.failures += [*failures, problem]
        return
    checked.whole[CELL] += 1
    if store.folder(cell) != folder:
        failures.append(f"{path}: is the cell of {store.folder(cell)}; move it there")
    unpublished = _ignored(folder / IGNORED)
    failures += [
        f"{folder / IGNORED}: names {name!r}, which is neither {RUN} nor {QUERIES}"
        for name in sorted(unpublished - {RUN, QUERIES})
    ]
    for name, recorded in ((RUN, cell.run_sha256), (QUERIES, cell.queries_sha256)):
        file = folder / name
        if not file.is_file():
            if recorded is not None and name in unpublished:
                checked.unpublished[name] += 1
            elif recorded is not None:
                failures.append(
                    f"{file}: missing; cell.json has its sha256, and no {IGNORED} beside it says "
                    "that it is not published"
                )
        elif recorded is None:
            failures.append(f"{file}: cell.json has no sha256 of it; take it away")
        elif (found := sha256_of(file)) != recorded:
            failures.append(f"{file}: has the sha256 {found}, its cell.json says {recorded}")
        else:
            checked.whole[name] += 1
    failures += _check_mark(folder / MARK, cell, checked)
    checked.failures += failures
    if not failures:
        checked.cells[path] = cell


def _read_whole(path: Path) -> tuple[Cell | None, str]:
    """The cell of a file, or what is wrong with it."""
    try:
        cell = read_record(path, Cell)
    except FileNotFoundError:
        return None, f"{path}: missing; its folder holds no cell"
    except NotWholeError as error:
        return None, str(error)
    if (cell.points or cell.similarity) and cell.run_sha256 is None:
        return None, f"{path}: has metrics, and no sha256 of the run that they come from"
    return cell, ""


def _check_mark(path: Path, cell: Cell, checked: Checked) -> list[str]:
    """Count a mark that is whole and of this very cell; else what is wrong with it."""
    try:
        mark = read_record(path, Mark)
    except FileNotFoundError:
        return []
    except NotWholeError as error:
        return [f"{error}; certify the cell again"]
    if mark.cell_sha256 != cell.sha256:
        return [f"{path}: is of another measurement; certify the cell again, or take it away"]
    checked.whole[MARK] += 1
    return []


def _ignored(path: Path) -> set[str]:
    """The names in a cell's .gitignore."""
    if not path.exists():
        return set()
    return set(path.read_bytes().decode(errors="replace").split("\n")) - {""}
