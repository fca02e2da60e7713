"""``bench list``: methods and datasets, what each needs, what is missing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.cards import FOLDER, Card, cards
from bench.registry import Registry, missing_packages
from bench.report.console import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable


def list_everything(plugins: Iterable[str]) -> None:
    """Print both tables and how methods are composed."""
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
    say_table(
        ["dataset", "here", "what it is"],
        [[card.name, _state(card), card.title] for card in cards().values()],
    )
    say("  hierarchy:EDGES.csv  your own, from a CSV with the columns child,parent")


def _state(card: Card) -> str:
    """Whether a dataset's embedded file is here."""
    file = card.options.get("graph")
    if file is None or (FOLDER / file).exists():
        return "ready"
    return f"missing: {file}; python -m bench embed-wordnet"
