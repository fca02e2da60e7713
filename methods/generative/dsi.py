"""dsi: a decoder writes the identifier of a document (Differentiable Search Index)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from bench.method import FitIdentity, Method, Point, Progress, SearchResult, Value
from methods.encoders.sentence import encoder_version, lacks_encoder

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Corpus, Queries, Strings, Training
    from bench.types import Floats, Ints
    from methods.generative.training import Examples

BEAMS = (1, 3, 10, 30, 100)
SHAPE, WEIGHTS = "decoder.json", "decoder.safetensors"
WATCHED_BEAM = 10
"""Beam of validations during the training."""


class DSI(Method):
    """A decoder writes the document's identifier, digit by digit (arXiv 2202.06991).

    Identifiers are nested k-means clusters of the documents (the paper's semantic identifiers). The
    decoder is small and reads the vector of a frozen encoder, where the paper trains a whole T5. It
    learns identifiers from the vectors of documents and of training queries, with random noise
    added: a query's vector is about as far from its document's. Beam search goes on with beginnings
    of identifiers that exist alone.

    No document's vector is scored. A query's work is that of the network: multiply-adds by the
    shapes of its layers, for each beginning that the beam went on with.
    """

    name = "dsi"
    kind = "generative"
    version: ClassVar[str] = "dsi 1"
    scores_documents: ClassVar[bool] = False
    params: ClassVar[dict[str, Value]] = {
        "encoder": "minilm",  # minilm, wordllama, a sentence-transformers name, or a folder
        "precision": "float32",  # of the encoder's products, or bfloat16
        "branching": 32,  # digits, and clusters of a cluster
        "width": 128,  # dimension inside the decoder, a multiple of 4
        "layers": 2,
        "adapter": 0,  # rank of prefix-aware weights; 0: none
        "document_sentences": 0,  # the first ones of a document, which are trained on as queries
        "decoder_epochs": 60,  # passes over documents and sentences
        "decoder_lr": 0.002,  # at the first step
        "decoder_batch": 128,  # training queries a step, and twice as many documents and sentences
        "noise": 1.0,  # length of the noise on a vector of length 1 in training
        "checks": 6,  # validations; the best decoder is kept
    }

    def __init__(self, **params: Value) -> None:
        super().__init__(**params)
        self._of_text: dict[str, Floats] = {}
        branching, width = int(self.values["branching"]), int(self.values["width"])
        if branching < 2:  # noqa: PLR2004
            raise InputError(f"{self.name}.branching must be 2 digits or more, got {branching}")
        if width < 4 or width % 4:  # noqa: PLR2004 - the heads of its attention
            raise InputError(f"{self.name}.width must be a multiple of 4, got {width}")

    def skip(self, train: Training) -> str | None:
        """The method needs texts, and an encoder that reads them."""
        if train.document_texts is None:
            return "the dataset has no texts"
        return lacks_encoder(str(self.values["encoder"]))

    def fit_identity(self) -> FitIdentity:
        """Its parameters and the files of its encoder."""
        version = encoder_version(str(self.values["encoder"]))
        return FitIdentity(self.name, {**self.values, "encoder_version": version}, (type(self),))

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Number the documents, and train the decoder."""
        from methods.generative.beam import Writer, ranked
        from methods.generative.decoder import Decoder, DecoderShape
        from methods.generative.identifiers import hierarchical
        from methods.generative.training import ASKED, REPEATED, Schedule, repeats
        from methods.generative.training import train as train_decoder

        values, texts = self.values, train.document_texts
        if texts is None:
            raise ValueError(f"{self.name} was given documents without texts")
        documents = np.asarray(self._embedded(texts), np.float32)
        identifiers = hierarchical(documents, int(values["branching"]), seed)
        shape = DecoderShape(
            documents.shape[1],
            int(values["width"]),
            int(values["layers"]),
            int(values["branching"]),
            identifiers.paths().digits.shape[1],
            int(values["adapter"]),
        )
        decoder = Decoder(shape, seed)
        self._identifiers, self._decoder = identifiers, decoder
        asked = train.validation_queries
        vectors = self._asked(asked) if len(asked.rows) else documents[:0]

        def validate() -> float:
            writer = Writer(decoder, identifiers)
            return train.validation_score(
                lambda _, k: ranked(writer.write(vectors, WATCHED_BEAM), self._table(), k)[0]
            )

        batch, of_corpus = int(values["decoder_batch"]), self._of_corpus(texts, documents)
        an_epoch = -(-len(of_corpus.documents) // (2 * batch))
        train_decoder(
            decoder,
            identifiers,
            [self._queries(train), of_corpus],
            Schedule(
                int(values["decoder_epochs"]) * an_epoch,
                float(values["decoder_lr"]),
                (batch, 2 * batch),
                int(values["checks"]) if len(vectors) else 0,
                float(values["noise"]),
            ),
            validate,
            self.workspace,
            seed=seed,
            progress=progress,
        )
        most, n_asked = repeats(Writer(decoder, identifiers), vectors)
        if n_asked >= ASKED and most > REPEATED * n_asked:
            self.workspace.warn(
                f"the decoder repeats itself: {most:,} of {n_asked:,} validation queries get the "
                "same first identifier; raise decoder_epochs, or lower decoder_lr"
            )

    def _queries(self, train: Training) -> Examples:
        """The training queries with their documents."""
        from methods.generative.training import Examples

        relevance = train.relevance
        rows = relevance.answered
        asked = relevance.rows(rows)
        return Examples(self._asked(train.queries(rows)), asked.documents, asked.queries)

    def _of_corpus(self, texts: Strings, documents: Floats) -> Examples:
        """The documents, and their first sentences."""
        from methods.generative.training import Examples
        from methods.trees.sentences import Sentences

        vectors: list[Floats] = [documents]
        owners: list[Ints] = [np.arange(len(documents))]
        if self.values["document_sentences"]:
            sentences = Sentences.of(texts, int(self.values["document_sentences"]))
            if len(sentences.documents):
                vectors.append(np.asarray(self._embedded(sentences.texts), np.float32))
                owners.append(sentences.documents)
        of_all = np.concatenate(owners)
        return Examples(np.concatenate(vectors), of_all, np.arange(len(of_all)))

    def index(self, corpus: Corpus) -> None:
        """Get ready to write."""
        from methods.generative.beam import Writer

        self._writer, self._documents = Writer(self._decoder, self._identifiers), self._table()
        existing, sharing = self._identifiers.n_identifiers, self._identifiers.n_sharing
        if existing < BEAMS[-1]:
            self.workspace.warn(
                f"there are {existing:,} identifiers: a wider beam would have none left to hold, "
                "so that no setting has one"
            )
        if sharing:
            self.workspace.warn(
                f"{sharing:,} documents share their identifier with another, as their vectors are "
                "equal: they are found together, in the order of the corpus"
            )

    def operating_points(self) -> list[Point]:
        """Beams up to the number of identifiers."""
        most = self._identifiers.n_identifiers
        return [{"beam": beam} for beam in sorted({min(beam, most) for beam in BEAMS})]

    def prepare(self, queries: Queries) -> None:
        """Encode the texts."""
        self._vectors(queries)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Write ``beam`` identifiers, the most probable first."""
        from methods.generative.beam import ranked

        written = self._writer.write(self._vectors(queries), int(point["beam"]))
        ids, scores = ranked(written, self._documents, k)
        return SearchResult(ids, scores, routing=written.work)

    def index_bytes(self) -> int:
        """Weights of the decoder, and the trie."""
        weights = sum(weight.numel() for weight in self._decoder.parameters())
        trie = self._identifiers
        return int(4 * weights + trie.children.nbytes + trie.owners.nbytes + self._documents.nbytes)

    def save(self, folder: Path) -> None:
        """Write identifiers and decoder."""
        from safetensors.torch import save_file

        (folder / SHAPE).write_text(json.dumps(self._decoder.shape._asdict()), encoding="utf-8")
        for name, array in self._identifiers._asdict().items():
            np.save(folder / f"{name}.npy", array)
        save_file(self._decoder.state_dict(), folder / WEIGHTS)

    def load(self, folder: Path) -> None:
        """Load what ``save`` wrote."""
        from safetensors.torch import load_file

        from methods.generative.decoder import Decoder, DecoderShape
        from methods.generative.identifiers import Identifiers

        shape = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
        self._decoder = Decoder(DecoderShape(**shape))
        self._decoder.load_state_dict(load_file(folder / WEIGHTS))
        fields = {name: np.load(folder / f"{name}.npy") for name in Identifiers._fields}
        self._identifiers = Identifiers(**fields)

    def _table(self) -> Ints:
        return self._identifiers.documents()

    def _embedded(self, texts: Strings) -> Floats:
        """[n, dim] unit vectors of texts, from the cache or computed into it."""
        from methods.encoders.embeddings import embed
        from methods.encoders.pretrained import Pretrained

        name, precision = (str(self.values[each]) for each in ("encoder", "precision"))
        return embed(Pretrained.of(name, precision, self.workspace), texts, self.workspace)

    def _asked(self, queries: Queries) -> Floats:
        if queries.texts is None:
            raise ValueError(f"{self.name} was given queries without texts")
        return np.array(self._embedded(queries.texts), np.float32)

    def _vectors(self, queries: Queries) -> Floats:
        """Vectors of queries, kept for the operating points that follow."""
        known = [self._of_text[text] for text in queries.texts or () if text in self._of_text]
        if 0 < len(known) == len(queries.rows):
            return np.stack(known)
        vectors = self._asked(queries)
        self._of_text |= zip(queries.texts or (), vectors, strict=True)
        return vectors
