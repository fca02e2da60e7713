"""A text encoder with a memory: a text's vector is partly the mean of those of trained texts.

A head on frozen embeddings must learn what is above a text from its words alone. A text that was
never seen is often beside one that was: the words say which, and the hierarchy what is above it. So
a query's vector has a second part, the mean of free vectors of the most similar texts of training,
and a document of training has a free vector of its own beside its embedding. In training a query
is left out of its own neighbours, so that what is learned is what a new text needs (as in nearest
neighbour language models, Khandelwal et al., arXiv 1911.00172, with learned values).
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize, relu

from bench.method import Code
from methods.encoders.base import Encoder
from methods.encoders.pretrained import Pretrained
from methods.encoders.towers import BLOCK, Frozen
from methods.indexes.exact import top_k

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Workspace
    from bench.task import Queries, Strings, Training
    from bench.types import Floats, Ints

FILE, FACTS = "neighbours.safetensors", "neighbours.json"
ENCODER = "encoder"
NEIGHBOURS = 30
"""Texts of training whose vectors are averaged; fewer, where training has fewer."""
SHARPNESS = 12.0
"""Factor of the cosines in the softmax whose shares are the weights of the mean."""
OWN_TEXT = 0.7
"""Length of a document's embedding beside its free vector, which begins with length 1."""
ENCODE = f'''
STATE = load_file(HERE / "{FILE}")


def encode(queries):
    """[n, dim] vectors of queries, which are texts."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(HERE / "{ENCODER}"), device="cpu")
    own = model.encode(queries, normalize_embeddings=True)
    cosines = own @ STATE["keys"].T
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :{NEIGHBOURS}]
    weights = np.exp({SHARPNESS} * np.take_along_axis(cosines, near, 1))
    weights /= weights.sum(1, keepdims=True)
    memory = (weights[:, :, None] * STATE["values"][near]).sum(1)
    hidden = np.maximum(own @ STATE["inner.weight"].T + STATE["inner.bias"], 0)
    moved = hidden @ STATE["outer.weight"].T + STATE["outer.bias"]
    vectors = np.concatenate([own, memory], 1) + moved
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
'''
IMPORTS = ("from safetensors.numpy import load_file",)


class Near(NamedTuple):
    """The most similar texts of training.

    Attributes:
        ids: [n, k] their numbers among the texts of training.
        weights: [n, k] their weights in a mean.
    """

    ids: Ints
    weights: torch.Tensor

    @classmethod
    def of(cls, cosines: Floats, ids: Ints) -> Near:
        """From the k largest cosines."""
        return cls(ids, torch.softmax(torch.from_numpy(cosines) * SHARPNESS, 1))


class MemoryHead(nn.Module):
    """[own text; mean of neighbours] + V relu(U own text), scaled to length 1; V begins at 0."""

    def __init__(self, dim: int, width: int, memory: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, width)
        self.outer = nn.Linear(width, dim + memory)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, own: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
        """[n, dim + memory] unit vectors of embeddings [n, dim] and means [n, memory]."""
        return normalize(torch.cat([own, mean], 1) + self.outer(relu(self.inner(own))))


class NeighbourEncoder(Encoder):
    """A frozen encoder, a head for queries, and free vectors of the texts of training.

    Attributes:
        frozen: the pretrained encoder.
        keys: [n, dim] embeddings of the training queries.
        values: [n, memory] their free vectors.
        documents: [n_documents, memory] free vectors; 0 for documents of no training pair.
        head: the head of queries.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("head", "values", "documents")

    def __init__(
        self,
        frozen: Frozen,
        keys: Floats,
        values: torch.Tensor,
        documents: torch.Tensor,
        head: MemoryHead,
    ) -> None:
        self.frozen, self.keys = frozen, keys
        self.values, self.documents, self.head = values, documents, head

    @classmethod
    def untrained(
        cls, frozen: Frozen, data: Training, *, memory: int, width: int, seed: int
    ) -> NeighbourEncoder:
        """The encoder before training: random vectors of documents, means of 0.

        Args:
            frozen: the pretrained encoder.
            data: the training pairs, with texts of queries and documents.
            memory: dimension of the free vectors.
            width: hidden units of the head.
            seed: seed of the first vectors.
        """
        keys = keys_of(frozen, data)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = MemoryHead(keys.shape[1], width, memory)
            documents = torch.randn(data.relevance.n_documents, memory) / memory**0.5
        documents[torch.from_numpy(~is_trained(data))] = 0
        return cls(frozen, keys, torch.zeros(len(keys), memory), documents, head)

    @classmethod
    def load(cls, folder: Path, workspace: Workspace) -> NeighbourEncoder:
        """The encoder that ``save`` wrote."""
        from safetensors.torch import load_file

        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        state = load_file(folder / FILE)
        keys, values, documents = (state.pop(name) for name in ("keys", "values", "documents"))
        head = MemoryHead(keys.shape[1], len(state["inner.bias"]), values.shape[1])
        head.load_state_dict(state)
        pretrained = Pretrained.of(facts["name"], facts["precision"], workspace)
        return cls(Frozen(pretrained, workspace), keys.numpy(), values, documents, head)

    def save(self, folder: Path) -> None:
        """Write the head, the free vectors and the keys."""
        from safetensors.torch import save_file

        encoder = self.frozen.encoder
        facts = {"name": encoder.name, "precision": "bfloat16" if encoder.mixed else "float32"}
        save_file(self._state() | {"documents": self.documents}, folder / FILE)
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    def export(self, folder: Path) -> Code:
        """Write the pretrained encoder, the head and the memory."""
        from safetensors.torch import save_file

        self.frozen.as_model().save(str(folder / ENCODER), create_model_card=False)
        save_file(self._state(), folder / FILE)
        return Code(ENCODE, IMPORTS, ("sentence-transformers", "safetensors"))

    def _state(self) -> dict[str, torch.Tensor]:
        keys = torch.from_numpy(np.array(self.keys, np.float32))
        return {"keys": keys, "values": self.values, **self.head.state_dict()}

    def copy(self) -> NeighbourEncoder:
        """A copy whose training does not change this one."""
        head = copy.deepcopy(self.head)
        values, documents = self.values.clone(), self.documents.clone()
        return NeighbourEncoder(self.frozen, self.keys, values, documents, head)

    @torch.inference_mode()
    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim + memory] vectors of texts; each is compared with all texts of training."""
        if queries.texts is None:
            raise ValueError("a text encoder was given queries without texts")
        own = np.array(self.frozen.encode(queries.texts), np.float32)
        found = np.empty((len(own), self.head.outer.out_features), np.float32)
        for start in range(0, len(own), BLOCK):
            part = own[start : start + BLOCK]
            near = Near.of(*self.nearest(part))
            mean = (near.weights[:, :, None] * self.values[torch.from_numpy(near.ids)]).sum(1)
            found[start : start + BLOCK] = self.head(torch.from_numpy(part), mean).numpy()
        return found

    def nearest(self, own: Floats, more: int = 0) -> tuple[Floats, Ints]:
        """Cosines and numbers, both [n, k], of the most similar texts of training."""
        k = min(NEIGHBOURS + more, len(self.keys))
        return top_k(own, self.keys, k, self.frozen.workspace.memory_bytes)

    @torch.inference_mode()
    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim + memory] vectors of the documents that it was trained with."""
        if texts is None or len(texts) != len(self.documents):
            raise ValueError("it encodes the documents that it was trained with, all at once")
        own = self.frozen.prepare(texts)
        found = np.empty((len(own), own.shape[1] + self.documents.shape[1]), np.float32)
        for start in range(0, len(own), BLOCK):
            part = torch.from_numpy(np.array(own[start : start + BLOCK], np.float32))
            free = self.documents[start : start + BLOCK]
            found[start : start + BLOCK] = document_vectors(part, free).numpy()
        return found


def document_vectors(own: torch.Tensor, free: torch.Tensor) -> torch.Tensor:
    """[n, dim + memory] unit vectors of embeddings [n, dim] and free vectors [n, memory]."""
    return normalize(torch.cat([own * OWN_TEXT, free], 1))


def is_trained(data: Training) -> np.ndarray:
    """[n_documents] whether a document is in a training pair."""
    found = np.zeros(data.relevance.n_documents, bool)
    found[data.relevance.documents] = True
    return found


def keys_of(frozen: Frozen, data: Training) -> Floats:
    """[n, dim] embeddings of the training queries, in the order of their rows."""
    asked = data.relevance.answered
    if data.query_texts is None:
        raise ValueError("a text encoder is trained on texts")
    if data.query_texts is data.document_texts:  # queries are documents, as nodes are
        return np.asarray(frozen.prepare(data.query_texts)[asked], np.float32)
    return np.asarray(frozen.prepare(data.query_texts.take(asked)), np.float32)
