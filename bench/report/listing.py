"""``bench list``: methods and datasets, what each needs, what is missing here."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from bench.data.cards import cards
from bench.data.load import BY_HAND, state_of
from bench.registry import Registry, missing_packages
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


WIDTH = 90
"""Characters of a method's parameters on a line."""


def list_everything(plugins: Iterable[str], data_dir: Path | None = None) -> None:
    """Print both tables, how methods are composed and how data is had that is not here."""
    registry = Registry(plugins)
    methods = [registry.resolve(name) for name in registry.names()]
    rows = []
    for method in methods:
        missing = missing_packages(method)
        state = f"missing: pip install {' '.join(missing)}" if missing else "ready"
        params = " ".join(f"{name}={value}" for name, value in method.params.items())
        rows.append([method.name, state, textwrap.fill(params, WIDTH) or "–"])
    say("Methods")
    say_table(["method", "here", "parameters and defaults"], rows)
    trainers, indexes = registry.parts()
    say("\nAny trainer goes with any index: --methods TRAINER+INDEX")
    say(f"  trainers: {', '.join(trainers)}")
    say(f"  indexes:  {', '.join(indexes)}")
    say("\nDatasets")
    named = [card for card in cards().values() if not card.takes_path]
    states = {card.name: state_of(card, data_dir) for card in named}
    say_table(
        ["dataset", "here", "what it is"],
        [[card.name, states[card.name], card.title] for card in named],
    )
    for card in named:
        if states[card.name] == BY_HAND:
            say(f"  {card.name}: {card.obtain}")
    own = {
        f"{card.name}:{card.takes_path}": card.title for card in cards().values() if card.takes_path
    }
    width = max(map(len, own))
    for name, title in own.items():
        say(f"  {name:{width}}  {title}")
