"""Encoding of texts on a device, beside the model's own forward pass and sentence-transformers."""

from __future__ import annotations

import copy
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.method import Workspace
from bench.system.terminal import say
from studies.speed.rows import SpeedRow, alternate, amount, faster, in_rate, seconds_of

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

    from bench.task import Strings
    from bench.types import Floats
    from methods.encoders.jagged import Jagged
    from methods.encoders.pretrained import Pretrained

FORWARD_AIM, LIBRARY_AIM, THOUSANDTHS = 0.6, 8.0, 1.0
"""Ratios to the forward pass and to the library; 1000 times the difference of a cosine from 1."""
WARM = 64
"""Texts that are encoded first and not counted."""
COMPARED = 256
"""Texts that are encoded in float32 on the CPU as well."""
BATCH = 256
"""Texts in a batch of the forward pass."""
ROUNDS = 3


def encoding(device: str, texts: Strings) -> list[SpeedRow]:
    """Three rows: beside the forward pass, beside the library, and vectors beside those in float32.

    The peer of the first is given token ids on the device, in batches of similar length, and keeps
    its results there: under autocast or in half precision, whichever is faster.

    Args:
        device: name of the device in a workspace.
        texts: the texts.
    """
    from methods.encoders.pretrained import Pretrained

    say("    encoding with MiniLM")
    encoder = Pretrained("minilm", device, mixed=True)
    vectors = encode(encoder, texts.take(np.arange(min(WARM, len(texts)))))
    tokens = encoder.tokens(texts, Workspace())
    model = encoder.model()
    batches = _ready(model, tokens)
    half = copy.deepcopy(model).bfloat16()
    ours, autocast, halved, library = (
        [seconds / len(texts) for seconds in each]
        for each in alternate(
            ROUNDS,
            lambda: seconds_of(lambda: encode(encoder, texts)),
            partial(_forward, model, batches, mixed=True),
            partial(_forward, half, batches, mixed=False),
            lambda: seconds_of(lambda: model.encode(list(texts))),
        )
    )
    forward = min(autocast, halved, key=np.median)
    few = texts.take(np.arange(min(COMPARED, len(texts))))
    vectors, exact = (encode(each, few) for each in (encoder, Pretrained("minilm", "cpu", False)))
    cosine = float((vectors * exact).sum(axis=1).min())
    how = "under autocast" if forward is autocast else "in bfloat16"
    what = f"encoding {len(texts):,} texts"
    return [
        faster(f"{what}, the peer: forward pass {how}", (ours, forward), FORWARD_AIM, in_rate),
        faster(f"{what}, the peer: sentence-transformers", (ours, library), LIBRARY_AIM, in_rate),
        amount(
            f"its vectors, a cosine of {cosine:.5f} or more: 1 - cosine in thousandths",
            [1000 * (1 - cosine)],
            THOUSANDTHS,
            "",
        ),
    ]


def encode(encoder: Pretrained, texts: Strings) -> Floats:
    """[n, dim] vectors, from texts and an empty cache to the file of vectors."""
    from methods.encoders.embeddings import embed

    with tempfile.TemporaryDirectory() as cache:
        return np.array(embed(encoder, texts, Workspace(Path(cache))))


def _ready(model: SentenceTransformer, tokens: Jagged) -> list[dict[str, torch.Tensor]]:
    """Batches of texts of similar length, on the device."""
    from methods.encoders.pretrained import features

    order = np.argsort(-tokens.lengths, kind="stable")
    return [
        features(model, tokens.take(order[start : start + BATCH]))
        for start in range(0, len(order), BATCH)
    ]


def _forward(
    model: SentenceTransformer, batches: list[dict[str, torch.Tensor]], *, mixed: bool
) -> float:
    """Seconds of the forward pass of all batches."""
    import torch

    from methods.device import transformer_precision

    def run() -> None:
        with torch.inference_mode(), transformer_precision(model.device, mixed=mixed):
            vectors = [model(dict(batch))["sentence_embedding"] for batch in batches]
        float(vectors[-1].sum())  # the GPU has done all that came before

    return seconds_of(run)
