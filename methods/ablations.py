"""The changes that ``bench ablate`` makes to built-in methods, one at a time.

They are not in the methods' own files, so that a new question changes no result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.method import Ablations

# Questions of arXiv 2310.08891, section 4.3 and appendix E, and of each departure from it.
EHI: Ablations = {
    "branching": {"120": {"branching": 120}, "240": {"branching": 240}, "960": {"branching": 960}},
    "projection": {
        "none, as much routing": {"routing_dim": 0},
        "32, as much routing": {"routing_dim": 32},
        "128, as much routing": {"routing_dim": 128},
    },
    "height": {
        "2": {"height": 2},
        "3": {"height": 3},
        "2, children as printed": {"height": 2, "children": "shared"},
        "2, paths as printed": {"height": 2, "paths": "best"},
    },
    "branching and height as printed": {
        f"B={branching}, H={height}": {"branching": branching, "height": height}
        for height in (2, 3)
        for branching in (4, 6, 8)
    },
    "loss": {
        "no similarity term": {"similarity_weight": 0.0},
        "no indexing term": {"indexing_weight": 0.0},
        "no nearest documents": {"neighbour_weight": 0.0},
        "neither of both": {"indexing_weight": 0.0, "neighbour_weight": 0.0},
        "with intra-leaf term": {"intra_leaf_weight": 1.0},
        "similarity by triplets": {"similarity_loss": "triplet"},
        "indexing by triplets": {"indexing_loss": "triplet"},
    },
    "negatives": {
        "no hard ones": {"hard_negatives": 0},
        "found anew each epoch": {"refresh": 1},
        "found anew every 20 epochs": {"refresh": 20},
    },
    "start and form": {
        "random start": {"warm_start": False},
        "random start, balance term": {"warm_start": False, "balance": 0.1},
        "with residual layer": {"transform": True},
    },
    "pairs over the corpus": {"none": {"corpus_pairs": 0}},
    "leaves of a document": {"2": {"leaves_per_document": 2}, "3": {"leaves_per_document": 3}},
}

ABLATIONS = {"ehi": EHI}
