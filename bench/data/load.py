"""From the text after ``--dataset`` to a task: ``wordnet``, ``tree:H=3,W=7``, ``beir:FOLDER``.

A name is parsed once into a :class:`Dataset`, which says what is read and from where.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

from bench.data.cards import FOLDER, Card, Count, card_of_task, cards, find_card
from bench.data.hub import revision_of
from bench.data.own_paths import absolute, last_part, own_path
from bench.data.settings import options_of, parted
from bench.data.views import VIEWS, parted_views
from bench.errors import InputError, placed
from bench.system.files import sha256_of
from bench.system.paths import data_folders, find_data, load_object, program

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from bench.task import Task
    from bench.types import Value

REVISION = "revision="
UNNAMED = ("name=", REVISION)
"""Settings that are no part of the name of a task."""
LONGEST = 200
"""Bytes of a task's name, at most: a file system takes 255, and charts add what they show."""
READY = "ready"
BY_HAND = "missing: see below"
GRAPHS = "bench.data.readers.hierarchies.graph:task"
"""The reader of a graph that is handed over from Python."""


class Dataset(NamedTuple):
    """A dataset as it was typed: a card, and the text after the colon.

    Attributes:
        card: the card of the name before the colon.
        path: the path as typed; empty for a card that takes none.
        settings: the settings as typed, such as ``H=3,W=7``; empty if there are none.
        options: the options of the reader that the settings set.
        views: the names of its views, such as ``validation``.
    """

    card: Card
    path: str
    settings: str
    options: dict[str, Value]
    views: list[str]

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Parse a name; nothing is read.

        Raises:
            InputError: the name is unknown, a path is missing, or an argument is wrong.
        """
        typed, views = parted_views(typed)
        if len(set(views)) < len(views):
            raise InputError(f"{typed}@{'@'.join(views)} names a view twice; name it once")
        name, _, argument = typed.partition(":")
        card = find_card(name)
        path, settings = parted(argument, card)
        if card.takes_path and not path:
            raise InputError(f"dataset {name} needs a path: {name}:{card.takes_path}")
        dataset = cls(card, path, settings, options_of(card, settings), views)
        if dataset.options.get("name") == "":
            raise InputError(f"dataset {typed}: name= is empty; give a name, or leave it out")
        size = len(os.fsencode(dataset.task_name))
        if size > LONGEST:
            raise InputError(
                f"dataset {typed} has a name of {size} bytes, and folders and charts are named "
                f"after it: {LONGEST} at most; give it a short one by {name}:{path},name=SHORT"
            )
        return dataset

    @property
    def task_name(self) -> str:
        """The name of its task: that of the whole dataset, and its views."""
        return "@".join((self._whole_name, *self.views))

    @property
    def _whole_name(self) -> str:
        """The card's, the last part of the path or ``name=``, and the settings.

        A setting that turns off what is off by default leaves no trace in it.
        """
        options = self.card.options.items()
        off = {f"{name}=false" for name, value in options if value in (False, "false")}
        parts = self.settings.split(",")
        parts = [part for part in parts if not part.startswith(UNNAMED) and part not in off]
        if self.path:
            parts.insert(0, str(self.options.get("name") or last_part(self.path, self.card)))
        return "-".join(filter(None, (self.card.name, ",".join(filter(None, parts)))))

    def place(self, data_dir: Path | None) -> str | None:
        """The dataset as it is typed in any folder, if it is read from a path."""
        if not self.card.takes_path:
            return None
        return "@".join((self._whole_place(data_dir), *self.views))

    def _whole_place(self, data_dir: Path | None) -> str:
        """The same without its views."""
        path = own_path(self.path, self.card, data_dir)
        if path.exists():
            return ",".join(filter(None, (f"{self.card.name}:{absolute(path)}", self.settings)))
        settings = [part for part in self.settings.split(",") if not part.startswith(REVISION)]
        commit = revision_of(self.path, str(self.options.get("revision", "")))
        return ",".join(filter(None, (f"{self.card.name}:{path}", *settings, REVISION + commit)))

    @property
    def reader_options(self) -> dict[str, Any]:
        """All options of the reader."""
        return self.card.options | {k: v for k, v in self.options.items() if k != "name"}

    def tasks(self, data_dir: Path | None) -> list[str]:
        """The tasks that a run measures of the user's own data, as they are typed; or none.

        Raises:
            InputError: the data cannot be read.
        """
        if not self.card.tasks or self.views:
            return []
        path = own_path(self.path, self.card, data_dir)
        given = {name: value for name, value in self.options.items() if name != "name"}
        found = load_object(self.card.tasks)(path, **given)
        typed = ",".join(filter(None, (self.path, self.settings)))
        return [f"{self.card.name}:{typed},{settings}" for settings in found]

    def read(self, data_dir: Path | None) -> Task:
        """Read the task; see ``load_dataset``."""
        card = self.card
        options = self.reader_options
        if "graph" in options:
            options["graph"] = FOLDER / str(options["graph"])
        if card.takes_path:
            places = [own_path(self.path, card, data_dir)]
        else:
            places = [_checked_folder(card, data_dir)] if card.folder else []
        with placed(f"the card {card.name}, reader"):
            reader = load_object(card.reader)
        try:
            task: Task = reader(self._whole_name, *places, **options)
        except (TypeError, OverflowError) as error:
            raise InputError(
                f"the card {card.name} has options {options} that do not fit its reader "
                f"{card.reader}: {error}"
            ) from error
        if not self.settings:
            _check_counts(card, task)
        task = replace(
            task, notes=(*card.notes, *task.notes), defaults=task.defaults | card.defaults
        )
        for view in self.views:
            task = VIEWS[view](task)
        return task


def load_dataset(name: str, data_dir: Path | None = None) -> Task:
    """Read one dataset; a path that does not exist as typed is looked for in the data folders.

    Raises:
        InputError: it is unknown or not on this machine, its arguments are wrong, a file is not the
            published one, or its counts are not those of the card.
    """
    return Dataset.parse(name).read(data_dir)


def load_graph(graph: object, settings: str = "") -> Task:
    """A task from a graph of NetworkX, with the settings that follow ``hierarchy:FILE,``.

    Raises:
        InputError: the graph is no hierarchy, or a setting is wrong.
    """
    card = find_card("hierarchy")
    path = str(getattr(graph, "name", "") or "graph")
    dataset = Dataset(card, path, settings, options_of(card, settings), [])
    task: Task = load_object(GRAPHS)(dataset.task_name, graph, **dataset.reader_options)
    return task


def task_named(typed: str) -> str:
    """The name of the task of a dataset as it is typed; one that is of no dataset stays.

    A file of the user's own is known by its name, from whichever folder it is named.
    """
    with contextlib.suppress(InputError):
        return Dataset.parse(typed).task_name
    return typed


def dataset_of(task: str) -> str:
    """The dataset of a task, as it is typed: ``tree-H=3,W=7`` is ``tree:H=3,W=7``.

    Of a dataset that was read from a path, only the last part of the path is known, without the
    ending of a file; its cells have the whole path in their field ``dataset``.
    """
    whole, views = parted_views(task)
    own = (card for card in cards().values() if card.takes_path)
    card = card_of_task(whole) or next((c for c in own if whole.startswith(f"{c.name}-")), None)
    if card is None or whole == card.name:
        return task
    path, settings = parted(whole.removeprefix(f"{card.name}-"), card)
    return "@".join((f"{card.name}:{','.join(filter(None, (path, settings)))}", *views))


def state_of(card: Card, data_dir: Path | None) -> str:
    """``READY``, or what is missing and the command that gets it."""
    graph = card.options.get("graph")
    if graph is not None and not (FOLDER / graph).exists():
        return f"missing: {graph}; {program()} embed-wordnet"
    folders = data_folders(data_dir)
    here = next((folder for folder in folders if (folder / card.folder).exists()), folders[0])
    if not card.folder or not card.missing(here):
        return READY
    return f"missing: {program()} fetch {card.name}" if card.sources else BY_HAND


def _checked_folder(card: Card, data_dir: Path | None) -> Path:
    """The folder of a dataset, after a check that its files are there and are those released."""
    folder = find_data(card.folder, data_dir, dataset=card.name)
    way_out = f"run `{program()} fetch {card.name}`" if card.sources else card.obtain
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
    counts: dict[Count, int] = {
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
