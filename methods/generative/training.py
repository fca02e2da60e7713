"""Training of a decoder: from the vectors of queries, sentences and documents to identifiers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from methods.trainers.loop import LossWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.method import Progress, Workspace
    from bench.types import Floats, Ints
    from methods.generative.beam import Writer
    from methods.generative.decoder import Decoder
    from methods.generative.identifiers import Identifiers

REPEATED = 0.25
"""Share of queries that get the same first identifier from which a decoder repeats itself, where
there are ``ASKED`` queries or more."""
ASKED = 20


class Examples(NamedTuple):
    """Vectors and the documents whose identifiers they should become.

    Attributes:
        vectors: [n, dim] unit vectors.
        documents: [m] a document of each pair.
        rows: [m] the vector of each pair.
    """

    vectors: Floats
    documents: Ints
    rows: Ints


class Schedule(NamedTuple):
    """How a decoder is trained.

    Attributes:
        steps: number of steps.
        lr: AdamW's learning rate at the first step, which falls to 0 on half a cosine.
        batch: pairs of each kind of examples in a step.
        checks: validations; the best decoder is kept. 0: none, and the last is.
        noise: length of the random vector that is added to a vector of length 1.
    """

    steps: int
    lr: float
    batch: tuple[int, ...]
    checks: int
    noise: float


class Best:
    """The weights of the best validation so far."""

    checkpointed: ClassVar[tuple[str, ...]] = ("weights", "score")

    def __init__(self, decoder: Decoder) -> None:
        self.weights = {name: value.clone() for name, value in decoder.state_dict().items()}
        self.score = -math.inf

    def take(self, decoder: Decoder, score: float) -> None:
        """Keep the weights, if no earlier score is better."""
        if score >= self.score:
            self.score = score
            self.weights = {name: value.clone() for name, value in decoder.state_dict().items()}


def train(
    decoder: Decoder,
    identifiers: Identifiers,
    kinds: list[Examples],
    schedule: Schedule,
    validate: Callable[[], float],
    workspace: Workspace,
    *,
    seed: int,
    progress: Progress,
) -> None:
    """Train in place by cross-entropy of each digit after those before it, of those that exist.

    Args:
        decoder: the decoder.
        identifiers: the identifiers of the documents.
        kinds: kinds of examples; a step draws from each.
        schedule: steps, rates and sizes.
        validate: the score of the decoder as it is.
        workspace: keeps a training that is cut.
        seed: seed of the draws.
        progress: called as training proceeds.

    Raises:
        InputError: the loss is not a number.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(decoder.parameters(), weight_decay=0.01)
    best = Best(decoder)
    watch = LossWatch(math.isfinite, "decoder_lr")
    step_of = _Step(decoder, identifiers)
    state: dict[str, Any] = {
        "step": 0, "decoder": decoder, "optimizer": optimizer, "best": best, "rng": rng,
        "watch": watch,
    }  # fmt: skip
    workspace.checkpoint.restore(state)
    for step in range(state["step"], schedule.steps):
        vectors, documents = _drawn(kinds, schedule, rng)
        loss = step_of.loss(torch.from_numpy(vectors), documents)
        watch.add(loss.detach())
        for group in optimizer.param_groups:
            group["lr"] = schedule.lr * (1 + math.cos(math.pi * step / schedule.steps)) / 2
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        done = step + 1
        if done * schedule.checks // schedule.steps > step * schedule.checks // schedule.steps:
            best.take(decoder, validate())
        if step % 50 == 0:
            progress(step, schedule.steps)
        state["step"] = done
        workspace.checkpoint.keep(state)
    watch.look()
    if best.score > -math.inf:
        decoder.load_state_dict(best.weights)
    progress(schedule.steps, schedule.steps)


class _Step:
    """The loss of documents' identifiers."""

    def __init__(self, decoder: Decoder, identifiers: Identifiers) -> None:
        paths = identifiers.paths()
        self._decoder = decoder
        self._owners = identifiers.owners
        self._digits = torch.from_numpy(paths.digits)
        self._nodes = torch.from_numpy(paths.nodes)
        self._exists = torch.from_numpy(identifiers.children) >= 0

    def loss(self, vectors: torch.Tensor, documents: Ints) -> torch.Tensor:
        """Mean over identifiers of the sum over digits."""
        rows = self._owners[documents]
        digits, nodes = self._digits[rows], self._nodes[rows]
        written = digits >= 0
        logits = self._decoder(vectors, digits.clamp_min(0))
        logits = logits.masked_fill(~self._exists[nodes.clamp_min(0)], -math.inf)
        each = cross_entropy(logits[written], digits[written], reduction="sum")
        return each / len(rows)


def _drawn(
    kinds: list[Examples], schedule: Schedule, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """Vectors with noise and documents of a step, drawn from each kind."""
    vectors, documents = [], []
    for examples, size in zip(kinds, schedule.batch, strict=True):
        drawn = rng.integers(0, len(examples.documents), size if len(examples.documents) else 0)
        vectors.append(np.asarray(examples.vectors[examples.rows[drawn]], np.float32))
        documents.append(examples.documents[drawn])
    found = np.concatenate(vectors)
    noise = rng.standard_normal(found.shape, np.float32)
    return found + noise * (schedule.noise / math.sqrt(found.shape[1])), np.concatenate(documents)


def repeats(writer: Writer, queries: Floats) -> tuple[int, int]:
    """How many queries get the first identifier that most get, and of how many."""
    first = writer.write(queries, 1).identifiers[:, 0]
    return int(np.bincount(first[first >= 0]).max(initial=0)), len(queries)
