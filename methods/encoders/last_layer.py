"""A tower whose last block is trained, over cached activations of the blocks before it."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from bench.errors import InputError
from bench.task import Strings
from methods.encoders.embeddings import place_of
from methods.encoders.pretrained import unit_vectors
from methods.encoders.transformer import Transformer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from bench.method import Workspace
    from bench.types import Floats, Ints

_VERSION = 1
"""Version of the cached activations; raise it when they change."""
BATCH = 32
"""Texts that go through a transformer at once, as in sentence-transformers."""


_PROBES = Strings.of(["a short text", "and another one, which is a little longer than the first"])
TOLERANCE = 2e-3
"""Largest error of float16 activations."""


class Activations(NamedTuple):
    """The input of the last block.

    Attributes:
        offsets: [n + 1] the first token of each text, and the end of the last.
        tokens: [n_tokens, width] float16 activations.
    """

    offsets: Ints
    tokens: Floats


class _Reached(Exception):  # noqa: N818 - not an error: a pass that ends before the last block
    """A pass reached the last block."""

    def __init__(self, hidden: torch.Tensor) -> None:
        super().__init__()
        self.hidden = hidden


class LastLayer(Transformer):
    """The last block is trained; its input is computed once and cached."""

    module: nn.Module

    def __init__(self, name: str, workspace: Workspace) -> None:
        super().__init__(name, workspace)
        # A copy: the loaded model is shared, and computes activations with its own last block.
        self._last = _last_block(self.model)
        self.module = copy.deepcopy(self._last)
        self._require_alike()

    def _require_alike(self) -> None:
        """Refuse a model whose last block reads more than activations and a mask, as MPNet's does.

        Raises:
            InputError: the result differs from the vectors of the whole model.
        """
        expected = unit_vectors(self.model, list(_PROBES), mixed=self.mixed)
        try:
            with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
                self._compute(_PROBES, Path(folder))
                found = self.forward(_open(Path(folder)), np.arange(len(_PROBES)))
            alike = np.allclose(found.cpu().numpy(), expected, atol=TOLERANCE)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, TypeError, ValueError):
            alike = False
        if not alike:
            raise InputError(
                f"the last block of the encoder {self.name!r} does not work on its activations "
                "alone; take tune=head or tune=full"
            )

    def prepare(self, texts: Strings) -> Activations:
        """Activations before the last block, from the cache or computed into it."""
        place = place_of("activations", _VERSION, self.name, texts, mixed=self.mixed)
        what = "activations for tune=last-layer"
        return _open(self.workspace.made_once(place, lambda made: self._compute(texts, made), what))

    def forward(self, prepared: Activations, rows: Ints) -> torch.Tensor:
        """Rows of activations through the block and the pooling."""
        starts, ends = prepared.offsets[rows], prepared.offsets[np.asarray(rows) + 1]
        lengths = ends - starts
        shape = len(rows), int(lengths.max()), prepared.tokens.shape[1]
        hidden = np.zeros(shape, np.float16)
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            hidden[i, : end - start] = prepared.tokens[start:end]
        tokens = torch.from_numpy(hidden).to(self.device).float()
        ends_at = torch.from_numpy(lengths).to(self.device)
        mask = torch.arange(shape[1], device=self.device) < ends_at[:, None]
        # The block adds this to its attention scores: padding gets none. The least float32 would
        # be minus infinity in bfloat16.
        bias = torch.zeros(mask.shape, device=self.device)
        bias.masked_fill_(~mask, torch.finfo(torch.bfloat16).min)
        with self.precision():
            out = self.module(tokens, attention_mask=bias[:, None, None, :])
            return self.pooled(out[0] if isinstance(out, tuple) else out, mask.long())

    @torch.inference_mode()
    def encode(self, texts: Strings) -> Floats:
        """All texts through the block, in batches of similar length."""
        prepared = self.prepare(texts)
        order = np.argsort(-np.diff(prepared.offsets), kind="stable")
        parts = []
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            parts.append(self.forward(prepared, rows).cpu().numpy())
            self.workspace.progress(start + len(rows), len(order))
        vectors = np.empty((len(order), parts[0].shape[1]), np.float32)
        vectors[order] = np.concatenate(parts)
        return vectors

    @torch.inference_mode()
    def _compute(self, texts: Strings, folder: Path) -> None:
        """Run all blocks but the last; texts are written in their order, in batches."""
        lengths = []
        hook = self._last.register_forward_pre_hook(_stop)
        try:
            with (folder / "tokens.f16").open("wb") as file:
                for start in range(0, len(texts), BATCH):
                    rows = np.arange(start, min(start + BATCH, len(texts)))
                    features = self.features(texts.take(rows))
                    mask = features["attention_mask"].bool()
                    try:
                        with self.precision():
                            self.model[0](features)
                    except _Reached as reached:
                        tokens = reached.hidden[mask]
                    file.write(_half(tokens, self.name).data)
                    lengths.append(mask.sum(1).cpu().numpy())
                    self.workspace.progress(int(rows[-1]) + 1, len(texts))
        finally:
            hook.remove()
        np.save(folder / "offsets.npy", np.concatenate([[0], *lengths]).cumsum())


def _open(folder: Path) -> Activations:
    """Map the cached activations."""
    offsets = np.load(folder / "offsets.npy")
    tokens = np.memmap(folder / "tokens.f16", np.float16, "r")
    return Activations(offsets, tokens.reshape(offsets[-1], -1))


def _half(tokens: torch.Tensor, name: str) -> Floats:
    """Activations in the precision of the cache."""
    halved = tokens.half()
    if not torch.isfinite(halved).all():
        raise InputError(
            f"activations of the encoder {name!r} are too large for float16; take tune=head or full"
        )
    kept: Floats = halved.cpu().numpy()
    return kept


def _stop(_block: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Cut a pass short before the last block."""
    raise _Reached(inputs[0])


def _last_block(model: SentenceTransformer) -> nn.Module:
    """The last of the transformer's blocks: the end of its longest list of modules."""
    lists = [module for module in model[0].modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise InputError("tune=last-layer needs a transformer made of a list of blocks")
    return max(lists, key=len)[-1]
