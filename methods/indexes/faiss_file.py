"""Indexes in Faiss's own file, and the Python that searches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np
from faiss.contrib.ivf_tools import add_preassigned

from bench.method import Code
from methods.chunks import chunks

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints

FILE = "index.faiss"
READ = f'\nINDEX = faiss.read_index(str(HERE / "{FILE}"))\n'
SEARCH = '''

def search(vectors, k):
    """[n, k] numbers of documents, best first; -1 where there are fewer."""
    return {found}
'''
DISTINCT = '''

def search(vectors, k):
    """[n, k] numbers of documents, best first; -1 where there are fewer."""
    ids = np.full((len(vectors), k), -1)
    for row, found in zip(ids, {found}, strict=True):
        distinct = list(dict.fromkeys(found[found >= 0].tolist()))[:k]
        row[: len(distinct)] = distinct
    return ids
'''
"""The search of an index in which a document may be found more than once."""


def search_of(found: str, n_documents: int, copies: int) -> str:
    """The definition of ``search``.

    Args:
        found: an expression of the numbers [n, {k}] that a library finds.
        n_documents: number of documents.
        copies: how often each is in the index.
    """
    if copies == 1:
        return SEARCH.format(found=found.format(k="k"))
    return DISTINCT.format(found=found.format(k=f"{copies} * min(k, {n_documents})"))


def write_ivf(folder: Path, documents: Floats, leaf: Ints, centroids: Floats, nprobe: int) -> Code:
    """Write an IndexIVFFlat of which ``nprobe`` leaves are scanned; see :func:`ivf_of`."""
    found = f"INDEX.search(vectors, {{k}}, params=faiss.SearchParametersIVF(nprobe={nprobe}))[1]"
    search = search_of(found, *leaf.shape)
    return write_faiss(folder, ivf_of(documents, leaf, centroids), search)


def write_faiss(folder: Path, index: faiss.Index, search: str) -> Code:
    """Write an index beside the definition of its ``search``."""
    faiss.write_index(index, str(folder / FILE))
    return Code(READ + search, ("import faiss",), ("faiss-cpu",))


def ivf_of(documents: Floats, leaf: Ints, centroids: Floats) -> faiss.IndexIVFFlat:
    """An IndexIVFFlat with the leaves as they are.

    Args:
        documents: [n_documents, dim] float32, or float16, or a memory map of them.
        leaf: [n_documents, r] the leaves that hold each document.
        centroids: [nlist, dim] vectors whose dot products with a query rank the leaves.
    """
    nlist, dim = centroids.shape
    flat = faiss.IndexFlatIP(dim)
    flat.add(np.ascontiguousarray(centroids, np.float32))
    ivf = faiss.IndexIVFFlat(flat, dim, nlist, faiss.METRIC_INNER_PRODUCT)
    ivf.is_trained = True
    numbers = np.arange(len(leaf), dtype=np.int64)  # a name: Faiss keeps no reference to them
    for column in leaf.T:
        for begin, chunk in chunks(documents):
            part = slice(begin, begin + len(chunk))
            assigned = np.ascontiguousarray(column[part], np.int64)
            of_part = numbers[part]
            add_preassigned(ivf, chunk, assigned, of_part)
    return ivf
