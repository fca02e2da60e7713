"""A dual encoder as a method: a trainer for the vectors and an index to search them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from bench.method import FitIdentity, Method, Params, Point, Progress, SearchResult, Value

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from bench.task import Corpus, Queries, Training
    from bench.types import Ints
    from methods.encoders.table import TableEncoder
    from methods.indexes.base import Index
    from methods.trainers.base import Trainer


class DualEncoder(Method):
    """Trainer and index behind the contract of a method; made by :func:`compose`."""

    trainer_name: ClassVar[str]
    trainer_type: ClassVar[type[Trainer]]
    index_type: ClassVar[type[Index]]

    def __init__(self, **params: Value) -> None:
        super().__init__(**params)
        self.trainer = self.trainer_type(**_of(self.trainer_type, self.values))
        self._index = self.index_type(**_of(self.index_type, self.values))
        self._start: TableEncoder | None = None

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Train the encoder."""
        self.encoder = self.trainer.train(train, self._start, seed=seed, progress=progress)

    def index(self, corpus: Corpus) -> None:
        """Index the document vectors."""
        self._index.build(
            self.encoder.encode_documents().numpy(),
            self.encoder.encode_queries(corpus.sample.rows).numpy(),
        )

    def operating_points(self) -> list[Point]:
        """Those of the index."""
        return self._index.operating_points()

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Encode the queries and search the index."""
        return self._index.search(self.encoder.encode_queries(queries.rows).numpy(), k, point)

    def partition(self) -> Ints | None:
        """That of the index."""
        return self._index.partition()

    def index_bytes(self) -> int:
        """Size of the index."""
        return self._index.memory_bytes()

    def save(self, folder: Path) -> None:
        """Write the tables."""
        from safetensors.torch import save_file

        tables: dict[str, torch.Tensor] = {
            "queries": self.encoder.queries,
            "documents": self.encoder.documents,
        }
        save_file(tables, folder / "encoder.safetensors", {"cosine": str(self.encoder.cosine)})

    def load(self, folder: Path) -> None:
        """Take over the tables that ``save`` wrote."""
        from safetensors import safe_open

        from methods.encoders.table import TableEncoder

        with safe_open(folder / "encoder.safetensors", "pt") as tables:
            self.encoder = TableEncoder(
                tables.get_tensor("queries"),
                tables.get_tensor("documents"),
                tables.metadata()["cosine"] == "True",
            )

    def modules(self) -> tuple[str, ...]:
        """Trainer, index and this file."""
        return (self.trainer_type.__module__, self.index_type.__module__, __name__)

    def fit_identity(self) -> FitIdentity:
        """The trainer and its own parameters: rows with another index share the fit."""
        return FitIdentity(
            self.trainer_name,
            dataclasses.asdict(self.trainer),
            (self.trainer_type.__module__,),
        )

    def warm_start(self) -> Method | None:
        """The method that trains what this trainer goes on from."""
        first = self.trainer.first_stage()
        if first is None:
            return None
        from methods.indexes.exact import Exact

        name, trainer = first
        composed = compose(name, name, type(trainer), Exact)
        return composed(**dataclasses.asdict(trainer))

    def start_from(self, fitted: Method) -> None:
        """Take the encoder that the first stage trained."""
        if not isinstance(fitted, DualEncoder):
            raise TypeError(f"{self.name} goes on from a dual encoder, not from {fitted.name}")
        self._start = fitted.encoder


def compose(
    name: str, trainer_name: str, trainer: type[Trainer], index: type[Index]
) -> type[DualEncoder]:
    """The class of the method that trains with ``trainer`` and searches with ``index``."""
    return type(
        "DualEncoder",
        (DualEncoder,),
        {
            "__module__": __name__,
            "__doc__": trainer.__doc__,
            "name": name,
            "params": _defaults(trainer) | _defaults(index),
            "requires": index.requires,
            "trainer_name": trainer_name,
            "trainer_type": trainer,
            "index_type": index,
        },
    )


def _defaults(part: type[Trainer | Index]) -> dict[str, Value]:
    """The hyper-parameters of a trainer or an index, with their defaults."""
    return {field.name: field.default for field in dataclasses.fields(part)}  # type: ignore[misc]


def _of(part: type[Trainer | Index], values: Params) -> dict[str, Value]:
    """Those of ``values`` that a trainer or an index reads."""
    return {field.name: values[field.name] for field in dataclasses.fields(part)}
