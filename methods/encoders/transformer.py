"""A tower that is a whole transformer, whose weights are all trained."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

from torch.nn.functional import normalize

from bench.method import Workspace
from methods.device import transformer_precision
from methods.encoders.pretrained import forward, unit_vectors
from methods.encoders.tokens import PROBES
from methods.encoders.towers import Tower

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

    from bench.task import Strings
    from bench.types import Floats, Ints
    from methods.encoders.jagged import Jagged
    from methods.encoders.pretrained import Pretrained


class Transformer(Tower):
    """A tower that holds a whole sentence-transformers model."""

    def __init__(self, encoder: Pretrained, workspace: Workspace) -> None:
        self.probes = encoder.tokens(PROBES, Workspace())
        super().__init__(encoder.precise_enough(self.probes, workspace), workspace)
        self.model = encoder.model()

    def pooled(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Unit vectors [n, dim] from [n, length, width] token vectors."""
        features = {"token_embeddings": tokens, "attention_mask": mask}
        for module in list(self.model)[1:]:
            features = module(features)
        dim = self.model.get_embedding_dimension()
        return normalize(features["sentence_embedding"][:, :dim].float())

    def precision(self) -> torch.autocast:
        """The precision of its products."""
        return transformer_precision(self.device, mixed=self.encoder.mixed)


class Full(Transformer):
    """All weights are trained; texts go through the transformer at each step."""

    def __init__(self, encoder: Pretrained, workspace: Workspace) -> None:
        super().__init__(encoder, workspace)
        self.model = self.module = copy.deepcopy(self.model)  # the loaded model is shared

    def copy(self) -> Full:
        """A tower with weights of its own."""
        other = cast("Full", super().copy())
        other.model = cast("SentenceTransformer", other.module)
        return other

    def as_model(self) -> SentenceTransformer:
        """The model with the weights that were trained."""
        model = super().as_model()
        model.load_state_dict(self.model.state_dict())
        return model

    def prepare(self, texts: Strings) -> Jagged:
        """The token ids of the texts."""
        return self.encoder.tokens(texts, self.workspace)

    def forward(self, prepared: Jagged, rows: Ints) -> torch.Tensor:
        """Rows of texts through the transformer."""
        return forward(self.model, prepared.take(rows), mixed=self.encoder.mixed)

    def encode(self, texts: Strings) -> Floats:
        """All texts through the transformer; no vector is cached."""
        tokens, progress = self.prepare(texts), self.workspace.progress
        return unit_vectors(self.model, tokens, mixed=self.encoder.mixed, progress=progress)
