"""A tower that is a whole transformer, whose weights are all trained."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn.functional import normalize

from methods.device import is_mixed, transformer_precision
from methods.encoders.embeddings import CHUNK
from methods.encoders.pretrained import unit_vectors
from methods.encoders.sentence import load_model
from methods.encoders.towers import Tower

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from bench.method import Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints


class Transformer(Tower):
    """A tower that holds a whole sentence-transformers model."""

    def __init__(self, name: str, workspace: Workspace) -> None:
        super().__init__(name, workspace)
        # Without dropout: the same seed, the same vectors.
        self.model = load_model(name, self.device).eval()
        self.mixed = is_mixed(self.device)

    def pooled(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Unit vectors [n, dim] from [n, length, width] token vectors."""
        features = {"token_embeddings": tokens, "attention_mask": mask}
        for module in list(self.model)[1:]:
            features = module(features)
        return normalize(features["sentence_embedding"].float())

    def precision(self) -> torch.autocast:
        """The precision of its products."""
        return transformer_precision(self.device, mixed=self.mixed)

    def features(self, texts: Strings) -> dict[str, torch.Tensor]:
        """The transformer's input for texts, on its device."""
        features = self.model.preprocess(list(texts))
        return {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in features.items()
        }


class Full(Transformer):
    """All weights are trained; texts go through the transformer at each step."""

    def __init__(self, name: str, workspace: Workspace) -> None:
        super().__init__(name, workspace)
        self.model = self.module = copy.deepcopy(self.model)  # the loaded model is shared

    def copy(self) -> Full:
        """A tower with weights of its own."""
        other = cast("Full", super().copy())
        other.model = cast("SentenceTransformer", other.module)
        return other

    def prepare(self, texts: Strings) -> Strings:
        """The texts."""
        return texts

    def forward(self, prepared: Strings, rows: Ints) -> torch.Tensor:
        """Rows of texts through the transformer."""
        with self.precision():
            vectors = self.model(self.features(prepared.take(rows)))["sentence_embedding"]
        return normalize(vectors.float())

    def encode(self, texts: Strings) -> Floats:
        """All texts through the transformer, the longest first; nothing is cached."""
        order = np.argsort(-texts.lengths, kind="stable")
        vectors = np.empty((len(texts), int(self.model.get_embedding_dimension() or 0)), np.float32)
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            vectors[rows] = unit_vectors(self.model, list(texts.take(rows)), mixed=self.mixed)
            self.workspace.progress(start + len(rows), len(order))
        return vectors
