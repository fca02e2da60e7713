"""Several datasets: those that a command names, and those of the cells of a folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bench.data.cards import cards
from bench.data.load import Dataset, dataset_of, load_dataset
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from pathlib import Path

    from bench.task import Task


def dataset_names(listed: str, single: Iterable[str]) -> list[str]:
    """The datasets that ``--datasets`` and ``--dataset`` ask for, each once.

    Args:
        listed: ``quick``, ``all``, or names with commas between; may be empty.
        single: names that may have arguments after a colon.
    """
    place = {card.name: card.quick for card in cards().values() if not card.takes_path}
    quick = sorted((name for name in place if place[name]), key=place.__getitem__)
    groups = {"quick": quick, "all": list(place)}
    names = groups.get(listed) or [name.strip() for name in listed.split(",") if name.strip()]
    if not names and not single:
        raise InputError("no dataset is named; take quick, all, or names from `bench list`")
    return list(dict.fromkeys([*names, *single]))


def all_tasks(datasets: Iterable[str], data_dir: Path | None) -> list[str]:
    """The datasets, each once; where a run measures two tasks of one, both in its place."""
    found: dict[str, None] = {}
    for name in datasets:
        tasks: list[str] = []
        # What is wrong with a dataset is told where it is read: it does not stop the others.
        with contextlib.suppress(InputError):
            tasks = Dataset.parse(name).tasks(data_dir)
        found |= dict.fromkeys(tasks or [name])
    return list(found)


def require_names_apart(tasks: Mapping[str, Task]) -> None:
    """Refuse tasks of one name and other data, by the datasets that they were read from.

    Raises:
        InputError: there are two such tasks.
    """
    first: dict[str, str] = {}
    for dataset, task in tasks.items():
        other = first.setdefault(task.name, dataset)
        if tasks[other].digest != task.digest:
            raise InputError(
                f"{other} and {dataset} would both be called {task.name}; give one a name of its "
                f"own: {dataset},name=NAME"
            )


def task_reader(
    datasets: Iterable[str], data_dir: Path | None, known: Container[str]
) -> Callable[[str, str | None], Task]:
    """A function that reads a task by its name, and by the path that it was read from, if known.

    Args:
        datasets: datasets in the form of ``--dataset``, for tasks whose name does not tell it.
        data_dir: the folder that is searched for data first.
        known: the names of the tasks that may be asked for.

    Raises:
        InputError: a dataset that was named cannot be read, or is none of the tasks.
    """
    tasks = {name: load_dataset(name, data_dir) for name in datasets}
    require_names_apart(tasks)
    for dataset, task in tasks.items():
        if task.name not in known:
            raise InputError(
                f"no cell here is of {dataset}, whose task is {task.name}; give it the name that "
                f"it was measured under: --dataset {dataset},name=NAME"
            )
    own = {task.name: task for task in tasks.values()}

    def task_of(name: str, place: str | None) -> Task:
        return own.get(name) or load_dataset(place or dataset_of(name), data_dir)

    return task_of
