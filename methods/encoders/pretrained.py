"""A pretrained encoder with the device and the precision that it computes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from methods.device import chosen, device_of, is_mixed, transformer_precision
from methods.encoders.sentence import load_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from bench.method import Workspace
    from bench.types import Floats


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
    def of(cls, name: str, workspace: Workspace) -> Pretrained:
        """The encoder on the device of a workspace, in its precision."""
        return cls(name, workspace.device, is_mixed(device_of(workspace)))

    def model(self) -> SentenceTransformer:
        """The model, read unless it was just used."""
        return load_model(self.name, chosen(self.device))

    def encode(self, texts: list[str]) -> Floats:
        """[n, dim] float32 unit vectors."""
        return unit_vectors(self.model(), texts, mixed=self.mixed)


def unit_vectors(model: SentenceTransformer, texts: list[str], *, mixed: bool) -> Floats:
    """[n, dim] float32 unit vectors of a model, on its device."""
    with transformer_precision(model.device, mixed=mixed):
        vectors: Floats = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    return vectors
