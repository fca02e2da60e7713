"""A pretrained encoder with the device and the precision that it computes in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn.functional import normalize

from bench.method import no_progress
from methods.device import chosen, transformer_precision, use_fast_layers
from methods.encoders.jagged import Jagged, batches
from methods.encoders.sentence import is_bag, load_model
from methods.encoders.tokens import place_of, token_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentence_transformers import SentenceTransformer

    from bench.method import Progress, Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints

PRECISIONS = ("float32", "bfloat16")
AGREEMENT = 0.9999
"""Least cosine of a text's vectors in bfloat16 and in float32."""
BUDGET = {"cpu": 1024, "cuda": 65_536}
"""Tokens that go through a model at once: activations that fit into a core's cache, or that keep a
GPU busy."""


class Pretrained(NamedTuple):
    """A pretrained encoder, with its device and precision; the model is read where it is used.

    Attributes:
        name: name of the encoder.
        device: the device as a workspace names it; if empty, chosen where the model is read.
        mixed: whether its products are in bfloat16.
    """

    name: str
    device: str
    mixed: bool

    @classmethod
    def of(cls, name: str, precision: str, workspace: Workspace) -> Pretrained:
        """The encoder in a precision, ``float32`` or ``bfloat16``, on the device of a workspace."""
        return cls(name, workspace.device, precision == "bfloat16")

    def model(self) -> SentenceTransformer:
        """The model, read unless it was just used."""
        return _ready(self.name, chosen(self.device))

    def encode(self, tokens: Jagged) -> Floats:
        """[n, dim] float32 unit vectors of texts by their token ids."""
        return unit_vectors(self.model(), tokens, mixed=self.mixed)

    def tokens(self, texts: Strings, workspace: Workspace) -> Jagged:
        """The token ids of texts, from the cache or computed into it."""
        return token_ids(self.name, self.model, texts, workspace)

    def place_of(self, kind: str, version: int, texts: Strings) -> str:
        """The place in the cache of arrays that the encoder makes of texts in its precision."""
        return place_of(kind + "-bfloat16" * self.mixed, version, self.name, texts)

    def precise_enough(self, tokens: Jagged, workspace: Workspace) -> Pretrained:
        """This encoder, or the same in float32 if bfloat16 changes vectors of these texts."""
        if not self.mixed:
            return self
        exact = self._replace(mixed=False)
        vectors = exact.encode(tokens)
        known = vectors.any(axis=1)  # a static model has no vector for unknown words
        cosine = float((self.encode(tokens) * vectors).sum(axis=1)[known].min(initial=1))
        if cosine >= AGREEMENT:
            return self
        workspace.warn(
            f"encoder {self.name!r} is computed in float32: in bfloat16 the vectors of a text have "
            f"a cosine of {cosine:.5f} to those in float32, and at least {AGREEMENT} is asked for"
        )
        return exact


@lru_cache(maxsize=1)
def _ready(name: str, device: torch.device) -> SentenceTransformer:
    """The model as texts are encoded with it, without dropout."""
    model = load_model(name, device).eval()
    use_fast_layers(model)
    return model


def unit_vectors(
    model: SentenceTransformer, tokens: Jagged, *, mixed: bool, progress: Progress = no_progress
) -> Floats:
    """[n, dim] float32 unit vectors of texts by their token ids, on the model's device."""
    if not len(tokens.lengths):
        return np.empty((0, int(model.get_embedding_dimension() or 0)), np.float32)
    return in_batches(
        lambda rows: forward(model, tokens.take(rows), mixed=mixed),
        tokens.lengths,
        BUDGET["cuda" if is_bag(model) else model.device.type],  # static vectors: no activations
        progress,
    )


@torch.inference_mode()
def in_batches(
    forward: Callable[[Ints], torch.Tensor],
    lengths: Ints,
    budget: int,
    progress: Progress = no_progress,
) -> Floats:
    """[n, dim] float32 vectors of texts that go through a model in batches of similar length.

    Args:
        forward: a function from the numbers of texts to their vectors, on the device.
        lengths: [n] number of tokens of each text, at least one.
        budget: the most tokens of a batch, see ``BUDGET``.
        progress: called with the number of texts that were sent to the device.
    """
    parts, found, done = list(batches(lengths, budget)), [], 0
    for rows in parts:
        found.append(forward(rows))  # on a GPU it is under way while the next batch is laid out
        done += len(rows)
        progress(done, len(lengths))
    together = torch.cat(found).cpu().numpy()
    vectors = np.empty(together.shape, np.float32)
    vectors[np.concatenate(parts)] = together
    return vectors


def forward(model: SentenceTransformer, tokens: Jagged, *, mixed: bool) -> torch.Tensor:
    """[n, dim] unit vectors of texts by their token ids, in one pass, with their gradient."""
    with transformer_precision(model.device, mixed=mixed):
        vectors: torch.Tensor = model(features(model, tokens))["sentence_embedding"]
    return normalize(vectors[:, : model.get_embedding_dimension()].float())


def features(model: SentenceTransformer, tokens: Jagged) -> dict[str, torch.Tensor]:
    """The input of a model, on its device."""
    if is_bag(model):
        arrays = {"input_ids": tokens.values, "offsets": tokens.offsets[:-1]}
    else:
        ids, mask = tokens.padded(model.tokenizer.pad_token_id or 0)
        arrays = {"input_ids": ids, "attention_mask": mask}
    return {
        name: torch.from_numpy(np.asarray(values)).to(model.device).long()
        for name, values in arrays.items()
    }
