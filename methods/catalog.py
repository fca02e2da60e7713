"""Every built-in method, trainer and index by name; a class is imported when it is first used.

To add a method, write its file in this folder and one line here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.method import Method
    from methods.indexes.base import Index
    from methods.trainers.base import Trainer

TRAINERS = {
    "zero-shot-de": "methods.trainers.zero_shot:ZeroShot",
    "standard-de": "methods.trainers.standard:Standard",
    "resampled-de": "methods.trainers.resampled:Resampled",
    "pretrain-finetune-de": "methods.trainers.pretrain_finetune:PretrainFinetune",
    "masked-de": "methods.trainers.masked:Masked",
    "constructed-de": "methods.trainers.constructed:Constructed",
    "interval-de": "methods.trainers.interval:Interval",
    "hit-de": "methods.trainers.hit:HiT",
    "hit-dot-de": "methods.trainers.hit:HiTDot",
    "ehi-encoder": "methods.trainers.ehi:EHI",
    "matched-de": "methods.trainers.matched:MatchedDE",
    "elias-encoder": "methods.trainers.elias:ELIAS",
    "ehi-paper-encoder": "methods.trainers.ehi_paper:EHIPaper",
    "poincare": "methods.node_embeddings.poincare:Poincare",
    "euclidean-embedding": "methods.node_embeddings.euclidean:EuclideanEmbedding",
    "order-embedding": "methods.node_embeddings.order:OrderEmbedding",
    "box-embedding": "methods.node_embeddings.box:BoxEmbedding",
    "hope": "methods.node_embeddings.hope:HOPE",
}

INDEXES = {
    "exact": "methods.indexes.exact:Exact",
    "faiss-ivf": "methods.indexes.faiss_ivf:FaissIVF",
    "scann": "methods.indexes.scann:ScaNN",
    "hnsw": "methods.indexes.hnsw:HNSW",
    "learned-tree": "methods.indexes.learned_tree:LearnedTree",
    "adjacent-leaves": "methods.indexes.adjacent_leaves:AdjacentLeaves",
    "adaptive-tree": "methods.indexes.adaptive_tree:AdaptiveTree",
    "faiss-ivf-2": "methods.indexes.faiss_ivf_2:FaissIVF2",
    "scann-soar": "methods.indexes.scann_soar:ScaNNSOAR",
    "ivf-rabitq": "methods.indexes.ivf_rabitq:IVFRaBitQ",
    "optimist": "methods.indexes.optimist:Optimist",
    "learned-router": "methods.indexes.learned_router:LearnedRouter",
    "judged-router": "methods.indexes.guided:JudgedRouter",
    "moved-positives": "methods.indexes.guided:MovedPositives",
    "sharded-exact": "methods.shards.exact:ShardedExact",
    "sharded-ivf": "methods.shards.ivf:ShardedIVF",
}

METHODS = {
    "zero-shot-de": "zero-shot-de+exact",
    "standard-de": "standard-de+exact",
    "resampled-de": "resampled-de+exact",
    "pretrain-finetune-de": "pretrain-finetune-de+exact",
    "masked-de": "masked-de+exact",
    "constructed-de": "constructed-de+exact",
    "interval-de": "interval-de+exact",
    "hit-de": "hit-de+exact",
    "hit-dot-de": "hit-dot-de+exact",
    "poincare": "poincare+exact",
    "euclidean-embedding": "euclidean-embedding+exact",
    "order-embedding": "order-embedding+exact",
    "box-embedding": "box-embedding+exact",
    "hope": "hope+exact",
    "exact": "standard-de+exact",
    "de-faiss-ivf": "standard-de+faiss-ivf",
    "de-scann": "standard-de+scann",
    "de-hnsw": "standard-de+hnsw",
    "de-faiss-ivf-2": "standard-de+faiss-ivf-2",
    "de-scann-soar": "standard-de+scann-soar",
    "de-ivf-rabitq": "standard-de+ivf-rabitq",
    "de-optimist": "standard-de+optimist",
    "de-learned-router": "standard-de+learned-router",
    "de-judged-router": "standard-de+judged-router",
    "de-moved-positives": "standard-de+moved-positives",
    "ehi": "ehi-encoder+adaptive-tree",
    "ehi-paper": "ehi-paper-encoder+learned-tree",
    "elias": "methods.trainers.elias:ELIASMethod",
    "ehi-encoder+faiss-ivf": "ehi-encoder+faiss-ivf",
    "ehi-encoder+scann": "ehi-encoder+scann",
    "matched-de+faiss-ivf": "matched-de+faiss-ivf",
    "matched-de+scann": "matched-de+scann",
    "ancestor-lookup": "methods.graph_lookup:AncestorLookup",
    "path-similarity": "methods.graph_lookup:PathSimilarity",
    "bm25": "methods.bm25:BM25",
    "dsi": "methods.generative.dsi:DSI",
    "nci": "methods.generative.nci:NCI",
    "names-in-names": "methods.names_in_names:NamesInNames",
    "random": "methods.random:Random",
    "oracle": "methods.oracle:Oracle",
    "noop": "methods.noop:Noop",
}

ON_REQUEST = {"ancestor-lookup", "path-similarity", "noop"}
"""Methods that are not part of ``--methods all``."""


OVER = ("masked-de", "zero-shot-de")
"""Trainers that an index of a plugin is measured over, if no method is named that has it: the one
suits hierarchies, the other given vectors, and both suit texts."""


def load(target: str) -> Any:  # noqa: ANN401
    """The object that a ``module:attribute`` string names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def compose(
    name: str,
    trainer: str,
    index: str,
    trainer_type: type[Trainer] | None = None,
    index_type: type[Index] | None = None,
) -> type[Method]:
    """The method that trains with ``trainer`` and searches with ``index``.

    Args:
        name: the name of the method.
        trainer: the name of its trainer.
        index: the name of its index.
        trainer_type: the class of the trainer; None: that of the catalogue.
        index_type: the class of the index; None: that of the catalogue.
    """
    from methods.ablations import ABLATIONS
    from methods.compose import compose as compose_parts

    index_type = index_type or load(INDEXES[index])
    composed = compose_parts(name, trainer, trainer_type or load(TRAINERS[trainer]), index_type)
    if index_type.__module__.startswith("methods.shards."):
        from methods.shards.dual_encoder import sharded

        composed = sharded(composed)
    composed.ablations = ABLATIONS.get(name, {})
    return composed
