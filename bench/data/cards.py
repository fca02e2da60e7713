"""Dataset cards: ``datasets/*.toml`` and those of installed packages, read and validated."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from bench.errors import InputError, placed, unknown
from bench.measures.budget import DEFAULT, Budget, By
from bench.types import Value

FOLDER = Path(__file__).parents[1] / "cards"
"""``datasets/`` of the checkout, to which it links; a wheel has the files themselves here."""
ENTRY_POINTS = "treeline.datasets"
"""The group of entry points by which a package brings ``NAME.toml`` in its folder."""
Count: TypeAlias = Literal[
    "queries", "documents", "train_pairs", "test_queries", "test_pairs", "word_pairs"
]
"""What is counted of a task."""


class Reported(BaseModel):
    """A row of figures that a paper published, in per cent; never mixed with measured ones.

    Attributes:
        method, source: the paper's name of the method, and the paper.
        recall_by_distance: recall from distance 0 on.
        min, overall: figures as printed.
        visited: per cent of the documents that were visited, where charts show the row.
        values: other measures by name (``nDCG@10`` in per cent; ``nouns``, a rho, as it is).
        parameters: number of parameters of the model, as printed.
        row: the row of these boards that repeats it, beside which boards of word pairs show it;
            empty: none does.
    """

    model_config = ConfigDict(extra="forbid")

    method: str
    source: str
    recall_by_distance: list[float] = []
    min: float | None = None
    overall: float | None = None
    visited: float | None = None
    values: dict[str, float] = {}
    parameters: str = ""
    row: str = ""
    comment: str = ""


class Source(BaseModel):
    """A file that ``bench fetch`` makes files of a dataset from.

    Attributes:
        url: the public address of a file, or of an archive with ``unpack``; or the bare name of an
            archive that has none, which the user gets as the card's ``obtain`` says.
        hash: ``sha256:…`` or ``md5:…`` of the download, as published or computed here.
        size: bytes of the download.
        to: its place under the folder of the data: a file, or the folder of an archive.
        unpack: whether it is a zip or tar archive, or a single file under gzip.
        rewrite: ``module:function``, called with the unpacked folder and one that it makes, in the
            form of the card's reader; empty: the files are in that form.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern="^(https?://.+|[^/:]+)$")]
    hash: Annotated[str, Field(pattern=r"^(sha256|md5):[0-9a-fA-F]+$")]
    size: int
    to: str
    unpack: bool = False
    rewrite: str = ""

    @property
    def public(self) -> bool:
        """Whether it has a public address."""
        return "://" in self.url


class Card(BaseModel):
    """The description of a dataset.

    Attributes:
        name: the name that ``--datasets`` takes.
        title, citation, licence: texts for the board.
        reader: ``module:function``, called with ``options`` and the card's folder.
        options: arguments of the reader.
        tasks: ``module:function``, called with the user's own path and the options that were
            typed, that gives the settings of each task which a run measures of the data; empty:
            it is one task.
        folder: the folder of its files, under the folders that are searched for data; empty:
            embedded.
        files: the files of that folder, with the sha256 of each, or "" if none is known.
        sources: the files that ``bench fetch`` downloads, or takes from where the user put them.
        obtain: how to get the files that have no public address.
        query_texts: the licence that allows a page to print the texts of test queries; empty: none
            does, and the page has their numbers, or the names of data that is part of Treeline.
        takes_path: the placeholder of the user's own file or folder, as in ``NAME:FOLDER`` or
            ``NAME:EDGES.csv``; empty: the dataset takes no path.
        hub: whether OWNER/NAME on the Hugging Face hub may stand for the path.
        quick: its place among the small datasets that run by default; 0: it is none of them.
        notes: sentences printed under the board's title.
        defaults: hyper-parameters that suit the dataset, by name or ``method.name``.
        budget, budget_by: the largest cost at which rows are compared on its boards.
        counts: the counts that reading must give.
        reported: rows of the papers.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    citation: str
    licence: str
    reader: str
    options: dict[str, Any] = {}
    tasks: str = ""
    folder: str = ""
    files: dict[str, str] = {}
    sources: list[Source] = []
    obtain: str = ""
    query_texts: str = ""
    takes_path: str = ""
    hub: bool = False
    quick: NonNegativeInt = 0
    notes: list[str] = []
    defaults: dict[str, Value] = {}
    budget: Annotated[float, Field(gt=0, le=1, strict=True)] = DEFAULT.share
    budget_by: By = DEFAULT.by
    counts: dict[Count, int] = {}
    reported: list[Reported] = []

    @property
    def compared_at(self) -> Budget:
        """The largest cost at which rows are compared on its boards."""
        return Budget(self.budget, self.budget_by)

    def missing(self, data: Path) -> list[Path]:
        """The listed files that are not in ``data``; the folder, if no file is listed."""
        listed = [data / self.folder / name for name in self.files] or [data / self.folder]
        return [path for path in listed if not path.exists()]


@cache
def cards() -> dict[str, Card]:
    """Every card by name: those in ``FOLDER``, then those of installed packages.

    Raises:
        InputError: a card cannot be used, or a package has one of a name that is taken.
    """
    found = {path.stem: read_card(path) for path in sorted(FOLDER.glob("*.toml"))}
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        with placed(f"the installed package {point.value}, which brings a dataset {point.name}"):
            if point.name in found:
                raise InputError("there is another dataset of that name; uninstall one of them")
            found[point.name] = read_card(_folder_of(point.module) / f"{point.name}.toml")
    return found


def _folder_of(package: str) -> Path:
    """The folder of a package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError("it is no package, a folder that has the card; uninstall it or mend it")
    return Path(spec.submodule_search_locations[0])


def is_of_package(card: Card) -> bool:
    """Whether an installed package brings a card."""
    return not (FOLDER / f"{card.name}.toml").exists()


def read_card(path: Path) -> Card:
    """One card.

    Raises:
        InputError: it is not TOML, or a field is missing, unknown or of the wrong type.
    """
    try:
        card = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:  # it is no TOML, or of another form
        raise InputError(f"the card {path} cannot be used: {error}") from error
    if card.name != path.stem:
        raise InputError(f"the card {path} names its dataset {card.name!r}; rename one of them")
    return card


def card_of_task(task: str) -> Card | None:
    """The card of a task's dataset; ``tree-H=5,W=3`` was read by ``tree`` with arguments.

    None for a task that was read from a path of the user's, which no card describes.
    """
    known = cards()
    whole = task.partition("@")[0]
    before, has_settings, _ = whole.partition("=")
    card = known.get(whole) or known.get(before.rpartition("-")[0] if has_settings else "")
    return None if card is None or card.takes_path else card


def find_card(name: str) -> Card:
    """The card of a dataset, or an error with the nearest names."""
    known = cards()
    if name not in known:
        raise unknown("dataset", name, known)
    return known[name]
