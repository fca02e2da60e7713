"""nci: a decoder with prefix-aware weights writes the identifier (Neural Corpus Indexer)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from methods.generative.dsi import DSI

if TYPE_CHECKING:
    from bench.method import Value


class NCI(DSI):
    """DSI with weights of its own for each beginning, and sentences as queries (arXiv 2206.02743).

    What a digit means depends on those before it: the weights of the next digit are adapted to the
    beginning, by a change of low rank. The paper generates queries of a document with another
    model; here a document's first sentence stands for them.
    """

    name = "nci"
    version: ClassVar[str] = "nci 1"
    params: ClassVar[dict[str, Value]] = {
        **DSI.params,
        "adapter": 8,
        "document_sentences": 1,
        "decoder_epochs": 20,
    }
