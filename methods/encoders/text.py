"""A text encoder: queries and documents are read by one and the same tower."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch

from methods.encoders.base import Encoder
from methods.encoders.embeddings import embed
from methods.encoders.towers import Tower, make_tower

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Workspace
    from bench.strings import Strings
    from bench.task import Queries, Training
    from bench.types import Floats
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients

WEIGHTS = "text.safetensors"
FACTS = "text.json"


class TextEncoder(Encoder):
    """A pretrained sentence encoder, with what was trained of it.

    Attributes:
        tune: which part is trained.
        tower: texts in, unit vectors out.
    """

    def __init__(self, tune: str, tower: Tower) -> None:
        self.tune = tune
        self.tower = tower

    @classmethod
    def pretrained(
        cls, name: str, tune: str, workspace: Workspace, *, documents: Strings, seed: int
    ) -> TextEncoder:
        """The encoder before training; ``documents`` are those that it will be trained on."""
        # A head is as wide as the embeddings, which training needs in any case.
        dim = embed(name, documents, workspace).shape[1] if tune == "head" else 0
        return cls(tune, make_tower(name, tune, workspace, dim=dim, seed=seed))

    @classmethod
    def load(cls, folder: Path, workspace: Workspace) -> TextEncoder:
        """The encoder that ``save`` wrote."""
        from safetensors.torch import load_model

        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tower = make_tower(facts["name"], facts["tune"], workspace, dim=facts["dim"], seed=0)
        if tower.module is not None:
            load_model(tower.module, folder / WEIGHTS)
        return cls(facts["tune"], tower)

    def save(self, folder: Path) -> None:
        """Write what was trained, and of which encoder it is a part."""
        from safetensors.torch import save_model

        if self.tower.module is not None:
            save_model(self.tower.module, str(folder / WEIGHTS))
        facts = {"name": self.tower.name, "tune": self.tune, "dim": self.tower.dim}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    def copy(self) -> TextEncoder:
        """A copy that can be trained on without changing this one."""
        return TextEncoder(self.tune, self.tower.copy())

    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim] vectors of the queries' texts."""
        if queries.texts is None:
            raise ValueError("a text encoder was given queries without texts")
        return self.tower.encode(queries.texts)

    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim] vectors of the texts."""
        if texts is None:
            raise ValueError("a text encoder was given documents without texts")
        return self.tower.encode(texts)


class TextLearner:
    """Trains a tower by automatic differentiation."""

    def __init__(
        self, encoder: TextEncoder, data: Training, optimizer: torch.optim.Optimizer
    ) -> None:
        """``data``: whose texts the batches' rows number."""
        if data.query_texts is None or data.document_texts is None:
            raise ValueError("a text encoder is trained on texts")
        self._encoder = encoder
        self._optimizer = optimizer
        # Only queries with a training pair are read: no test query is.
        self._asked = data.relevance.answered
        self._queries = encoder.tower.prepare(data.query_texts.take(self._asked))
        self._documents = encoder.tower.prepare(data.document_texts)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors of the batch, cut off from their gradient."""
        tower = self._encoder.tower
        rows = self._asked.searchsorted(batch.queries.numpy())
        self._q = tower.forward(self._queries, rows)
        self._x = tower.forward(self._documents, batch.documents.numpy())
        return self._q.detach(), self._x.detach()

    def step(self, gradients: Gradients, rate: float) -> None:
        """Carry the vectors' gradients back to the weights and move them."""
        self._optimizer.zero_grad()
        torch.autograd.backward([self._q, self._x], [gradients.queries, gradients.documents])
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
