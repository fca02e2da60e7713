"""A tower whose last block is trained, over cached activations of the blocks before it."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn

from bench.errors import InputError
from methods.device import shared_threads
from methods.encoders.jagged import Jagged, batches
from methods.encoders.pretrained import BUDGET, features, in_batches
from methods.encoders.tokens import PROBES
from methods.encoders.transformer import Transformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentence_transformers import SentenceTransformer

    from bench.method import Workspace
    from bench.task import Strings
    from bench.types import Floats, Ints
    from methods.encoders.pretrained import Pretrained

_VERSION = 2
"""Version of the cached activations; raise it when they change."""
_OFFSETS, _ACTIVATIONS = "offsets.npy", "activations.npy"
TOLERANCE = 2e-3
"""Largest error of float16 activations."""


class _Reached(Exception):  # noqa: N818 - not an error: a pass that ends before the last block
    """A pass reached the last block."""

    def __init__(self, hidden: torch.Tensor) -> None:
        super().__init__()
        self.hidden = hidden


class LastLayer(Transformer):
    """The last block is trained; its input is computed once and cached."""

    module: nn.Module

    def __init__(self, encoder: Pretrained, workspace: Workspace) -> None:
        super().__init__(encoder, workspace)
        # A copy: the loaded model is shared, and computes activations with its own last block.
        self._last = _last_block(encoder.name, self.model)
        self.module = copy.deepcopy(self._last)
        self._require_alike()

    def _require_alike(self) -> None:
        """Refuse a model whose last block reads more than activations and a mask, as MPNet's does.

        Raises:
            InputError: the result differs from the vectors of the whole model.
        """
        expected = self.encoder.encode(self.probes)
        try:
            with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
                self._compute(self.probes, Path(folder))
                found = self.forward(_open(Path(folder)), np.arange(len(PROBES)))
            alike = np.allclose(found.cpu().numpy(), expected, atol=TOLERANCE)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, TypeError, ValueError):
            alike = False
        if not alike:
            raise InputError(
                f"the last block of the encoder {self.encoder.name!r} does not work on its "
                "activations alone; take tune=head or tune=full"
            )

    def as_model(self) -> SentenceTransformer:
        """The model with the last block that was trained."""
        model = super().as_model()
        _last_block(self.encoder.name, model).load_state_dict(self.module.state_dict())
        return model

    def prepare(self, texts: Strings) -> Jagged:
        """Activations [n_tokens, width] before the last block, computed once."""
        tokens = self.encoder.tokens(texts, self.workspace)
        place = self.encoder.place_of("activations", _VERSION, texts)
        what = "activations for tune=last-layer"

        def write(made: Path) -> None:
            with shared_threads(lambda: self.workspace.waiting(place)) as share_again:
                self._compute(tokens, made, share_again)

        return _open(self.workspace.made_once(place, write, what))

    def forward(self, prepared: Jagged, rows: Ints) -> torch.Tensor:
        """Rows of activations through the block and the pooling."""
        hidden, filled = prepared.take(rows).padded(0)
        tokens = torch.from_numpy(hidden).to(self.device).float()
        mask = torch.from_numpy(filled).to(self.device)
        # The block adds this to its attention scores: padding gets none. The least float32 would
        # be minus infinity in bfloat16.
        bias = torch.zeros(mask.shape, device=self.device)
        bias.masked_fill_(~mask, torch.finfo(torch.bfloat16).min)
        with self.precision():
            out = self.module(tokens, attention_mask=bias[:, None, None, :])
            return self.pooled(out[0] if isinstance(out, tuple) else out, mask.long())

    def encode(self, texts: Strings) -> Floats:
        """All texts through the block, in batches of similar length."""
        prepared = self.prepare(texts)
        return in_batches(
            lambda rows: self.forward(prepared, rows),
            prepared.lengths,
            BUDGET[self.device.type],
            self.workspace.progress,
        )

    @torch.inference_mode()
    def _compute(
        self, tokens: Jagged, folder: Path, after_batch: Callable[[], None] = lambda: None
    ) -> None:
        """Run all blocks but the last, and write their output in the order of the texts."""
        width = int(cast("Any", self.model[0]).get_embedding_dimension())
        shape = int(tokens.offsets[-1]), width
        kept = np.lib.format.open_memmap(folder / _ACTIVATIONS, "w+", np.float16, shape)
        hook = self._last.register_forward_pre_hook(_stop)
        done = 0
        try:
            for rows in batches(tokens.lengths, BUDGET[self.device.type]):
                given = features(self.model, tokens.take(rows))
                try:
                    with self.precision():
                        self.model[0](given)
                except _Reached as reached:
                    hidden = reached.hidden[given["attention_mask"].bool()]
                    kept[tokens.places(rows)] = _half(hidden, self.encoder.name)
                done += len(rows)
                self.workspace.progress(done, len(tokens.lengths))
                after_batch()
        finally:
            hook.remove()
        kept.flush()
        np.save(folder / _OFFSETS, tokens.offsets)


def _open(folder: Path) -> Jagged:
    """Map the cached activations."""
    return Jagged(np.load(folder / _OFFSETS), np.load(folder / _ACTIVATIONS, mmap_mode="r"))


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


def _last_block(name: str, model: SentenceTransformer) -> nn.Module:
    """The last of the transformer's blocks: the end of its longest list of modules."""
    lists = [module for module in model[0].modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise InputError(
            f"tune=last-layer needs a transformer made of a list of blocks, and the encoder "
            f"{name!r} has none; take tune=head or tune=full"
        )
    return max(lists, key=len)[-1]
