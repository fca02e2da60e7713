"""Suites: ``datasets/suites/*.toml`` list what is measured together, the most important first.

``published`` is the definition of what ``results/`` holds, ``quick`` that of ``make bench``.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from bench.cards import FOLDER
from bench.data.load import check_name, task_name
from bench.errors import InputError, unknown
from bench.plan import Grid, Settings, check_settings, methods_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bench.cell import Cell
    from bench.method import Value
    from bench.registry import Registry

SUITES = FOLDER / "suites"
PUBLISHED = "published"


class Entry(BaseModel):
    """Methods times seeds on a dataset, all under the same settings.

    Attributes:
        dataset: as typed after ``--dataset``.
        methods: names; ``all`` stands for those of ``bench list``.
        settings: hyper-parameters as ``PARAM`` or ``"METHOD.PARAM"``, each of the type of its
            default.
        seeds: of the fits.
        k: documents asked for each query; without it as many as the measures read.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: str
    methods: list[str] = Field(min_length=1)
    settings: dict[str, Any] = {}
    seeds: list[Annotated[NonNegativeInt, Field(lt=2**32)]] = Field(min_length=1)
    k: PositiveInt | None = None


class SuiteFile(BaseModel):
    """What the TOML of a suite holds; boards: the most important first."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    boards: list[Entry] = Field(min_length=1)


@dataclass(frozen=True)
class Suite:
    """A suite whose names and settings are known to be right.

    Attributes:
        name: as typed after ``--suite``.
        grids: in the order in which they are measured.
    """

    name: str
    title: str
    grids: list[Grid]

    def only(self, methods: Collection[str], datasets: Collection[str]) -> Suite:
        """What it has of some methods and datasets; of all where none is named.

        Raises:
            InputError: it lists no such method or dataset, or not the one on the other.
        """
        by_method = {method.name for grid in self.grids for method in grid.methods}
        for kind, asked, known in (
            ("method", methods, by_method),
            ("dataset", datasets, {grid.dataset for grid in self.grids}),
        ):
            for name in asked:
                if name not in known:
                    raise unknown(f"{kind} of suite {self.name!r}", name, known)
        kept = [
            grid._replace(methods=[m for m in grid.methods if not methods or m.name in methods])
            for grid in self.grids
            if not datasets or grid.dataset in datasets
        ]
        if not any(grid.methods for grid in kept):
            raise InputError(
                f"suite {self.name!r} does not list {', '.join(methods)} on {', '.join(datasets)}; "
                "name other methods or datasets of it, or leave one of the two out"
            )
        return replace(self, grids=[grid for grid in kept if grid.methods])


def read_suite(name: str, registry: Registry) -> Suite:
    """A suite by name, or from a file that ends in ``.toml``.

    Raises:
        InputError: there is no such suite, or a field of it cannot be used.
    """
    path = _path_of(name)
    try:
        found = SuiteFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as TOML: {error}; mend it, or begin with a copy of "
            f"{SUITES / 'quick.toml'}"
        ) from error
    except ValidationError as error:
        raise _misfit(path, error) from error
    grids = [
        _grid(entry, f"{path}: board {number} ({entry.dataset})", registry)
        for number, entry in enumerate(found.boards, start=1)
    ]
    _check_once(grids)
    return Suite(name, found.title, grids)


def not_of(suite: Suite, cells: Iterable[Cell]) -> list[Cell]:
    """The cells that a suite does not list, whatever code measured them."""
    listed: dict[tuple[str, str], list[_Listed]] = defaultdict(list)
    for grid in suite.grids:
        for method in grid.methods:
            asked = _Listed(grid.settings.of(method), grid.seeds, grid.k)
            listed[task_name(grid.dataset), method.name].append(asked)
    return [
        cell
        for cell in cells
        if not any(asked.has(cell) for asked in listed[cell.task, cell.method])
    ]


@contextlib.contextmanager
def placed(place: str) -> Iterator[None]:
    """Name the place before what an InputError says: a file and its part; nothing if empty."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}" if place else str(error)) from error


class _Listed(NamedTuple):
    """What a suite asks of one method on one task."""

    params: dict[str, Value]
    seeds: tuple[int, ...]
    k: int | None

    def has(self, cell: Cell) -> bool:
        """Whether it asks for this cell of its method and task."""
        changed = cell.changed.keys() - {"k"}
        return (
            cell.seed in self.seeds
            and changed <= self.params.keys()
            and self.params.items() <= cell.params.items()
            and ("k" not in cell.changed if self.k is None else cell.k == self._depth(cell))
        )

    def _depth(self, cell: Cell) -> int:
        return min(self.k or 0, cell.n_documents)


def _path_of(name: str) -> Path:
    """The file of a suite."""
    if name.endswith(".toml"):
        return Path(name)
    known = {path.stem: path for path in sorted(SUITES.glob("*.toml"))}
    if name not in known:
        raise InputError(
            f"unknown suite {name!r}; known: {', '.join(known) or 'none'}; or give the path of a "
            "file of your own that ends in .toml"
        )
    return known[name]


def _misfit(path: Path, error: ValidationError) -> InputError:
    """The error for a field that is missing, unknown, empty or of another type."""
    first = error.errors()[0]
    field, *inner = first["loc"]
    if inner:
        field = f"board {int(inner[0]) + 1}: {'.'.join(map(str, inner[1:]))}"
    return InputError(
        f"{path}: {field}: {first['msg']}, got {first['input']!r}; a suite has a title and one "
        f"[[boards]] or more, each of the fields {', '.join(Entry.model_fields)}, of which "
        "settings and k may be left out"
    )


def _grid(entry: Entry, place: str, registry: Registry) -> Grid:
    """What an entry asks for.

    Raises:
        InputError: its dataset or a method is unknown, or a setting is of no method or of another
            type.
    """
    with placed(f"{place}: dataset"):
        check_name(entry.dataset)
    with placed(f"{place}: methods"):
        methods = methods_named(entry.methods, registry)
    with placed(f"{place}: settings"):
        settings = _settings(entry.settings, registry)
        check_settings(methods, settings)
        for method in methods:
            settings.of(method)
    return Grid(entry.dataset, methods, settings, tuple(entry.seeds), entry.k, place)


def _settings(table: dict[str, Any], registry: Registry) -> Settings:
    """Settings by method and parameter."""
    values: dict[tuple[str, str], Value] = {}
    for name, value in table.items():
        if not isinstance(value, bool | int | float | str):
            raise InputError(
                f"{name} takes a number, a text, true or false, got {value!r}; a name with a dot "
                'stands in quotes: "masked-de.dim" = 32'
            )
        method, _, param = name.rpartition(".")
        values[registry.canonical(method), param] = value
    return Settings(values)


def _check_once(grids: list[Grid]) -> None:
    """Raise InputError for a row and seed that are listed twice."""
    seen: dict[tuple[object, ...], str] = {}
    for grid in grids:
        for method in grid.methods:
            params = tuple(sorted(grid.settings.of(method).items()))
            for seed in grid.seeds:
                row = grid.dataset, method.name, params, seed, grid.k
                if row in seen:
                    raise InputError(
                        f"{grid.place}: {method.name} with seed {seed} and the same settings is "
                        f"listed before, in {seen[row]}; list it once"
                    )
                seen[row] = grid.place
