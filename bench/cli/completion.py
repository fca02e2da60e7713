"""Words that the shell completes: names of methods and of datasets, and paths of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click


def methods(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of methods, after those before the last comma; of indexes after a plus."""
    from bench.registry import Registry

    registry = Registry()
    done, comma, last = typed.rpartition(",")
    trainer, plus, _ = last.partition("+")
    known = [f"{trainer}+{index}" for index in registry.parts()[1]] if plus else registry.names()
    return _beginning([*known, *["all"][: not plus]], done + comma, last)


def datasets(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of datasets, after those before the last comma; with a colon where a path follows."""
    from bench.data.cards import cards

    done, comma, last = typed.rpartition(",")
    if ":" in typed:
        return []
    known = (f"{card.name}:" if card.takes_path else card.name for card in cards().values())
    return _beginning(known, done + comma, last)


def cells(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """A path: of a cell.json or its folder."""
    return [CompletionItem(typed, type="file")]


def _beginning(names: Iterable[str], before: str, typed: str) -> list[CompletionItem]:
    return [CompletionItem(before + name) for name in names if name.startswith(typed)]
