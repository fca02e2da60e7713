"""A small transformer that writes an identifier digit by digit, from a query's vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn.functional import relu, scaled_dot_product_attention

if TYPE_CHECKING:
    from collections.abc import Iterator

Cache: TypeAlias = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values [r, t, width] of each layer."""
HEADS = 4
WIDER = 4
"""Width of a layer's inner part, in widths."""


class DecoderShape(NamedTuple):
    """The sizes of a decoder.

    Attributes:
        dim: dimension of a query's vector.
        width: dimension inside, a multiple of ``HEADS``.
        layers: number of layers.
        branching: number of digits.
        depth: digits of the longest identifier.
        adapter: rank of the prefix-aware weights (NCI, eq. 4); 0: the same weights after every
            beginning, as in DSI.
    """

    dim: int
    width: int
    layers: int
    branching: int
    depth: int
    adapter: int = 0

    def first_cost(self) -> int:
        """Multiply-adds of reading a query's vector."""
        return self.dim * self.width

    def cost(self, level: int) -> int:
        """Multiply-adds of writing one digit after ``level`` others, with keys and values kept.

        Of an adapter, the states of beginnings are made once for all queries.
        """
        width, rank = self.width, self.adapter
        layer = (4 + 2 * WIDER) * width * width + 2 * (level + 1) * width
        adapter = 2 * rank * width * width + 2 * rank * width
        return self.layers * layer + adapter + self.branching * width


class Layer(nn.Module):
    """A transformer layer, causal, with its norms before its parts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, WIDER * width), nn.Linear(WIDER * width, width)

    def forward(
        self, x: torch.Tensor, past: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Tokens [r, t, width], with keys and values of theirs and of those in ``past``.

        With a past there is one token.
        """
        r, t, width = x.shape
        q, k, v = self.attention(self.before(x)).split(width, dim=2)
        if past is not None:
            k, v = torch.cat([past[0], k], 1), torch.cat([past[1], v], 1)
        q, heads_k, heads_v = (
            each.view(r, -1, HEADS, width // HEADS).transpose(1, 2) for each in (q, k, v)
        )
        met = scaled_dot_product_attention(q, heads_k, heads_v, is_causal=t > 1)
        x = x + self.joined(met.transpose(1, 2).reshape(r, t, width))
        return x + self.outer(relu(self.inner(self.between(x)))), (k, v)


class Decoder(nn.Module):
    """The network: a query's vector is its first token, the digits written are the others."""

    def __init__(self, shape: DecoderShape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            width, digits = shape.width, shape.depth * shape.branching
            self.read = nn.Linear(shape.dim, width)
            self.digits = nn.Embedding(digits, width)
            self.layers = nn.ModuleList(Layer(width) for _ in range(shape.layers))
            self.last = nn.LayerNorm(width)
            # A digit at each place is a token of its own (NCI, section 3.2).
            self.weights = nn.Parameter(torch.randn(shape.depth, shape.branching, width) * 0.02)
            if shape.adapter:
                self.begin = nn.Parameter(torch.randn(1, 1, width) * 0.02)
                self.of_beginning = Layer(width)
                self.adapt = nn.Linear(width, 2 * shape.adapter * width)

    def forward(self, queries: torch.Tensor, digits: torch.Tensor) -> torch.Tensor:
        """[b, depth, branching] logits of each next digit after those before it.

        Args:
            queries: [b, dim] unit vectors.
            digits: [b, depth] an identifier of each; those after an end are any digit.
        """
        written = self._tokens(digits[:, :-1])
        x = torch.cat([self.read(queries)[:, None], written], 1)
        for layer in self._each_layer():
            x, _ = layer(x)
        states = self.beginnings(digits) if self.shape.adapter else None
        hidden = self._adapted(self.last(x), states)
        return torch.einsum("blw,lvw->blv", hidden, self.weights)

    def step(
        self,
        queries: torch.Tensor | None,
        digit: torch.Tensor | None,
        level: int,
        cache: Cache,
        states: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Cache]:
        """[r, branching] logits of the next digit, and the cache with this token.

        Args:
            queries: [r, dim] vectors at the first level, else None.
            digit: [r] the digit that was written last, None at the first level.
            level: number of digits written.
            cache: keys and values of the tokens before; empty at the first level.
            states: [r, width] of the beginnings written; None without an adapter.
        """
        if queries is not None:
            x = self.read(queries)[:, None]
        elif digit is not None:
            x = self.digits(digit + (level - 1) * self.shape.branching)[:, None]
        grown = []
        for number, layer in enumerate(self._each_layer()):
            x, kept = layer(x, cache[number] if cache else None)
            grown.append(kept)
        hidden = self._adapted(self.last(x), None if states is None else states[:, None])
        return hidden[:, 0] @ self.weights[level].T, grown

    def beginnings(self, digits: torch.Tensor) -> torch.Tensor:
        """[b, depth, width] states of each beginning of [b, depth] digits, without the query."""
        tokens = [self.begin.expand(len(digits), -1, -1), self._tokens(digits[:, :-1])]
        states: torch.Tensor = self.of_beginning(torch.cat(tokens, 1))[0]
        return states

    def _tokens(self, digits: torch.Tensor) -> torch.Tensor:
        places = torch.arange(digits.shape[1], device=digits.device) * self.shape.branching
        tokens: torch.Tensor = self.digits(digits + places)
        return tokens

    def _adapted(self, hidden: torch.Tensor, states: torch.Tensor | None) -> torch.Tensor:
        """Hidden states [b, l, width] under the weights of their beginnings.

        Weights W (I + B A) of low rank in place of NCI's product with a full matrix.
        """
        if states is None:
            return hidden
        sizes = (*hidden.shape[:2], 2, self.shape.adapter, self.shape.width)
        a, b = self.adapt(states).view(sizes).unbind(2)
        return hidden + torch.einsum("blr,blrw->blw", torch.einsum("blw,blrw->blr", hidden, a), b)

    def _each_layer(self) -> Iterator[Layer]:
        for layer in self.layers:
            assert isinstance(layer, Layer)  # noqa: S101 - a ModuleList forgets what it is of
            yield layer
