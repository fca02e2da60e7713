"""Towers, the parts of a text encoder: a frozen one, and one with a trained head.

A tower may be shared by queries and documents. It turns texts into unit vectors; in training,
``forward`` gives vectors of some rows of texts that were prepared once.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize, relu

from bench.method import Workspace
from methods.chunks import drop_pages, mapping, room_for, rows_of
from methods.device import device_of, moved
from methods.encoders.embeddings import embed, encode_here
from methods.encoders.sentence import is_bag, load_model
from methods.encoders.tokens import PROBES

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from bench.task import Strings
    from bench.types import Floats, Ints
    from methods.encoders.embeddings import Encode
    from methods.encoders.pretrained import Pretrained

BLOCK = 8192
"""Rows that a head encodes at once."""


class Tower(ABC):
    """A text encoder whose part ``module`` is trained.

    Attributes:
        encoder: the pretrained encoder.
        workspace: the cache of embeddings, and the callback for the progress of encoding.
        device: the device that it computes on.
        module: the module that is trained, None if there is none.
    """

    module: nn.Module | None = None

    def __init__(self, encoder: Pretrained, workspace: Workspace) -> None:
        self.encoder = encoder
        self.workspace = workspace
        self.device = device_of(workspace)

    @abstractmethod
    def prepare(self, texts: Strings) -> Any:  # noqa: ANN401 - each tower's own
        """The form of texts that ``forward`` reads."""

    @abstractmethod
    def forward(self, prepared: Any, rows: Ints) -> torch.Tensor:  # noqa: ANN401
        """Unit vectors [n, dim] of rows of prepared texts, on the device, with their gradient."""

    @abstractmethod
    def encode(self, texts: Strings) -> Floats:
        """[n, dim] unit vectors of texts, float32, or float16 if they are kept so on disk."""

    def as_model(self) -> SentenceTransformer:
        """A model of its own that gives the vectors of ``encode``, on the CPU."""
        from sentence_transformers.sentence_transformer.modules import Normalize

        model = load_model(self.encoder.name, torch.device("cpu")).eval()
        if not isinstance(model[-1], Normalize):
            model.append(Normalize())
        return model

    def n_halved(self) -> int:
        """The first modules of ``as_model`` whose products are in bfloat16; 0 if none are."""
        model = self.encoder.model()
        if is_bag(model):  # it adds up vectors and multiplies none
            return 0
        probes = self.encoder.tokens(PROBES, Workspace())
        return len(model) * self.encoder.precise_enough(probes, self.workspace).mixed

    def copy(self) -> Tower:
        """A tower whose module can be trained without changing this one's."""
        other = copy.copy(self)
        other.module = copy.deepcopy(self.module)
        return other


class Frozen(Tower):
    """The pretrained encoder as it is.

    Attributes:
        encode_chunks: the function that encodes texts that are not in the cache.
    """

    encode_chunks: Encode = staticmethod(encode_here)

    def prepare(self, texts: Strings) -> Floats:
        """The embeddings, a read-only memory map; in half precision if they are kept so."""
        return embed(self.encoder, texts, self.workspace, self.encode_chunks)

    def forward(self, prepared: Floats, rows: Ints) -> torch.Tensor:
        """Rows of the embeddings."""
        vectors = rows_of(prepared, rows, self.workspace.memory_bytes)
        return moved(torch.from_numpy(vectors), self.device)

    def encode(self, texts: Strings) -> Floats:
        """The embeddings, as ``prepare`` gives them."""
        return self.prepare(texts)


class HeadShape(NamedTuple):
    """The sizes of a head: of the embeddings under it, and of its hidden layer."""

    dim: int
    width: int


class ResidualHead(nn.Module):
    """x + V relu(U x), scaled to length 1; V starts at 0, so training starts at the encoder."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, width)
        self.outer = nn.Linear(width, dim)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, dim] unit vectors of embeddings [n, dim]."""
        return normalize(x + self.outer(relu(self.inner(x))))


class Head(Frozen):
    """A residual layer on frozen embeddings; its training takes seconds on a CPU."""

    module: ResidualHead

    def __init__(
        self, encoder: Pretrained, workspace: Workspace, shape: HeadShape, seed: int
    ) -> None:
        super().__init__(encoder, workspace)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = ResidualHead(*shape).to(self.device)

    def as_model(self) -> SentenceTransformer:
        """The encoder and, as two dense layers, the head.

        The first layer gives relu(x), relu(-x) and relu(U x); the second adds up x - their
        difference - and V relu(U x).
        """
        from sentence_transformers.sentence_transformer.modules import Dense, Normalize

        model = super().as_model()
        head = {name: weight.cpu() for name, weight in self.module.state_dict().items()}
        dim = self.module.inner.in_features
        one, none = torch.eye(dim), torch.zeros(2 * dim)
        first = torch.cat([one, -one, head["inner.weight"]])
        second = torch.cat([one, -one, head["outer.weight"]], 1)
        for weight, bias, then in (
            (first, torch.cat([none, head["inner.bias"]]), nn.ReLU()),
            (second, head["outer.bias"], nn.Identity()),
        ):
            out, width = weight.shape
            dense = Dense(width, out, activation_function=then)
            dense.linear.load_state_dict({"weight": weight, "bias": bias})
            model.append(dense)
        model.append(Normalize())
        return model

    def forward(self, prepared: Floats, rows: Ints) -> torch.Tensor:
        """The head's output for rows of the embeddings."""
        vectors: torch.Tensor = self.module(super().forward(prepared, rows))
        return vectors

    @torch.inference_mode()
    def encode(self, texts: Strings) -> Floats:
        """The head's output for the embeddings, in blocks; a memory map if it is large."""
        prepared = self.prepare(texts)
        vectors = room_for(prepared.shape, self.workspace)
        mapped = mapping(vectors)
        for start in range(0, len(vectors), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(vectors)))
            vectors[rows] = self.forward(prepared, rows).cpu().numpy()
            if mapped is not None:
                drop_pages(mapped)
        return vectors
