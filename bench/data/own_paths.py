"""The user's own file or folder, as it was typed after the name of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.data.hub import NAME
from bench.data.settings import taken
from bench.errors import InputError
from bench.system.paths import data_folders

if TYPE_CHECKING:
    from bench.data.cards import Card


def last_part(path: str, card: Card) -> str:
    """The last part of a path, without the ending that all files of a card have."""
    place = Path(path)
    if place.name in {"", ".."}:
        place = place.resolve()
    return place.stem if Path(card.takes_path).suffix else place.name


def absolute(path: Path) -> Path:
    """The one absolute path of a file or folder; a link keeps its name, which tells the form."""
    whole = path.absolute()
    return whole.parent.resolve() / whole.name if whole.name != ".." else whole.resolve()


def own_path(typed: str, card: Card, data_dir: Path | None) -> Path:
    """The user's own file or folder, as named or in a data folder; or a name on the hub.

    Raises:
        InputError: there is no such file or folder, and it can be no name on the hub.
    """
    here = Path(typed).expanduser()  # a shell leaves the ~ of NAME:~/FILE as it is
    folders = data_folders(data_dir)
    places = [here, *(folder / typed for folder in folders)]
    found = next((place for place in places if place.exists()), None)
    if found is None and card.hub and NAME.fullmatch(typed):
        return Path(typed)
    whole, comma, setting = typed.rpartition(",")
    there = any((folder / Path(whole).expanduser()).exists() for folder in [Path(), *folders])
    if found is None and comma and there:
        raise InputError(f"dataset {card.name} takes {taken(card)}; got {setting!r}")
    if found is None:
        raise InputError(
            f"there is no folder or file {typed}, here or in a data folder; name "
            f"{card.name}:{card.takes_path}, and its options after a comma: {taken(card)}"
        )
    return found
