"""Suites: ``datasets/suites/*.toml`` list boards to measure, the most important first.

``published`` defines the content of ``results/``, ``quick`` that of ``make bench``. No method is
imported here: ``bench.plan.suite_grids`` finds the classes that a suite names.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from bench.data.cards import FOLDER
from bench.data.load import Dataset
from bench.errors import InputError, placed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.store.cell import Cell

SUITES = FOLDER / "suites"
PUBLISHED = "published"
ALL = "all"


class Entry(BaseModel):
    """Methods times seeds on a dataset, all under the same settings.

    Attributes:
        dataset: the name that ``--dataset`` takes.
        methods: names as boards show them; ``all`` stands for those of ``bench list``.
        settings: hyper-parameters as ``PARAM`` or ``"METHOD.PARAM"``, each of the type of its
            default.
        seeds: the seeds of the fits.
        k: documents asked for each query; without it as many as the measures read.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: str
    methods: list[str] = Field(min_length=1)
    settings: dict[str, Any] = {}
    seeds: list[Annotated[NonNegativeInt, Field(lt=2**32)]] = Field(min_length=1)
    k: PositiveInt | None = None

    def lists(self, cell: Cell) -> bool:
        """Whether a cell of the same dataset is one of these, in any version of its method.

        ``all`` is taken as any method.
        """
        own = f"{cell.method}."
        asked = {name: value for name, value in self.settings.items() if name in cell.params}
        for name, value in self.settings.items():
            if name.startswith(own):
                asked[name.removeprefix(own)] = value
        depth = None if self.k is None else min(self.k, cell.n_documents)
        return (
            not {cell.method, ALL}.isdisjoint(self.methods)
            and cell.seed in self.seeds
            and cell.changed.keys() - {"k"} <= asked.keys()
            and asked.items() <= cell.params.items()
            and ("k" not in cell.changed if depth is None else cell.k == depth)
        )


class _File(BaseModel):
    """The content of the TOML file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    boards: list[Entry] = Field(min_length=1)


@dataclass(frozen=True)
class Suite:
    """The content of a suite.

    Attributes:
        name: the name that ``--suite`` takes.
        boards: entry by its place in the file, which errors name; the most important first.
    """

    name: str
    title: str
    boards: dict[str, Entry]


def read_suite(name: str) -> Suite:
    """A suite by name, or from a file that ends in ``.toml``.

    Raises:
        InputError: there is no such suite, a field of it cannot be used, or a dataset is unknown.
    """
    path = _path_of(name)
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"{path}: cannot be read as TOML: {error}; mend it, or begin with a copy of "
            f"{SUITES / 'quick.toml'}"
        ) from error
    except ValidationError as error:
        raise _misfit(path, error) from error
    boards = {
        f"{path}: board {number} ({entry.dataset})": entry
        for number, entry in enumerate(found.boards, start=1)
    }
    for place, entry in boards.items():
        with placed(f"{place}: dataset"):
            Dataset.parse(entry.dataset)
        with placed(f"{place}: settings"):
            _check_scalars(entry.settings)
    return Suite(name, found.title, boards)


def not_listed(suite: Suite, cells: Iterable[Cell]) -> list[Cell]:
    """The cells that a suite does not list, in any version of their methods."""
    by_task: dict[str, list[Entry]] = defaultdict(list)
    for entry in suite.boards.values():
        by_task[Dataset.parse(entry.dataset).task_name].append(entry)
    return [cell for cell in cells if not any(each.lists(cell) for each in by_task[cell.task])]


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


def _check_scalars(table: dict[str, Any]) -> None:
    """Raise InputError for a setting that is no single value."""
    for name, value in table.items():
        if not isinstance(value, bool | int | float | str):
            raise InputError(
                f"{name} takes a number, a text, true or false, got {value!r}; a name with a dot "
                'stands in quotes: "masked-de.dim" = 32'
            )
