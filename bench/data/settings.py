"""What may be typed after the name of a dataset: ``tree:H=3,W=7``, ``beir:FOLDER,test=dev``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.errors import InputError

if TYPE_CHECKING:
    from bench.data.cards import Card
    from bench.types import Value

_KINDS: dict[type, tuple[str, str]] = {
    int: ("NUMBER", r"-?[0-9]{1,9}"),
    float: ("NUMBER", r"[0-9]{0,9}\.?[0-9]{1,9}"),
    str: ("TEXT", r"[^,=/\\]*"),  # part of the name of a folder
    bool: ("true|false", r"true|false"),
}
"""What may be typed for an option, by the type of its value on the card."""


def parted(argument: str, card: Card) -> tuple[str, str]:
    """The path and the settings of ``PATH,NAME=VALUE,…``; a path may have commas of its own."""
    parts = [part.strip() for part in argument.split(",")]
    end = len(parts) if card.takes_path else 0
    while end > 1 and parts[end - 1].partition("=")[0] in _known(card):
        end -= 1
    return ",".join(parts[:end]), ",".join(parts[end:])


def options_of(card: Card, settings: str) -> dict[str, Value]:
    """The options of the reader in ``H=3,W=7``; a name alone, such as ``reduce``, is ``true``."""
    known = _known(card)
    options: dict[str, Value] = {}
    for setting in filter(None, settings.split(",")):
        name, given, text = setting.partition("=")
        text = text if given else "true"
        if name not in known or not re.fullmatch(_KINDS[type(known[name])][1], text):
            raise InputError(f"dataset {card.name} takes {taken(card)}; got {setting!r}")
        if name in options:
            raise InputError(f"dataset {card.name}: {name} is given twice in {settings!r}")
        kind = type(known[name])
        options[name] = text == "true" if kind is bool else kind(text)
    return options


def taken(card: Card) -> str:
    """The options that can be typed, in words."""
    known = sorted(_known(card).items())
    return ", ".join(f"{n}={_KINDS[type(value)][0]}" for n, value in known) or "no arguments"


def _known(card: Card) -> dict[str, Value]:
    """The options that can be typed: those of the card, and ``name`` for the user's own data."""
    known = {name: value for name, value in card.options.items() if type(value) in _KINDS}
    return known | ({"name": ""} if card.takes_path else {})
