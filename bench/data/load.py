"""From what the user typed to a task: ``wordnet``, ``tree:H=3,W=7``, ``beir:FOLDER``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data.cards import FOLDER, Card, card_of_task, cards, find_card
from bench.data.readers.hierarchy import read_csv
from bench.errors import InputError
from bench.system.files import sha256_of
from bench.system.paths import data_folders, find_data, load_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.task import Task


def dataset_names(listed: str, single: Iterable[str]) -> list[str]:
    """The datasets that ``--datasets`` and ``--dataset`` ask for, each once.

    Args:
        listed: ``quick``, ``all``, or names with commas between; may be empty.
        single: names that may have arguments after a colon.
    """
    named = [card for card in cards().values() if not card.takes_path]
    groups = {
        "quick": [card.name for card in named if card.quick],
        "all": [card.name for card in named],
    }
    names = groups.get(listed) or [name.strip() for name in listed.split(",") if name.strip()]
    if not names and not single:
        raise InputError("--datasets is empty; take quick, all, or names from `bench list`")
    return list(dict.fromkeys([*names, *single]))


def check_name(name: str) -> None:
    """Raise InputError for a dataset that is unknown, or whose arguments are off; read nothing."""
    base, _, argument = name.partition(":")
    if base == "hierarchy":
        _path_of(base, argument, None)
        return
    card = find_card(base)
    if card.takes_path:
        _path_of(base, argument, None)
    else:
        _arguments(card, argument)


def load_dataset(name: str, data_dir: Path | None = None) -> Task:
    """Read one dataset; a file that is not found as named is looked for in the data folders.

    Raises:
        InputError: it is unknown, not here, its arguments are off, a file is not the published
            one, or its counts are not the card's.
    """
    base, _, argument = name.partition(":")
    if base == "hierarchy":
        path = _path_of(base, argument, data_dir)
        return read_csv(task_name(name), path)
    card = find_card(base)
    read = load_object(card.reader)
    if card.takes_path:
        path = _path_of(base, argument, data_dir)
        task: Task = read(task_name(name), folder=path, **card.options)
    else:
        options = {**card.options, **_arguments(card, argument)}
        if "graph" in options:
            options["graph"] = FOLDER / str(options["graph"])
        if card.folder:
            options["folder"] = _checked_folder(card, data_dir)
        task = read(task_name(name), **options)
        if not argument:
            _check_counts(card, task)
    return replace(task, notes=(*card.notes, *task.notes), defaults=card.defaults)


def task_name(dataset: str) -> str:
    """The name of the task that a dataset is read as: ``tree:H=3,W=7`` is ``tree-H=3,W=7``.

    Of a path only the last part is kept.
    """
    base, _, argument = dataset.partition(":")
    if base == "hierarchy":
        return f"{base}-{Path(argument).stem}"
    if find_card(base).takes_path:
        return f"{base}-{Path(argument).name}"
    return dataset.replace(":", "-")


def task_reader(datasets: Iterable[str], data_dir: Path | None) -> Callable[[str], Task]:
    """A function that reads a task by its name.

    Args:
        datasets: where the name alone does not find it, as ``--dataset`` takes them.
        data_dir: where data files are looked for.

    Raises:
        InputError: a dataset that was named cannot be read.
    """
    own = {task.name: task for task in (load_dataset(name, data_dir) for name in datasets)}
    return lambda name: own.get(name) or load_dataset(dataset_of(name), data_dir)


def dataset_of(task: str) -> str:
    """The dataset that a task was read from, as it is typed: ``tree-H=3,W=7`` is ``tree:H=3,W=7``.

    Of one that was read from a path only the last part is known.
    """
    if task.startswith("hierarchy-"):
        return f"hierarchy:{task.removeprefix('hierarchy-')}.csv"
    own = (card for card in cards().values() if card.takes_path)
    card = card_of_task(task) or next((c for c in own if task.startswith(f"{c.name}-")), None)
    if card is None or task == card.name:
        return task
    return f"{card.name}:{task.removeprefix(f'{card.name}-')}"


def _path_of(kind: str, argument: str, data_dir: Path | None) -> Path:
    """The user's own file or folder."""
    example = {"hierarchy": "hierarchy:EDGES.csv"}.get(kind, f"{kind}:FOLDER")
    if not argument:
        raise InputError(f"--dataset {kind} needs a path: {example}")
    path = Path(argument)
    looked = [path, *(folder / path for folder in data_folders(data_dir))]
    return next((place for place in looked if place.exists()), path)


def _checked_folder(card: Card, data_dir: Path | None) -> Path:
    """The folder of a dataset, its files being there and those of the release."""
    folder = find_data(card.folder, data_dir, dataset=card.name)
    for file, sha256 in card.files.items():
        path = folder / file
        if not path.exists():
            raise InputError(f"dataset {card.name} lacks {path}; {_way(card)}")
        if sha256 and sha256_of(path) != sha256:
            raise InputError(
                f"{path} has sha256 {sha256_of(path)}, the released file has {sha256}; put "
                f"that one there: {_way(card)}"
            )
    return folder


def _way(card: Card) -> str:
    """How the files of a dataset are had."""
    return f"run `python -m bench fetch {card.name}`" if card.sources else card.obtain


def _arguments(card: Card, argument: str) -> dict[str, Any]:
    """The options in ``H=3,W=7``; only whole numbers that the card has can be set."""
    known = {name for name, value in card.options.items() if type(value) is int}
    options: dict[str, Any] = {}
    for setting in filter(None, argument.split(",")):
        name, _, value = setting.partition("=")
        if name not in known or not re.fullmatch(r"-?[0-9]{1,9}", value):
            expected = ", ".join(f"{option}=NUMBER" for option in sorted(known)) or "no arguments"
            raise InputError(f"dataset {card.name} takes {expected}; got {setting!r}")
        if name in options:
            raise InputError(f"dataset {card.name}: {name} is given twice in {argument!r}")
        options[name] = int(value)
    return options


def _check_counts(card: Card, task: Task) -> None:
    """Compare a task with what its card promises."""
    counts = {
        "queries": len(task.query_names),
        "documents": len(task.document_names),
        "train_pairs": task.train.n_pairs,
        "test_queries": len(task.test.relevance.answered),
        "test_pairs": task.test.relevance.n_pairs,
        "word_pairs": 0 if task.similarity is None else len(task.similarity.gold),
    }
    for name, expected in card.counts.items():
        if counts[name] != expected:
            raise InputError(
                f"dataset {card.name} has {counts[name]:,} {name}, its card says {expected:,}; "
                "the data or the recipe differs from the published one"
            )
