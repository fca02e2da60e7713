"""A learned tree in files, and the Python that finds a query's leaves in it with numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np

from bench.method import Code
from methods.indexes.faiss_file import FILE, READ, ivf_of, search_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints
    from methods.trees.indexer import Indexer

LEAVES = '''TREE = load_file(HERE / "tree.safetensors")
SHAPE = json.loads((HERE / "tree.json").read_text(encoding="utf-8"))["shape"]
BRANCHING, NPROBE, BEAM = SHAPE["branching"], {nprobe}, {beam}
SIZES = np.array([INDEX.invlists.list_size(leaf) for leaf in range(INDEX.nlist)])


def log_probabilities(x):
    """[n, leaves] of vectors [n, dim], from the root down."""
    n, kept = len(x), max(BEAM, -(-NPROBE // BRANCHING))
    if SHAPE["routing_dim"]:
        x = x @ TREE["projection.weight"].T
    log = np.zeros((n, 1), np.float32)
    for depth in range(SHAPE["height"]):
        if BEAM and kept < log.shape[1]:
            log = np.where(log < np.sort(log)[:, [-kept]], -np.inf, log)
        nodes, given = np.arange(BRANCHING**depth), x[:, None]
        if SHAPE["children"] == "shared":
            above = [np.eye(BRANCHING)[nodes // BRANCHING**i % BRANCHING] for i in range(depth)]
            parts = [*above, given]
            size = n, len(nodes)
            parts = [np.broadcast_to(part, (*size, part.shape[-1])) for part in parts]
            given = np.concatenate(parts, axis=2).astype(np.float32)
        if SHAPE["transform"]:
            given = given + np.maximum(given @ TREE[f"_levels.{{depth}}.U.weight"].T, 0)
        weights = TREE[f"_levels.{{depth}}.W"]
        logits = (given @ weights.reshape(-1, weights.shape[2]).T).reshape(n, -1, BRANCHING)
        logits -= logits.max(axis=2, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
        log = (logits + log[:, :, None]).reshape(n, -1)
    return log


def leaves_of(vectors):
    """[n, p] leaves to scan, -1 for none."""
    log = log_probabilities(vectors)
    ranked = np.argsort(-log, axis=1, kind="stable")
    {choice}


def scanned(vectors, k):
    """[n, k] the best in these leaves."""
    leaves = leaves_of(vectors)
    INDEX.nprobe, INDEX.parallel_mode = leaves.shape[1], 3
    return INDEX.search_preassigned(vectors, k, leaves, np.zeros(leaves.shape, np.float32))[1]
'''
FIRST = "return ranked[:, :NPROBE]"
"""The choice of the leaves that are most probable."""
AT_LEAST = """values = np.exp(log.astype(float)) / np.maximum(SIZES, 1) * (SIZES > 0)
    np.put_along_axis(values, values.argmax(axis=1)[:, None], np.inf, axis=1)
    return np.where(np.take_along_axis(values, ranked, axis=1) >= {least!r}, ranked, -1)"""
"""The choice of the leaves whose probability for each of their documents is at least ``least``."""


def write_tree(
    folder: Path, tree: Indexer, documents: Floats, leaf: Ints, nprobe: int, beam: int, choice: str
) -> Code:
    """Write the tree, and the leaves as Faiss's IndexIVFFlat; give the definition of the search.

    Args:
        folder: the folder to write into.
        tree: the tree.
        documents: [n_documents, dim] vectors.
        leaf: [n_documents, r] the leaves that hold each document.
        nprobe: number of leaves that the beam is wide enough for.
        beam: nodes that are kept at each height above the leaves; 0: all.
        choice: the statements that choose among ``ranked`` leaves.
    """
    tree.save(folder)
    # Its quantizer is never used: the tree says which leaves are probed.
    none = np.zeros((tree.shape.n_leaves, documents.shape[1]), np.float32)
    ivf = ivf_of(documents, leaf, none)
    faiss.write_index(ivf, str(folder / FILE))
    text = READ + LEAVES.format(nprobe=nprobe, beam=beam, choice=choice)
    text += search_of("scanned(vectors, {k})", len(documents), leaf.shape[1])
    imports = ("import json", "import faiss", "from safetensors.numpy import load_file")
    return Code(text, imports, ("faiss-cpu", "safetensors"))
