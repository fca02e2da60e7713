"""Whether a dataset is on this machine, and if not what brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.data.cards import FOLDER, Card
from bench.data.fetch import missing_files
from bench.system.paths import data_folders

if TYPE_CHECKING:
    from pathlib import Path

READY = "ready"
BY_HAND = "missing: see below"


def state_of(card: Card, data_dir: Path | None) -> str:
    """``READY``, or what is missing and the command that brings it."""
    file = card.options.get("graph")
    if file is not None and not (FOLDER / file).exists():
        return f"missing: {file}; python -m bench embed-wordnet"
    return _state_of_files(card, data_dir) if card.folder else READY


def _state_of_files(card: Card, data_dir: Path | None) -> str:
    """The same for files in the first data folder that knows the dataset, as a run reads them."""
    folders = data_folders(data_dir)
    here = next((folder for folder in folders if (folder / card.folder).exists()), folders[0])
    if not missing_files(card, here):
        return READY
    return f"missing: python -m bench fetch {card.name}" if card.sources else BY_HAND
