"""The texts that a dual encoder encodes into the cache, and what that costs.

Nothing here changes a result: towers and trees encode on their own, and this says beforehand what.
"""

from __future__ import annotations

import contextlib
import io
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.method import Encoding, Price, Workspace
from methods.dual_encoder import DualEncoder
from methods.encoders import embeddings
from methods.encoders.pretrained import Pretrained
from methods.encoders.sentence import PACKAGED, is_folder, lacks_encoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.method import Method
    from bench.task import Corpus, Queries, Strings

SAMPLE = 32
"""Texts that are encoded to tell how long all take."""
WARM_UP = 4
SPLIT = 20_000
"""Documents whose sentences are all found; of more, the sentences of some are counted."""


class Texts(NamedTuple):
    """Texts to encode; more than ``texts`` holds where these are a sample.

    Attributes:
        what: the texts in a word or two.
        texts: [m] the texts, or a sample.
        n_texts: number of all.
        fewer: the hyper-parameter that lowers their number; empty: none does.
    """

    what: str
    texts: Strings
    n_texts: int
    fewer: str = ""


def encodings_of(method: Method, corpus: Corpus, test: Queries) -> list[Encoding]:
    """What a method encodes of a task; nothing if it keeps no vectors of texts.

    Args:
        method: the method, with its hyper-parameters and workspace; nothing is told of one whose
            encoder is not on this machine.
        corpus: the documents, with the queries of training and validation.
        test: the queries of the test.
    """
    if not isinstance(method, DualEncoder) or corpus.texts is None:
        return []
    name, tune = method.trainer.reads(), getattr(method.trainer, "tune", "none")
    if name is None or tune == "full":  # then each cell has vectors of its own
        return []
    if not _is_here(name):
        return []
    precision = str(getattr(method.trainer, "precision", "float32"))
    encoder = Pretrained.of(name, precision, method.workspace)
    found: dict[str, Encoding] = {}
    for each in _texts(method, corpus, test):
        whole = len(each.texts) == each.n_texts
        place = _place(encoder, each.texts, tune) if whole else ""
        price = partial(_price, encoder, each.texts, each.n_texts, tune)
        if each.n_texts:
            encoding = Encoding(each.what, name, each.n_texts, place, price, each.fewer)
            found.setdefault(place or each.what, encoding)
    return list(found.values())


def _is_here(name: str) -> bool:
    """Whether an encoder is on this machine: nothing is downloaded to tell what it would do."""
    if lacks_encoder(name):
        return False
    if name in PACKAGED or is_folder(name):
        return True
    from huggingface_hub import snapshot_download

    try:
        return bool(snapshot_download(name, local_files_only=True))
    except Exception:  # of the hub's library, or of a name that is none
        return False


def _texts(method: DualEncoder, corpus: Corpus, test: Queries) -> Iterator[Texts]:
    """The texts that are encoded at once each, documents first."""
    documents = corpus.texts
    if documents is None:
        return
    yield Texts("documents", documents, len(documents))
    queries = {"validation queries": corpus.sample, "test queries": test}
    if "tune" in method.values or method.index_type.is_learned:
        queries = {"training queries": corpus.training, **queries}
    for what, asked in queries.items():
        if asked.texts is not None:
            yield Texts(what, asked.texts, len(asked.texts))
    most = int(method.values.get("sentences", 0))
    if most and method.values.get("corpus_pairs"):
        yield _sentences(documents, len(documents), most, "sentences")
    most = int(method.values.get("router_sentences", 0))
    if most:
        of, at_most = len(documents), int(method.values["router_queries"])
        found = _sentences(documents, min(of, at_most), most, "router_sentences")
        yield found._replace(n_texts=min(found.n_texts, at_most))


@lru_cache(maxsize=4)  # trainers that differ by index, and seeds, ask for the same
def _sentences(documents: Strings, n_documents: int, most: int, fewer: str) -> Texts:
    """The first sentences of documents, or of some of many."""
    from methods.trees.sentences import Sentences, spread

    read = spread(documents, min(n_documents, SPLIT))
    texts = Sentences.of(read, most).texts
    n_texts = len(texts) if len(read) == n_documents else len(texts) * n_documents // len(read)
    return Texts("sentences of documents", texts, n_texts, fewer)


def _place(encoder: Pretrained, texts: Strings, tune: str) -> str:
    """The place in the cache that ``embed`` or the tower of ``last-layer`` takes."""
    if tune == "last-layer":
        from methods.encoders import last_layer

        return encoder.place_of("activations", last_layer._VERSION, texts)  # noqa: SLF001
    place = encoder.place_of("embeddings", embeddings._VERSION, texts)  # noqa: SLF001
    return f"{place}.float{16 if _is_half(len(texts)) else 32}"


def _is_half(n_texts: int) -> bool:
    return n_texts >= embeddings.HALF_PRECISION_FROM


def _price(encoder: Pretrained, texts: Strings, n_texts: int, tune: str) -> Price:
    """The cost of all texts, by that of a sample of different lengths."""
    rows = np.unique(np.linspace(0, len(texts) - 1, SAMPLE).astype(np.int64))
    with contextlib.redirect_stderr(io.StringIO()):  # a bar while the model is read
        tokens = encoder.tokens(texts.take(rows), Workspace(device=encoder.device))
        encoder.encode(tokens.take(np.arange(min(WARM_UP, len(rows)))))
    start = time.perf_counter()
    vectors = encoder.encode(tokens)
    seconds = (time.perf_counter() - start) / len(rows) * n_texts
    n_tokens, dim = float(tokens.lengths.mean()), vectors.shape[1]
    if tune == "last-layer":
        return Price(seconds, n_texts * n_tokens * (2 * dim + 4))
    return Price(seconds, n_texts * (dim * (2 if _is_half(n_texts) else 4) + 4 * n_tokens))
