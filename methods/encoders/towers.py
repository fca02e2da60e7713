"""Towers, the parts that a text encoder is made of: a frozen one, and one with a trained head.

A tower is shared by queries and documents. It turns texts into unit vectors; while it is trained,
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

from methods.chunks import drop_pages, mapping, room_for, rows_of
from methods.device import device_of, moved
from methods.encoders.embeddings import embed, encode_here

if TYPE_CHECKING:
    from bench.method import Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints
    from methods.encoders.embeddings import Encode

BLOCK = 8192
"""Rows encoded at once by a head."""


class Tower(ABC):
    """A text encoder of which ``module`` is trained.

    Attributes:
        name: of the pretrained encoder.
        workspace: where embeddings are kept, and what shows the progress of encoding.
        device: where it computes.
        module: what is trained, None where nothing is.
    """

    module: nn.Module | None = None

    def __init__(self, name: str, workspace: Workspace) -> None:
        self.name = name
        self.workspace = workspace
        self.device = device_of(workspace)

    @abstractmethod
    def prepare(self, texts: Strings) -> Any:  # noqa: ANN401 - each tower's own
        """What ``forward`` reads of texts."""

    @abstractmethod
    def forward(self, prepared: Any, rows: Ints) -> torch.Tensor:  # noqa: ANN401
        """Unit vectors [n, dim] of rows of prepared texts, on the device, with their gradient."""

    @abstractmethod
    def encode(self, texts: Strings) -> Floats:
        """[n, dim] unit vectors of texts, float32, or float16 where they are kept so on disk."""

    def copy(self) -> Tower:
        """A tower whose module can be trained without changing this one's."""
        other = copy.copy(self)
        other.module = copy.deepcopy(self.module)
        return other


class Frozen(Tower):
    """The pretrained encoder as it is.

    Attributes:
        encode_chunks: what embeds texts that are not embedded yet.
    """

    encode_chunks: Encode = staticmethod(encode_here)

    def prepare(self, texts: Strings) -> Floats:
        """The embeddings, a read-only memory map; in half precision where they are kept so."""
        return embed(self.name, texts, self.workspace, self.encode_chunks)

    def forward(self, prepared: Floats, rows: Ints) -> torch.Tensor:
        """Rows of the embeddings."""
        vectors = rows_of(prepared, rows, self.workspace.memory_bytes)
        return moved(torch.from_numpy(vectors), self.device)

    def encode(self, texts: Strings) -> Floats:
        """The embeddings, as ``prepare`` gives them."""
        return self.prepare(texts)


class HeadShape(NamedTuple):
    """Size of a head: of the embeddings under it, and its hidden units."""

    dim: int
    width: int


class ResidualHead(nn.Module):
    """x + V relu(U x), scaled to length 1; V begins at 0, so training begins at the encoder."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, width)
        self.outer = nn.Linear(width, dim)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, dim] unit vectors of [n, dim] embeddings."""
        return normalize(x + self.outer(relu(self.inner(x))))


class Head(Frozen):
    """A residual layer on frozen embeddings; it takes seconds to train on a CPU."""

    module: ResidualHead

    def __init__(self, name: str, workspace: Workspace, shape: HeadShape, seed: int) -> None:
        super().__init__(name, workspace)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = ResidualHead(*shape).to(self.device)

    def forward(self, prepared: Floats, rows: Ints) -> torch.Tensor:
        """The head's output for rows of the embeddings."""
        vectors: torch.Tensor = self.module(super().forward(prepared, rows))
        return vectors

    @torch.inference_mode()
    def encode(self, texts: Strings) -> Floats:
        """The head's output for the embeddings, block by block; a memory map if it is large."""
        prepared = self.prepare(texts)
        vectors = room_for(prepared.shape, self.workspace)
        mapped = mapping(vectors)
        for start in range(0, len(vectors), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(vectors)))
            vectors[rows] = self.forward(prepared, rows).cpu().numpy()
            if mapped is not None:
                drop_pages(mapped)
        return vectors
