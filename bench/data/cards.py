"""Dataset cards: ``datasets/*.toml``, read and validated."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import InputError, unknown
from bench.types import Value

FOLDER = Path(__file__).parents[2] / "datasets"


class Reported(BaseModel):
    """A row of numbers that a paper published, in per cent; never mixed with measured ones.

    Attributes:
        method, source: what the paper calls it, and which paper.
        recall_by_distance: from distance 0 on.
        min, overall: as printed.
        values: other measures by name (``nDCG@10`` in per cent; ``rho nouns`` as it is).
    """

    model_config = ConfigDict(extra="forbid")

    method: str
    source: str
    recall_by_distance: list[float] = []
    min: float | None = None
    overall: float | None = None
    values: dict[str, float] = {}
    comment: str = ""


class Source(BaseModel):
    """A public address that ``bench fetch`` downloads from.

    Attributes:
        url: of a file, or of an archive with ``unpack``.
        hash: ``sha256:…`` or ``md5:…`` of what is downloaded, as published or read off it.
        size: in bytes.
        to: where it goes, under the folder of the data: a file, or the folder of an archive.
        unpack: whether it is a zip or tar archive, or a single file under gzip.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern="^https?://")]
    hash: Annotated[str, Field(pattern=r"^(sha256|md5):[0-9a-fA-F]+$")]
    size: int
    to: str
    unpack: bool = False


class Card(BaseModel):
    """What is known of a dataset.

    Attributes:
        name: as typed after ``--datasets``.
        title, citation, licence: for the board and its reader.
        reader: ``module:function``, called with ``options`` and the card's folder.
        options: of the reader.
        folder: of its files, under the folders where data is looked for; empty: embedded.
        files: what must lie in that folder, with the sha256 of each, or "" where none is known.
        sources: where ``bench fetch`` gets them.
        obtain: how to get by hand what has no public address.
        takes_path: what the user's own file or folder is called in ``NAME:FOLDER`` or
            ``NAME:EDGES.csv``; empty: the dataset takes no path.
        quick: whether it is one of the small ones that run by default.
        notes: sentences printed under the board's title.
        defaults: hyper-parameters that suit the dataset, by name or ``method.name``.
        counts: what reading must give (``queries``, ``documents``, ``train_pairs``,
            ``test_queries``, ``test_pairs``, ``word_pairs``).
        reported: rows of the papers.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    citation: str
    licence: str
    reader: str
    options: dict[str, Any] = {}
    folder: str = ""
    files: dict[str, str] = {}
    sources: list[Source] = []
    obtain: str = ""
    takes_path: str = ""
    quick: bool = False
    notes: list[str] = []
    defaults: dict[str, Value] = {}
    counts: dict[str, int] = {}
    reported: list[Reported] = []

    def missing(self, data: Path) -> list[Path]:
        """The files that are listed and not in ``data``; where none is listed, the folder."""
        listed = [data / self.folder / name for name in self.files] or [data / self.folder]
        return [path for path in listed if not path.exists()]


@cache
def cards() -> dict[str, Card]:
    """Every card by name."""
    found = [read_card(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {card.name: card for card in found}


def read_card(path: Path) -> Card:
    """One card.

    Raises:
        InputError: it is not TOML, or a field is missing, unknown or of the wrong type.
    """
    try:
        card = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise InputError(f"the card {path} cannot be used: {error}") from error
    if card.name != path.stem:
        raise InputError(f"the card {path} names its dataset {card.name!r}; rename one of them")
    return card


def card_of_task(task: str) -> Card | None:
    """The card that a task was read by; ``tree-H=5,W=3`` was read by ``tree`` with arguments.

    None for a task from a path of the user's, which no card describes.
    """
    known = cards()
    card = known.get(task) or known.get(task.rpartition("-")[0] if "=" in task else "")
    return None if card is None or card.takes_path else card


def find_card(name: str) -> Card:
    """The card of a dataset, or an error with the nearest names."""
    known = cards()
    if name not in known:
        raise unknown("dataset", name, known)
    return known[name]
