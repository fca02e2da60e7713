"""From the text after ``--dataset`` to a task: ``wordnet``, ``tree:H=3,W=7``, ``beir:FOLDER``.

A name is parsed once into a :class:`Dataset`, which says what is read and from where.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from bench.data.cards import FOLDER, Card, card_of_task, cards, find_card
from bench.errors import InputError
from bench.system.files import sha256_of
from bench.system.paths import data_folders, find_data, load_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.task import Task
    from bench.types import Value

READY = "ready"
BY_HAND = "missing: see below"
_KINDS: dict[type, tuple[str, str]] = {
    int: ("NUMBER", r"-?[0-9]{1,9}"),
    float: ("NUMBER", r"[0-9]{0,9}\.?[0-9]{1,9}"),
    str: ("TEXT", r"[^,=]*"),
}
"""What may be typed for an option, by the type of its value on the card."""


class Dataset(NamedTuple):
    """A dataset as it was typed: a card, and the text after the colon.

    Attributes:
        card: the card of the name before the colon.
        path: the path as typed; empty for a card that takes none.
        settings: the settings as typed, such as ``H=3,W=7``; empty if there are none.
        options: the options of the reader that the settings set.
    """

    card: Card
    path: str
    settings: str
    options: dict[str, Value]

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Parse a name; nothing is read.

        Raises:
            InputError: the name is unknown, a path is missing, or an argument is wrong.
        """
        name, _, argument = typed.partition(":")
        card = find_card(name)
        path, settings = _parted(argument, card)
        if card.takes_path and not path:
            raise InputError(f"dataset {name} needs a path: {name}:{card.takes_path}")
        return cls(card, path, settings, _options(card, settings))

    @property
    def task_name(self) -> str:
        """The name of its task: the card's, the last part of the path or ``name=``, settings."""
        parts = [part for part in self.settings.split(",") if not part.startswith("name=")]
        if self.path:
            parts.insert(0, str(self.options.get("name") or _last_part(self.path, self.card)))
        return "-".join(filter(None, (self.card.name, ",".join(filter(None, parts)))))

    def place(self, data_dir: Path | None) -> str | None:
        """The dataset as it is typed in any folder, if it is read from a path."""
        if not self.card.takes_path:
            return None
        path = str(_own_path(self.path, self.card, data_dir).absolute())
        return f"{self.card.name}:{','.join(filter(None, (path, self.settings)))}"

    def read(self, data_dir: Path | None) -> Task:
        """Read the task; see ``load_dataset``."""
        card = self.card
        options = card.options | {k: value for k, value in self.options.items() if k != "name"}
        if "graph" in options:
            options["graph"] = FOLDER / str(options["graph"])
        if card.takes_path:
            places = [_own_path(self.path, card, data_dir)]
        else:
            places = [_checked_folder(card, data_dir)] if card.folder else []
        task: Task = load_object(card.reader)(self.task_name, *places, **options)
        if not self.settings:
            _check_counts(card, task)
        return replace(task, notes=(*card.notes, *task.notes), defaults=card.defaults)


def load_dataset(name: str, data_dir: Path | None = None) -> Task:
    """Read one dataset; a path that does not exist as typed is looked for in the data folders.

    Raises:
        InputError: it is unknown or not on this machine, its arguments are wrong, a file is not the
            published one, or its counts are not those of the card.
    """
    return Dataset.parse(name).read(data_dir)


def dataset_of(task: str) -> str:
    """The dataset of a task, as it is typed: ``tree-H=3,W=7`` is ``tree:H=3,W=7``.

    For a dataset that was read from a path, only the last part of the path is known.
    """
    own = (card for card in cards().values() if card.takes_path)
    card = card_of_task(task) or next((c for c in own if task.startswith(f"{c.name}-")), None)
    if card is None or task == card.name:
        return task
    path, settings = _parted(task.removeprefix(f"{card.name}-"), card)
    path += Path(card.takes_path).suffix
    return f"{card.name}:{','.join(filter(None, (path, settings)))}"


def task_reader(datasets: Iterable[str], data_dir: Path | None) -> Callable[[str], Task]:
    """A function that reads a task by its name.

    Args:
        datasets: datasets in the form of ``--dataset``, for tasks whose name does not tell it.
        data_dir: the folder that is searched for data first.

    Raises:
        InputError: a dataset that was named cannot be read.
    """
    tasks = {name: load_dataset(name, data_dir) for name in datasets}
    require_names_apart(tasks)
    own = {task.name: task for task in tasks.values()}
    return lambda name: own.get(name) or load_dataset(dataset_of(name), data_dir)


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
                f"own: --dataset {dataset},name=NAME"
            )


def dataset_names(listed: str, single: Iterable[str]) -> list[str]:
    """The datasets that ``--datasets`` and ``--dataset`` ask for, each once.

    Args:
        listed: ``quick``, ``all``, or names with commas between; may be empty.
        single: names that may have arguments after a colon.
    """
    is_quick = {card.name: card.quick for card in cards().values() if not card.takes_path}
    groups = {"quick": [name for name, quick in is_quick.items() if quick], "all": list(is_quick)}
    names = groups.get(listed) or [name.strip() for name in listed.split(",") if name.strip()]
    if not names and not single:
        raise InputError("no dataset is named; take quick, all, or names from `bench list`")
    return list(dict.fromkeys([*names, *single]))


def state_of(card: Card, data_dir: Path | None) -> str:
    """``READY``, or what is missing and the command that gets it."""
    graph = card.options.get("graph")
    if graph is not None and not (FOLDER / graph).exists():
        return f"missing: {graph}; python -m bench embed-wordnet"
    folders = data_folders(data_dir)
    here = next((folder for folder in folders if (folder / card.folder).exists()), folders[0])
    if not card.folder or not card.missing(here):
        return READY
    return f"missing: python -m bench fetch {card.name}" if card.sources else BY_HAND


def _known(card: Card) -> dict[str, Value]:
    """The options that can be typed: those of the card, and ``name`` for the user's own data."""
    known = {name: value for name, value in card.options.items() if type(value) in _KINDS}
    return known | ({"name": ""} if card.takes_path else {})


def _taken(card: Card) -> str:
    """The options that can be typed, in words."""
    known = sorted(_known(card).items())
    return ", ".join(f"{n}={_KINDS[type(value)][0]}" for n, value in known) or "no arguments"


def _parted(argument: str, card: Card) -> tuple[str, str]:
    """The path and the settings of ``PATH,NAME=VALUE,…``; a path may have commas of its own."""
    parts = argument.split(",")
    end = len(parts) if card.takes_path else 0
    while end > 1 and parts[end - 1].partition("=")[0] in _known(card):
        end -= 1
    return ",".join(parts[:end]), ",".join(parts[end:])


def _options(card: Card, settings: str) -> dict[str, Value]:
    """The options of the reader in ``H=3,W=7``."""
    known = _known(card)
    options: dict[str, Value] = {}
    for setting in filter(None, settings.split(",")):
        name, _, text = setting.partition("=")
        if name not in known or not re.fullmatch(_KINDS[type(known[name])][1], text):
            raise InputError(f"dataset {card.name} takes {_taken(card)}; got {setting!r}")
        if name in options:
            raise InputError(f"dataset {card.name}: {name} is given twice in {settings!r}")
        options[name] = type(known[name])(text)
    return options


def _last_part(path: str, card: Card) -> str:
    """The last part of a path, without the ending that all files of a card have."""
    place = Path(path)
    if place.name in {"", ".."}:
        place = place.resolve()
    return place.stem if Path(card.takes_path).suffix else place.name


def _own_path(typed: str, card: Card, data_dir: Path | None) -> Path:
    """The user's own file or folder, as named or in a data folder."""
    places = [Path(typed), *(folder / typed for folder in data_folders(data_dir))]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise InputError(
            f"there is no folder or file {typed}, here or in a data folder; --dataset takes "
            f"{card.name}:{card.takes_path} and after a comma {_taken(card)}"
        )
    return found


def _checked_folder(card: Card, data_dir: Path | None) -> Path:
    """The folder of a dataset, after a check that its files are there and are those released."""
    folder = find_data(card.folder, data_dir, dataset=card.name)
    way_out = f"run `python -m bench fetch {card.name}`" if card.sources else card.obtain
    for file, sha256 in card.files.items():
        path = folder / file
        if not path.exists():
            raise InputError(f"dataset {card.name} lacks {path}; {way_out}")
        if sha256 and (found := sha256_of(path)) != sha256:
            raise InputError(
                f"{path} has sha256 {found}, the released file has {sha256}; put that one there: "
                f"{way_out}"
            )
    return folder


def _check_counts(card: Card, task: Task) -> None:
    """Compare the counts of a task with those of its card."""
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
