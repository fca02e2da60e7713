"""Which cells of a results folder are to be published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of
from bench.errors import InputError, unknown
from bench.store.cell import Cell, Status
from bench.store.folder import CELL, MARK, Store
from bench.system.records import NotWholeError, read_record
from bench.verify.certify import find_cell
from bench.verify.mark import read_mark

if TYPE_CHECKING:
    from pathlib import Path

    from bench.verify.mark import Mark


@dataclass(frozen=True)
class SubmitOptions:
    """What the command line asked for.

    Attributes:
        cells: paths or beginnings of keys; none: all cells that the filters let through.
        methods: names with commas between, or empty for all.
        datasets: as ``--dataset`` takes them; none for all.
        source: the results folder that they are taken from.
        out: the published one.
        certify: whether a row without a mark is measured again.
        check_only: whether nothing is copied.
        timeout_s: of a cell that is measured again.
        data_dir: where data files are looked for.
    """

    cells: tuple[str, ...]
    source: Path
    out: Path
    methods: str = ""
    datasets: tuple[str, ...] = ()
    certify: bool = False
    check_only: bool = False
    timeout_s: float = 3600
    data_dir: Path | None = None


class Candidate(NamedTuple):
    """A cell that is to be published, and the path of its cell.json."""

    path: Path
    cell: Cell

    def mark(self) -> Mark | None:
        """What came of measuring it again; a mark by other code than its own says nothing of it."""
        mark = read_mark(self.path.with_name(MARK), self.cell)
        return mark if mark is not None and mark.key == self.cell.key else None


@dataclass
class Chosen:
    """What was asked for.

    Attributes:
        candidates: the cells to check, and to copy.
        published: cells that are published already, just as they are.
        left_out: a line for each cell that cannot be submitted, and need not be.
    """

    candidates: list[Candidate] = field(default_factory=list)
    published: list[Candidate] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def choose(options: SubmitOptions) -> Chosen:
    """The cells that were asked for; those that were not measured are left out unless named.

    Raises:
        InputError: there are no cells, or a name is unknown or of another folder.
    """
    runs = options.source / "runs"
    if not runs.is_dir():
        raise InputError(
            f"{runs} is not there; measure first (python run_bench.py), or name the results folder "
            "with --from"
        )
    if options.source.resolve() == options.out.resolve():
        raise InputError(f"--from and --out are both {options.out}: cells are copied between two")
    paths = [_within(runs, find_cell(named, options.source)) for named in options.cells]
    found = _read(list(dict.fromkeys(paths)) or Store(options.source).cell_paths())
    chosen = Chosen()
    published = Store(options.out)
    for each in _filtered(found, options):
        line = f"{each.path}: {each.cell.title}"
        measured = each.cell.status is Status.OK
        there = published.find(each.cell) if measured else None
        if not measured and not paths:
            chosen.left_out.append(f"{line}: ended as {each.cell.status}")
        elif there is None:
            chosen.candidates.append(each)
        elif there.sha256 != each.cell.sha256:
            chosen.left_out.append(
                f"{line}: is published already, of another measurement; take "
                f"{published.folder(there)} away to publish this one"
            )
        elif each.mark() and not Candidate(published.folder(there) / CELL, there).mark():
            chosen.candidates.append(each)  # a copy that was stopped before the mark
        else:
            chosen.published.append(each)
    return chosen


def _within(runs: Path, path: Path) -> Path:
    """The path of a cell, however it was written, as one that begins with ``runs``."""
    resolved = path.resolve()
    if not resolved.is_relative_to(runs.resolve()):
        raise InputError(f"{path} is not in {runs}; name its results folder with --from")
    return runs / resolved.relative_to(runs.resolve())


def _read(paths: list[Path]) -> list[Candidate]:
    """The cells of files; one that is cut short is an error."""
    found = []
    for path in paths:
        try:
            found.append(Candidate(path, read_record(path, Cell)))
        except NotWholeError as error:
            raise InputError(f"{error}; delete its folder and measure it again") from error
    return found


def _filtered(found: list[Candidate], options: SubmitOptions) -> list[Candidate]:
    """Those of the methods and datasets that were named."""
    methods = [name.strip() for name in options.methods.split(",") if name.strip()]
    known = {each.cell.method for each in found}
    tasks = {dataset_of(each.cell.task): each.cell.task for each in found}
    for kind, names, there in (
        ("method", methods, known),
        ("dataset", options.datasets, tasks.keys() | set(tasks.values())),
    ):
        for name in names:
            if name not in there:
                raise unknown(f"{kind} in {options.source}", name, there)
    wanted = {tasks.get(name, name) for name in options.datasets}
    return [
        each
        for each in found
        if (not methods or each.cell.method in methods) and (not wanted or each.cell.task in wanted)
    ]
