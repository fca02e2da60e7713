"""EHI's indexer: a tree of classifiers that sends queries and documents to leaves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import nn
from torch.nn.functional import log_softmax, one_hot, relu

from bench.leaves import LeafHealth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BLOCK = 4096
"""Vectors that pass through the tree at once."""
GATHERED_FROM, GATHERED_FLOATS = 16, 1 << 22
"""All nodes are scored, unless they are this many times those needed; floats gathered at once."""
FACTS, WEIGHTS = "tree.json", "tree.safetensors"


class Beam(NamedTuple):
    """Leaves found for n vectors.

    Attributes:
        log_probs: [n, p] log of the probability of each leaf.
        routing: multiply-adds for each vector, in dot products of its dimension.
    """

    leaves: torch.Tensor
    log_probs: torch.Tensor
    routing: float


@dataclass(frozen=True)
class TreeShape:
    """The form of an indexer.

    Attributes:
        dim: dimension of the vectors.
        branching: number of children of a node, B.
        height: number of levels below the root, H; there are B^H leaves.
        children: ``shared``: one classifier for each height, given one-hot vectors of the branches
            above (EHI, eq. 1); ``own``: a classifier for each node.
        transform: whether x + ReLU(Ux), with a U for each height, precedes the classifiers.
        routing_dim: dimension to which a learned projection takes the vectors first, so that a
            classifier costs less than a document; 0: there is none.
    """

    dim: int
    branching: int
    height: int
    children: str = "own"
    transform: bool = False
    routing_dim: int = 0

    @property
    def width(self) -> int:
        """Dimension of the vectors that the classifiers read."""
        return self.routing_dim or self.dim

    @property
    def n_leaves(self) -> int:
        """Number of leaves, B^H."""
        return int(self.branching**self.height)


class Level(nn.Module):
    """Classifiers of one height: U and W of EHI's eq. 1, or a W for each node."""

    def __init__(self, shape: TreeShape, depth: int) -> None:
        """``depth``: depth of the parents; 0 is the root."""
        super().__init__()
        self._shape, self._depth = shape, depth
        above = shape.branching * depth if shape.children == "shared" else 0
        self.inputs = shape.width + above
        nodes = 1 if shape.children == "shared" else shape.branching**depth
        # [parents, B, inputs]; the scale of torch.nn.Linear.
        bound = self.inputs**-0.5
        self.W = nn.Parameter(torch.empty(nodes, shape.branching, self.inputs))
        nn.init.uniform_(self.W, -bound, bound)
        self.U = nn.Linear(self.inputs, self.inputs, bias=False) if shape.transform else None

    def all_parents(self, x: torch.Tensor) -> torch.Tensor:
        """[n, parents, B] logits of the children of every node at this depth."""
        n_parents = self._shape.branching**self._depth
        if self._shape.children == "own":
            x = self._transformed(x)
            return (x @ self.W.flatten(0, 1).T).view(len(x), n_parents, self._shape.branching)
        nodes = torch.arange(n_parents, device=x.device)
        return self._of_shared(x, nodes.expand(len(x), -1))

    def some_parents(self, x: torch.Tensor, parents: torch.Tensor) -> torch.Tensor:
        """[n, p, B] logits of the children of some nodes, given as [n, p] numbers."""
        if self._shape.children == "shared":
            return self._of_shared(x, parents)
        if parents.shape[1] * GATHERED_FROM >= len(self.W):
            chosen = parents[:, :, None].expand(-1, -1, self._shape.branching)
            return self.all_parents(x).gather(1, chosen)
        # [n, p, B, dim] classifiers are far larger than what they give: a few vectors at a time.
        x = self._transformed(x)
        size = max(1, GATHERED_FLOATS // (parents.shape[1] * self.W[0].numel()))
        parts = zip(torch.split(x, size), torch.split(parents, size), strict=True)
        return torch.cat([torch.einsum("nd,npbd->npb", of, self.W[some]) for of, some in parts])

    def _of_shared(self, x: torch.Tensor, parents: torch.Tensor) -> torch.Tensor:
        """[n, p, B] logits of a classifier for the whole height, from the branches above."""
        branches = []  # the branch at each height above, the last one first, as in eq. 1
        above = parents
        for _ in range(self._depth):
            branches.append(one_hot(above % self._shape.branching, self._shape.branching))
            above = above // self._shape.branching
        vectors = x[:, None].expand(-1, parents.shape[1], -1)
        joined = torch.cat([*(branch.to(x.dtype) for branch in branches), vectors], dim=2)
        return self._transformed(joined) @ self.W[0].T

    def _transformed(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.U is None else x + relu(self.U(x))

    def cost(self, parents: int) -> float:
        """Multiply-adds that scoring the children of this many nodes takes.

        A one-hot input costs an addition of rows, so that U is multiplied with the vector once. The
        count is that of the algorithm; in small trees all nodes are scored, which is faster.
        """
        of_transform = 0 if self.U is None else self._shape.width * self.inputs
        return of_transform + parents * self._shape.branching * self.inputs


class Indexer(nn.Module):
    """The tree. The nodes of a depth are numbered from the left: leaf l is child l % B.

    Attributes:
        history: statistics of its leaves at several times of the training.
    """

    def __init__(self, shape: TreeShape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._levels = nn.ModuleList(Level(shape, depth) for depth in range(shape.height))
            self.projection = (
                nn.Linear(shape.dim, shape.routing_dim, bias=False) if shape.routing_dim else None
            )
        self.history: list[LeafHealth] = []

    @property
    def levels(self) -> Iterator[Level]:
        """The classifiers of each height, the root's first."""
        yield from cast("Iterable[Level]", self._levels)

    @property
    def device(self) -> torch.device:
        """The device that the tree computes on."""
        return next(self.parameters()).device

    def path_embedding(self, x: torch.Tensor) -> torch.Tensor:
        """[n, B·H] path embedding (EHI, Algorithm 2), the root's children first.

        At each height, the path has the probabilities of the children of the most probable node
        above, times the probability of that node.
        """
        x = self._projected(x)
        node = torch.zeros(len(x), 1, dtype=torch.long, device=x.device)
        reached = x.new_zeros(len(x), 1)
        parts = []
        for level in self.levels:
            log_probs = log_softmax(level.some_parents(x, node)[:, 0], dim=1) + reached
            parts.append(log_probs.exp())
            reached, best = log_probs.max(dim=1, keepdim=True)
            node = node * self.shape.branching + best
        return torch.cat(parts, dim=1)

    def node_probabilities(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Probabilities of all nodes, [n, B], [n, B²] … [n, B^H]: all paths, not just the best."""
        x = self._projected(x)
        log_probs = x.new_zeros(len(x), 1)
        found = []
        for level in self.levels:
            children = log_softmax(level.all_parents(x), dim=2)
            log_probs = (children + log_probs[:, :, None]).flatten(1)
            found.append(log_probs.exp())
        return found

    def search(self, x: torch.Tensor, count: int, beam: int = 0) -> Beam:
        """The most probable leaves by beam search (EHI, section 3.4), all vectors at once.

        Args:
            x: [n, dim] vectors.
            count: number of leaves wanted.
            beam: number of nodes kept at each height above the leaves, at least as many as
                ``count`` needs; 0: all nodes.
        """
        x = self._projected(x)
        nodes = torch.zeros(len(x), 1, dtype=torch.long, device=x.device)
        log_probs = x.new_zeros(len(x), 1)
        branching = self.shape.branching
        for depth, level in enumerate(self.levels, start=1):
            children = log_softmax(level.some_parents(x, nodes), dim=2) + log_probs[:, :, None]
            children = children.flatten(1)
            wanted = count if depth == self.shape.height else self._kept(count, beam)
            log_probs, best = children.topk(min(wanted, children.shape[1]), dim=1)
            nodes = nodes.gather(1, best // branching) * branching + best % branching
        return Beam(nodes, log_probs, self.routing(count, beam))

    def routing(self, count: int, beam: int = 0) -> float:
        """Dot products of dimension ``dim`` that a search for ``count`` leaves takes."""
        branching, kept = self.shape.branching, self._kept(count, beam)
        parents = (min(kept, branching**depth) for depth in range(self.shape.height))
        costs = (level.cost(n) for level, n in zip(self.levels, parents, strict=True))
        return self.shape.routing_dim + sum(costs) / self.shape.dim

    def _projected(self, x: torch.Tensor) -> torch.Tensor:
        """[n, width] what the classifiers read of vectors [n, dim]."""
        return x if self.projection is None else self.projection(x)

    def _kept(self, count: int, beam: int) -> int:
        """Number of nodes kept at each height above the leaves."""
        least = -(-count // self.shape.branching)
        return max(beam, least) if beam else self.shape.n_leaves

    @torch.inference_mode()
    def leaves(self, x: torch.Tensor, count: int) -> torch.Tensor:
        """[n, count] the most probable of all leaves for each vector, in blocks, on the CPU."""
        blocks = [x[start : start + BLOCK] for start in range(0, max(len(x), 1), BLOCK)]
        return torch.cat(
            [self.search(block.to(self.device), count).leaves.cpu() for block in blocks]
        )

    def save(self, folder: Path) -> None:
        """Write the form and the weights."""
        from safetensors.torch import save_file

        facts = {"shape": asdict(self.shape), "history": [each._asdict() for each in self.history]}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        save_file(self.state_dict(), folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> Indexer:
        """The tree that ``save`` wrote."""
        from safetensors.torch import load_file

        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tree = cls(TreeShape(**facts["shape"]))
        tree.history = [LeafHealth(**each) for each in facts["history"]]
        tree.load_state_dict(load_file(folder / WEIGHTS))
        return tree
