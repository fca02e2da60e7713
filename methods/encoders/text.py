"""A text encoder: one tower for queries and documents, or one for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch

from bench.method import Code
from methods.encoders.base import Encoder
from methods.encoders.embeddings import CHUNK
from methods.encoders.pretrained import BUDGET, Pretrained
from methods.encoders.towers import HeadShape, Tower
from methods.encoders.tuning import make_tower

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from bench.method import Workspace
    from bench.task import Queries, Strings, Training
    from bench.types import Floats, Ints
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients

FACTS = "text.json"
ENCODER, OF_DOCUMENTS = "encoder", "encoder-documents"
ENCODE = f'''

@functools.cache
def encoder():
    """The model, read once."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(HERE / "{ENCODER}"), device="cpu")


def encode(queries):
    """[n, dim] vectors of queries, which are texts."""
    return encoder().encode(queries)
'''
HALVED = f'''

@functools.cache
def encoder():
    """The model, read once; its first {{n_halved}} modules multiply in bfloat16, as in the cell."""
    import torch
    from sentence_transformers import SentenceTransformer

    class Halved(SentenceTransformer):
        def forward(self, input, **_):
            modules = list(self)
            with torch.autocast("cpu", torch.bfloat16):
                for module in modules[:{{n_halved}}]:
                    input = module(input)
            vectors = input["sentence_embedding"].float()
            input["sentence_embedding"] = torch.nn.functional.normalize(vectors, dim=-1)
            for module in modules[{{n_halved}}:]:
                input = module(input)
            return input

    return Halved(str(HERE / "{ENCODER}"), device="cpu")


def encode(queries):
    """[n, dim] vectors of queries, which are texts.

    They go through the model in the batches of the cell: in bfloat16 the last bits of a vector
    depend on the texts beside it.
    """
    model = encoder()
    cut = {{{{"truncation": True, "max_length": model.max_seq_length}}}}
    ids = model.tokenizer(list(queries), **cut)["input_ids"]
    lengths = np.array([len(each) for each in ids])
    order = np.argsort(-lengths, kind="stable")
    vectors, begin = [], 0
    while begin < len(order):
        most = max(1, {BUDGET["cpu"]} // lengths[order[begin]])
        rows = order[begin : begin + min(most, {CHUNK["cpu"]} - begin % {CHUNK["cpu"]})]
        vectors.append(model.encode([queries[row] for row in rows], batch_size=len(rows)))
        begin += len(rows)
    return np.concatenate(vectors)[np.argsort(order)]
'''


class TextRecipe(NamedTuple):
    """The parts of a text encoder.

    Attributes:
        name: name of the pretrained encoder.
        tune: the part that is trained: none, head, last-layer or full.
        siamese: whether queries and documents share one tower.
        dim, width: sizes of a head, 0 if there is none.
        precision: float32 or bfloat16, of the products of the pretrained encoder.
    """

    name: str
    tune: str
    siamese: bool = True
    dim: int = 0
    width: int = 0
    precision: str = "float32"


class TextEncoder(Encoder):
    """A pretrained sentence encoder, with its trained part.

    Attributes:
        queries: the tower for queries, from texts to unit vectors.
        documents: the tower for documents; the same one in a siamese encoder.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("weights",)

    def __init__(self, recipe: TextRecipe, queries: Tower, documents: Tower) -> None:
        self._recipe = recipe
        self.queries = queries
        self.documents = documents

    @classmethod
    def pretrained(cls, recipe: TextRecipe, workspace: Workspace, seed: int) -> TextEncoder:
        """The encoder before training."""
        encoder = Pretrained.of(recipe.name, recipe.precision, workspace)
        shape = HeadShape(recipe.dim, recipe.width)
        queries = make_tower(encoder, recipe.tune, workspace, shape=shape, seed=seed)
        return cls(recipe, queries, queries if recipe.siamese else queries.copy())

    @classmethod
    def load(cls, folder: Path, workspace: Workspace) -> TextEncoder:
        """The encoder that ``save`` wrote."""
        from safetensors.torch import load_model

        recipe = TextRecipe(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
        encoder = cls.pretrained(recipe, workspace, seed=0)
        for module, name in encoder.modules():
            load_model(module, folder / name)
        return encoder

    def save(self, folder: Path) -> None:
        """Write the trained part, and the recipe of the encoder."""
        from safetensors.torch import save_model

        for module, name in self.modules():
            save_model(module, str(folder / name))
        (folder / FACTS).write_text(json.dumps(self._recipe._asdict()), encoding="utf-8")

    def export(self, folder: Path) -> Code:
        """Write a sentence-transformers model, and one for documents if it is another.

        ``encode`` multiplies in the precision of the encoder, whichever the model is read in.
        """
        self.queries.as_model().save(str(folder / ENCODER), create_model_card=False)
        if self.documents is not self.queries:
            self.documents.as_model().save(str(folder / OF_DOCUMENTS), create_model_card=False)
        n_halved = self.queries.n_halved()
        code = HALVED.format(n_halved=n_halved) if n_halved else ENCODE
        return Code(code, ("import functools",), ("sentence-transformers",))

    def modules(self) -> list[tuple[nn.Module, str]]:
        """The trained modules, each once, with the file that it is saved in."""
        towers = {self.queries: "queries.safetensors", self.documents: "documents.safetensors"}
        return [(tower.module, file) for tower, file in towers.items() if tower.module is not None]

    @property
    def weights(self) -> dict[str, nn.Module]:
        """The trained modules by the file that each is saved in."""
        return {file: module for module, file in self.modules()}

    def copy(self) -> TextEncoder:
        """A copy whose training does not change this one."""
        queries = self.queries.copy()
        siamese = self.documents is self.queries
        return TextEncoder(self._recipe, queries, queries if siamese else self.documents.copy())

    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim] vectors of the queries' texts."""
        if queries.texts is None:
            raise ValueError("a text encoder was given queries without texts")
        return np.asarray(self.queries.encode(queries.texts), np.float32)

    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim] vectors of the texts; a read-only memory map of a frozen encoder."""
        if texts is None:
            raise ValueError("a text encoder was given documents without texts")
        return self.documents.encode(texts)


class TextLearner:
    """Trains an encoder's towers by automatic differentiation, with AdamW."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_encoder", "_optimizer")

    def __init__(self, encoder: TextEncoder, data: Training) -> None:
        """``data``: the training data with the texts of the batches' rows."""
        if data.query_texts is None or data.document_texts is None:
            raise ValueError("a text encoder is trained on texts")
        self._encoder = encoder
        weights = [weight for module, _ in encoder.modules() for weight in module.parameters()]
        self._optimizer = torch.optim.AdamW(weights, fused=True)
        self._documents = encoder.documents.prepare(data.document_texts)
        self._asked: Ints
        if data.query_texts is data.document_texts:  # queries are documents, as nodes are
            self._asked = np.arange(len(data.query_texts))
            self._queries = self._documents
        else:  # only queries with a training pair are read: no test query is
            self._asked = data.relevance.answered
            self._queries = encoder.queries.prepare(data.query_texts.take(self._asked))

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors of the batch, detached from their gradient."""
        self._q = self.query_vectors(batch.queries.numpy())
        self._x = self._encoder.documents.forward(self._documents, batch.documents.numpy())
        return self._q.detach(), self._x.detach()

    def query_vectors(self, rows: Ints) -> torch.Tensor:
        """Unit vectors [n, dim] of query rows, with their gradient."""
        return self._encoder.queries.forward(self._queries, self._asked.searchsorted(rows))

    def step(self, gradients: Gradients, rate: float) -> None:
        """Propagate the vectors' gradients to the weights and move them."""
        self._optimizer.zero_grad()
        torch.autograd.backward([self._q, self._x], [gradients.queries, gradients.documents])
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
