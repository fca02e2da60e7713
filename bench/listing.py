"""``bench list``: methods and datasets, what each needs, what is missing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.cards import FOLDER, Card, cards
from bench.fetch import missing_files
from bench.places import data_folders
from bench.registry import Registry, missing_packages
from bench.report.console import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def list_everything(plugins: Iterable[str], data_dir: Path | None = None) -> None:
    """Print both tables, how methods are composed and how data is had that is not here."""
    registry = Registry(plugins)
    methods = [registry.resolve(name) for name in registry.names()]
    rows = []
    for method in methods:
        missing = missing_packages(method)
        state = f"missing: pip install {' '.join(missing)}" if missing else "ready"
        params = " ".join(f"{name}={value}" for name, value in method.params.items())
        rows.append([method.name, state, params or "–"])
    say("Methods")
    say_table(["method", "here", "parameters and defaults"], rows)
    trainers, indexes = registry.parts()
    say("\nAny trainer goes with any index: --methods TRAINER+INDEX")
    say(f"  trainers: {', '.join(trainers)}")
    say(f"  indexes:  {', '.join(indexes)}")
    say("\nDatasets")
    named = [card for card in cards().values() if not card.takes_path]
    states = {card.name: _state(card, data_dir) for card in named}
    say_table(
        ["dataset", "here", "what it is"],
        [[card.name, states[card.name], card.title] for card in named],
    )
    for card in named:
        if states[card.name] == _BY_HAND:
            say(f"  {card.name}: {card.obtain}")
    own = {f"{card.name}:FOLDER": card.title for card in cards().values() if card.takes_path}
    own["hierarchy:EDGES.csv"] = "your own, from a CSV with the columns child,parent"
    width = max(map(len, own))
    for name, title in own.items():
        say(f"  {name:{width}}  {title}")


_BY_HAND = "missing: see below"


def _state(card: Card, data_dir: Path | None) -> str:
    """Whether a dataset's files are here, and if not what brings them."""
    file = card.options.get("graph")
    if file is not None and not (FOLDER / file).exists():
        return f"missing: {file}; python -m bench embed-wordnet"
    return _state_of_files(card, data_dir) if card.folder else "ready"


def _state_of_files(card: Card, data_dir: Path | None) -> str:
    """The same for files in the first data folder that knows the dataset, as a run reads them."""
    folders = data_folders(data_dir)
    here = next((folder for folder in folders if (folder / card.folder).exists()), folders[0])
    if not missing_files(card, here):
        return "ready"
    return f"missing: python -m bench fetch {card.name}" if card.sources else _BY_HAND
