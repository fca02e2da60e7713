"""Texts as points of hyperbolic space, scored as HiT scores subsumption, or by a dot product."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch

from bench.method import Code
from methods.encoders.base import Encoder
from methods.encoders.geometry import to_vectors
from methods.encoders.pretrained import Pretrained
from methods.encoders.towers import BLOCK, Frozen, ResidualHead

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Workspace
    from bench.task import Queries, Strings
    from bench.types import Floats
    from methods.encoders.similarity import Similarity

FILE, FACTS = "points.safetensors", "points.json"
ENCODER = "encoder"
ENCODE = f'''
STATE = load_file(HERE / "{FILE}")


def encode(queries):
    """[n, dim + 1] vectors of queries, which are texts."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(HERE / "{ENCODER}"), device="cpu")
    own = model.encode(queries, normalize_embeddings=True)
    hidden = np.maximum(own @ STATE["inner.weight"].T + STATE["inner.bias"], 0)
    points = own + hidden @ STATE["outer.weight"].T + STATE["outer.bias"]
    last = np.sqrt(1 + (points * points).sum(1, keepdims=True))
    return np.concatenate([points, -last], 1)
'''
IMPORTS = ("from safetensors.numpy import load_file",)


class PointHead(ResidualHead):
    """x + V relu(U x), the free coordinates of a point on the hyperboloid; V begins at 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, dim] free coordinates of embeddings [n, dim]."""
        points: torch.Tensor = x + self.outer(torch.relu(self.inner(x)))
        return points


class Subsumption(NamedTuple):
    """-(d(q, x) + weight (|x| - |q|)): that a query lies below a document (arXiv 2401.11374).

    Distances d and norms, the distances from the origin, are hyperbolic, of curvature -1. The
    paper's section is "Subsumption prediction".

    Attributes:
        weight: weight of the difference of the norms (lambda).
    """

    weight: float

    def __call__(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The scores of Lorentz vectors; see :class:`~methods.encoders.similarity.Similarity`."""
        pairs = q.shape[1:] == x.shape[1:]
        inner = (q * x).sum(0) if pairs else q[:, :, 0].T @ x[:, 0]
        distance = torch.acosh((-inner).clamp_min(1))
        return -(distance + self.weight * (norms(x) - norms(q)))


def norms(vectors: torch.Tensor) -> torch.Tensor:
    """The hyperbolic distances of Lorentz vectors [w, ...] from the origin."""
    return torch.acosh(vectors[-1].abs().clamp_min(1))


class HyperbolicText(Encoder):
    """One head for queries and documents, whose output is a point.

    Its dot product stands in for the score: with Lorentz vectors q and x, the product of q and
    x exp(weight |x|) is -cosh(d) exp(weight |x|), which is -exp(d + weight |x|) / 2 but for
    exp(-d), so that it ranks documents as the score does where they are not near the query.

    Attributes:
        frozen: the pretrained encoder.
        head: the trained head.
        weight: weight of the difference of the norms.
        by_dot: whether documents are scaled, and searched by dot product.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("head",)

    def __init__(self, frozen: Frozen, head: PointHead, weight: float, *, by_dot: bool) -> None:
        self.frozen, self.head, self.weight, self.by_dot = frozen, head, weight, by_dot

    @property
    def similarity(self) -> Similarity | None:  # type: ignore[override]
        """The score, or None where it is a dot product."""
        return None if self.by_dot else Subsumption(self.weight)

    @classmethod
    def load(cls, folder: Path, workspace: Workspace) -> HyperbolicText:
        """The encoder that ``save`` wrote."""
        from safetensors.torch import load_file

        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        state = load_file(folder / FILE)
        head = PointHead(*reversed(state["inner.weight"].shape))
        head.load_state_dict(state)
        pretrained = Pretrained.of(facts["name"], facts["precision"], workspace)
        return cls(Frozen(pretrained, workspace), head, facts["weight"], by_dot=facts["by_dot"])

    def save(self, folder: Path) -> None:
        """Write the head and the facts of the encoder."""
        from safetensors.torch import save_file

        encoder = self.frozen.encoder
        facts = {
            "name": encoder.name,
            "precision": "bfloat16" if encoder.mixed else "float32",
            "weight": self.weight,
            "by_dot": self.by_dot,
        }
        save_file(self.head.state_dict(), folder / FILE)
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    def export(self, folder: Path) -> Code:
        """Write the pretrained encoder and the head."""
        from safetensors.torch import save_file

        self.frozen.as_model().save(str(folder / ENCODER), create_model_card=False)
        save_file(self.head.state_dict(), folder / FILE)
        return Code(ENCODE, IMPORTS, ("sentence-transformers", "safetensors"))

    def copy(self) -> HyperbolicText:
        """A copy whose training does not change this one."""
        return HyperbolicText(
            self.frozen, copy.deepcopy(self.head), self.weight, by_dot=self.by_dot
        )

    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim + 1] Lorentz vectors of texts, the last coordinate below 0."""
        if queries.texts is None:
            raise ValueError("a text encoder was given queries without texts")
        return self._vectors(queries.texts, of_queries=True)

    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim + 1] Lorentz vectors, scaled for a dot product."""
        if texts is None:
            raise ValueError("a text encoder was given documents without texts")
        found = self._vectors(texts, of_queries=False)
        if self.by_dot:
            found *= np.exp(self.weight * np.arccosh(np.maximum(found[:, -1:], 1)))
        return found

    @torch.inference_mode()
    def _vectors(self, texts: Strings, *, of_queries: bool) -> Floats:
        own = self.frozen.prepare(texts)
        found = np.empty((len(own), own.shape[1] + 1), np.float32)
        for start in range(0, len(own), BLOCK):
            part = torch.from_numpy(np.array(own[start : start + BLOCK], np.float32))
            points = self.head(part)
            found[start : start + BLOCK] = to_vectors(points, "lorentz", queries=of_queries).numpy()
        return found
