"""A dual encoder as a method: a trainer for the vectors and an index to search them."""

from __future__ import annotations

import dataclasses
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Exported, FitIdentity, Method, Params, Point, Progress, SearchResult, Value
from bench.task import Queries
from methods.encoders.routed import RoutedEncoder
from methods.encoders.sentence import encoder_version, lacks_encoder
from methods.indexes.base import Asked, Guide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.leaves import LeafHealth
    from bench.task import Corpus, Strings, Training
    from bench.types import Floats, Ints
    from methods.encoders.base import Encoder
    from methods.indexes.base import Index
    from methods.trainers.base import Trainer


class DualEncoder(Method):
    """Trainer and index behind the contract of a method; ``methods.compose`` makes subclasses."""

    version: ClassVar[str] = "dual-encoder 1"
    trainer_name: ClassVar[str]
    trainer_type: ClassVar[type[Trainer]]
    index_type: ClassVar[type[Index]]
    compose: ClassVar[Callable[..., type[DualEncoder]]]  # what made this class

    def __init__(self, **params: Value) -> None:
        super().__init__(**params)
        self.trainer = self.trainer_type(**_of(self.trainer_type, self.values))
        self._index = self.index_type(**_of(self.index_type, self.values))
        self._start: Encoder | None = None
        self._encoded: dict[str, Floats] = {}
        self._of_text: dict[str, Floats] = {}

    def skip(self, train: Training) -> str | None:
        """The reason why the trainer has nothing to learn from, or nothing is searched; or None."""
        if train.pairs_only and self.index_type is not _exact():
            return f"pairs are scored without an index: see {self.trainer_name}"
        if train.document_vectors is not None and not self.trainer_type.takes_vectors:
            return "vectors are given and nothing is trained: see zero-shot-de with any index"
        if reason := self.index_type.skip(train):
            return reason
        read = None if train.document_texts is None else self.trainer.reads()
        return (read and lacks_encoder(read)) or self.trainer.skip(train)

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Train the encoder."""
        self.encoder = self.trainer.train(
            train, self._start, self.workspace, seed=seed, progress=progress
        )
        self.encoder.settle()

    def index(self, corpus: Corpus) -> None:
        """Index the document vectors."""

        @cache
        def training() -> Asked:
            return Asked(self.encoder.encode_queries(corpus.training), corpus.relevance)

        tree = self.encoder.tree if isinstance(self.encoder, RoutedEncoder) else None
        self._documents = self.encoder.encode_corpus(corpus)
        if not self.index_type.reads_chunks:
            self._documents = np.ascontiguousarray(self._documents, np.float32)
        sample = self.encoder.encode_queries(corpus.sample)
        sentences = None if corpus.texts is None else partial(self._sentences, corpus.texts)
        guide = Guide(
            sample,
            corpus.judged,
            training,
            tree,
            self.workspace,
            sentences,
            self.encoder.similarity,
        )
        self._index.build(_read_only(self._documents), guide)

    def _sentences(self, texts: Strings, of_each: int, at_most: int) -> Floats:
        """[n, dim] the first sentences of texts, encoded as queries: see ``Guide``."""
        from methods.trees.sentences import Sentences, spread

        found = spread(Sentences.of(spread(texts, at_most), of_each).texts, at_most)
        return self.encoder.encode_queries(Queries(np.arange(len(found)), found, found))

    def operating_points(self) -> list[Point]:
        """The operating points of the index."""
        return self._index.operating_points()

    def prepare(self, queries: Queries) -> None:
        """Encode texts, once for all operating points; tables are read during the search."""
        if queries.texts is not None:
            self._vectors(queries)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Search the index."""
        return self._index.search(_read_only(self._vectors(queries)), k, point)

    def rank_exactly(self, queries: Queries, k: int) -> Ints:
        """The ranking by the score of every document's vector."""
        from methods.indexes.exact import top_k

        ceiling, similarity = self.workspace.memory_bytes, self.encoder.similarity
        return top_k(self._vectors(queries), self._documents, k, ceiling, similarity)[1]

    def _vectors(self, queries: Queries) -> Floats:
        if queries.texts is None:
            return self.encoder.encode_queries(queries)
        digest = queries.texts.digest
        if digest not in self._encoded:
            known = [self._of_text[text] for text in queries.texts if text in self._of_text]
            if 0 < len(known) == len(queries.texts):  # they were part of a batch
                self._encoded[digest] = np.stack(known)
            else:
                self._encoded[digest] = self.encoder.encode_queries(queries)
                self._of_text |= zip(queries.texts, self._encoded[digest], strict=True)
        return self._encoded[digest]

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """Scores of single pairs by the trainer's rule."""
        return self.trainer.score(self.encoder, queries, documents)

    def partition(self) -> Ints | None:
        """The leaf of each document in the index."""
        return self._index.partition()

    def leaves_in_training(self) -> Sequence[LeafHealth]:
        """Statistics of the leaves of a tree that was learned with the encoder."""
        return self.encoder.tree.history if isinstance(self.encoder, RoutedEncoder) else ()

    def index_bytes(self) -> int:
        """Size of the index."""
        return self._index.memory_bytes()

    def save(self, folder: Path) -> None:
        """Write the encoder."""
        self.encoder.save(folder)

    def load(self, folder: Path) -> None:
        """Load the encoder that ``save`` wrote."""
        from methods.encoders import given

        if (own := self.trainer.load(folder, self.workspace)) is not None:
            self.encoder = own
            return
        if (folder / given.FILE).exists():
            self.encoder = given.GivenVectors()
            return
        from methods.encoders import table  # PyTorch, which given vectors can do without

        if (folder / table.FILE).exists():
            self.encoder = table.TableEncoder.load(folder)
        elif (folder / "neighbours.json").exists():
            from methods.encoders.neighbours import NeighbourEncoder

            self.encoder = NeighbourEncoder.load(folder, self.workspace)
        elif (folder / "points.json").exists():
            from methods.encoders.hyperbolic_text import HyperbolicText

            self.encoder = HyperbolicText.load(folder, self.workspace)
        else:
            from methods.encoders.text import TextEncoder

            self.encoder = TextEncoder.load(folder, self.workspace)
        if self.trainer_type.learns_tree:
            from methods.trees.indexer import Indexer

            self.encoder = RoutedEncoder(self.encoder, Indexer.load(folder))

    def cannot_export(self) -> str | None:
        """Its score or its index, if no library searches by it; or None."""
        if not self.trainer.by_dot_product:
            return (
                f"the score of {self.trainer_name} is no dot product, which no library searches "
                "by; export a trainer whose score is one, such as masked-de"
            )
        if self.index_type.exports:
            return None
        return (
            f"its index, {self.index_type.__name__}, has no form that a library reads; measure "
            f"and export {self.trainer_name}+exact or {self.trainer_name}+faiss-ivf"
        )

    def export(self, folder: Path, queries: Queries, point: Point) -> Exported:
        """Write the documents' vectors, the encoder and the index."""
        np.save(folder / "embeddings.npy", self._documents)
        codes = self.encoder.export(folder), self._index.export(folder, self._documents, point)
        return Exported(codes, self._vectors(queries))

    @classmethod
    def defaults_given(cls, stated: Params, *, texts: bool) -> Params:
        """Those of the trainer."""
        return cls.trainer_type.defaults_given(stated, texts=texts)

    @classmethod
    def parts(cls) -> tuple[type, ...]:
        """The classes of the trainer and of the index."""
        return (cls.trainer_type, cls.index_type)

    def fit_identity(self) -> FitIdentity:
        """The trainer and its own parameters: rows with another index share the fitted state."""
        params = dataclasses.asdict(self.trainer)
        read = self.trainer.reads()
        if read is not None:
            params["encoder_version"] = encoder_version(read)
        # This file trains, saves and loads.
        return FitIdentity(self.trainer_name, params, (self.trainer_type, DualEncoder))

    def warm_start(self, train: Training) -> Method | None:
        """The method whose encoder this trainer starts from."""
        first = self.trainer.first_stage(train)
        if first is None:
            return None
        name, trainer = first
        composed = self.compose(name, name, type(trainer), _exact())(**dataclasses.asdict(trainer))
        composed.workspace = self.workspace
        return composed

    def start_from(self, fitted: Method) -> None:
        """Take the encoder that the first stage trained."""
        if not isinstance(fitted, DualEncoder):
            raise TypeError(f"{self.name} goes on from a dual encoder, not from {fitted.name}")
        self._start = fitted.encoder


def _exact() -> type[Index]:
    """Exact search, imported only when it is used: Faiss takes a while."""
    from methods.indexes.exact import Exact

    return Exact


def _read_only(vectors: Floats) -> Floats:
    """The same vectors, which an index cannot change: they rank exactly, and at other points."""
    view = vectors.view()
    view.flags.writeable = False
    return view


def _of(part: type[Trainer | Index], values: Params) -> dict[str, Value]:
    """The items of ``values`` that a trainer or an index reads."""
    return {field.name: values[field.name] for field in dataclasses.fields(part)}
