"""From what the user typed to a task: ``wordnet``, ``tree:H=3,W=7``, ``hierarchy:FILE``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cards import FOLDER, Card, cards, find_card
from bench.errors import InputError
from bench.readers.hierarchy import read_csv
from bench.registry import load_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.task import Task


def dataset_names(listed: str, single: Iterable[str]) -> list[str]:
    """The datasets that ``--datasets`` and ``--dataset`` ask for, each once.

    Args:
        listed: ``quick``, ``all``, or names with commas between; may be empty.
        single: names that may have arguments after a colon.
    """
    quick = [card.name for card in cards().values() if card.quick]
    groups = {"quick": quick, "all": list(cards())}
    names = groups.get(listed) or [name.strip() for name in listed.split(",") if name.strip()]
    if not names and not single:
        raise InputError("--datasets is empty; take quick, all, or names from `bench list`")
    return list(dict.fromkeys([*names, *single]))


def load_dataset(name: str, data_dir: Path | None = None) -> Task:
    """Read one dataset; a file that is not found as named is looked for in ``data_dir``.

    Raises:
        InputError: it is unknown, its arguments are off, or its counts are not the card's.
    """
    base, _, argument = name.partition(":")
    if base == "hierarchy":
        if not argument:
            raise InputError("--dataset hierarchy needs a file: hierarchy:EDGES.csv")
        path = Path(argument)
        if data_dir is not None and not path.exists():
            path = data_dir / path
        return read_csv(f"hierarchy-{path.stem}", path)
    card = find_card(base)
    options = {**card.options, **_arguments(card, argument)}
    if "graph" in options:
        options["graph"] = FOLDER / str(options["graph"])
    read = load_object(card.reader)
    task: Task = read(name.replace(":", "-"), **options)
    if not argument:
        _check_counts(card, task)
    return replace(task, notes=(*card.notes, *task.notes), defaults=card.defaults)


def _arguments(card: Card, argument: str) -> dict[str, Any]:
    """The options in ``H=3,W=7``; only whole numbers that the card has can be set."""
    known = {name for name, value in card.options.items() if type(value) is int}
    options: dict[str, Any] = {}
    for setting in filter(None, argument.split(",")):
        name, _, value = setting.partition("=")
        if name not in known or not re.fullmatch(r"-?[0-9]{1,9}", value):
            expected = ", ".join(f"{option}=NUMBER" for option in sorted(known)) or "no arguments"
            raise InputError(f"dataset {card.name} takes {expected}; got {setting!r}")
        options[name] = int(value)
    return options


def _check_counts(card: Card, task: Task) -> None:
    """Compare a task with what its card promises."""
    counts = {
        "queries": len(task.query_names),
        "documents": len(task.document_names),
        "test_pairs": task.test.relevance.n_pairs,
    }
    for name, expected in card.counts.items():
        if counts[name] != expected:
            raise InputError(
                f"dataset {card.name} has {counts[name]:,} {name}, its card says {expected:,}; "
                "the data or the recipe differs from the published one"
            )
