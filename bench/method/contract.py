"""The contract of a method: fit on training pairs, index the corpus, search at operating points."""

from __future__ import annotations

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from bench.errors import InputError
from bench.method.workspace import Progress, Resources, Workspace
from bench.types import VALUES, Kind, Params, Point, Value, has_type, is_value

if TYPE_CHECKING:
    from pathlib import Path

    from bench.leaves import LeafHealth
    from bench.method.exported import Exported
    from bench.task.task import Corpus, Queries, Training
    from bench.types import Floats, Ints

Ablations: TypeAlias = Mapping[str, Mapping[str, Params]]


class FitIdentity(NamedTuple):
    """All that a fitted state depends on, besides the task and the seed.

    Methods whose identities are equal share one fitted state: rows that differ by index alone.

    Attributes:
        name: the name of the part that is fitted.
        params: the hyper-parameters that the fit reads.
        parts: the classes whose code the fit runs; the harness adds the code that they inherit
            and import, and the class of a method that is no built-in.
    """

    name: str
    params: Params
    parts: tuple[type, ...]


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The results of a search for a batch of n queries.

    Attributes:
        ids: [n, k] document numbers, best first, each at most once; -1 where there are fewer.
        scores: [n, k] higher is better; checked for NaN, and never used for the order.
        leaves: [n, p] leaves that each query probed, -1 where fewer; needs ``partition()``.
        visited: [n] distinct documents scored, if the method counts for itself; the board marks
            it *claimed*. With neither leaves nor visited, a query visited the whole corpus.
        routing: the cost of choosing the leaves, in document dot products for each query. None: one
            for each leaf that holds a document. Less than that is marked *claimed* on the board.
    """

    ids: Ints
    scores: Floats | Ints
    leaves: Ints | None = None
    visited: Floats | Ints | None = None
    routing: float | None = None


class Method(ABC):
    """One row of the board. Subclass it in one file; see ``examples/``.

    The harness calls ``fit``, ``index`` and then ``search`` at each operating point, in a process
    of its own. Arrays that it hands out are read-only.

    Attributes:
        name: the name that ``--methods`` takes.
        kind: the kind by which boards filter. The first paragraph of the class's docstring
            is the sentence on the method that they show.
        params: hyper-parameters and their defaults; ``--set`` changes them, and each is part of
            the cell's key.
        version: for a built-in alone: a name and a number, raised when results may change. The
            version of any other method is the content of its modules.
        requires: packages without which the cell is skipped; each run looks for them again.
        files: files of data beside the method's own file that it reads, such as ``words.json``;
            their content is then part of what its results depend on. One that is read and not
            named here is not seen.
        ablations: the changes that ``bench ablate`` makes, one at a time: question -> answer ->
            hyper-parameters.
        sees_test: True for the oracle alone, which is given the test relevance.
        scores_documents: False where ``search`` scores no document's vector, as where identifiers
            are written: no share is visited, rows are compared by work alone, and ``routing`` of
            each result is all of it.
        searches_exactly: True where ``search`` itself ranks all documents by their scores: its
            answers are then what ``rank_exactly`` would give, and are not computed twice.
        resources: resources that a cell needs on a node of a cluster; see ``docs/scale.md``.
        exempt: checks of ``bench check`` that do not apply, by name, each with the reason.
        workspace: the cache, the device, and the functions that report progress and warnings.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind] = "other"
    params: ClassVar[dict[str, Value]] = {}
    version: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[str, ...]] = ()
    ablations: ClassVar[Ablations] = {}
    sees_test: ClassVar[bool] = False
    scores_documents: ClassVar[bool] = True
    searches_exactly: ClassVar[bool] = False
    resources: ClassVar[Resources] = Resources()
    exempt: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **params: Value) -> None:
        check_params(type(self), params)
        self.values: dict[str, Value] = {**self.params, **params}
        self.workspace = Workspace()

    def skip(self, train: Training) -> str | None:  # noqa: ARG002 - for those that override it
        """The reason why this method has no row on a task, such as missing texts; or None."""
        return None

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:  # noqa: B027
        """Learn from training pairs and validation. The default learns nothing.

        Args:
            train: all the data that the method may see.
            seed: the seed of every random choice.
            progress: a function to be called with (done, total) now and then.
        """

    @abstractmethod
    def index(self, corpus: Corpus) -> None:
        """Prepare the corpus for search; random choices take the seed ``self.workspace.seed``.

        Args:
            corpus: the n documents, and a sample of queries that the index may be tuned on.
        """

    def operating_points(self) -> list[Point]:
        """Settings of the search effort, cheapest first; called after ``index``."""
        return [{}]

    def prepare(self, queries: Queries) -> None:  # noqa: B027
        """Encode a batch of queries ahead of each ``search``.

        A method that encodes texts keeps the vectors for the operating points that follow: of
        texts, the first call is shown as encoding. All other seconds count as search.
        """

    @abstractmethod
    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The k best documents of each query at one operating point.

        Args:
            queries: a batch of n queries.
            k: documents asked for; fewer may be returned.
            point: one of ``operating_points()``.

        Returns:
            [n, at most k] ids and scores, and the leaves or documents that were visited.
        """

    def rank_exactly(self, queries: Queries, k: int) -> Ints | None:  # noqa: ARG002
        """The k best of all documents by the scores that ``search`` ranks by, or None.

        The X-ray needs it: it separates the losses of the vectors from those of the index.

        Args:
            queries: a batch of n queries.
            k: documents asked for each query.

        Returns:
            [n, at most k] document numbers, best first, -1 where there are fewer.
        """
        return None

    def partition(self) -> Ints | None:
        """The leaf that holds each document, or None if there are no leaves.

        Returns:
            [n_documents], or [n_documents, r] where a document lies in r leaves.
        """
        return None

    def leaves_in_training(self) -> Sequence[LeafHealth]:
        """Statistics of the leaves at times of the training, if the method learns leaves."""
        return ()

    def index_bytes(self) -> int:
        """Size of the index in memory, in bytes; 0 if there is none. Boards show it as claimed."""
        return 0

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """Scores of single pairs, for similarity benchmarks.

        Args:
            queries: n queries.
            documents: [n] one document for each query.

        Returns:
            [n] scores, higher for more relevant.

        Raises:
            NotImplementedError: the method does not score single pairs.
        """
        raise NotImplementedError(f"{self.name} does not score single pairs")

    def save(self, folder: Path) -> None:
        """Write the fitted state, which other cells and later runs load; never a pickle.

        A method that does not override this and ``load`` is fitted again in each cell.
        """
        raise NotImplementedError

    def load(self, folder: Path) -> None:
        """Load the fitted state that ``save`` wrote, instead of ``fit``."""
        raise NotImplementedError

    def cannot_export(self) -> str | None:
        """The reason why it cannot be searched without the harness, and a way out; or None."""
        return "it writes no files that a library searches; export an encoder with an index"

    def export(self, folder: Path, queries: Queries, point: Point) -> Exported:
        """Write what a search without the harness reads; called after ``index``.

        The harness adds ``documents.parquet``, and ``queries.parquet`` where there are no texts,
        with the ``name`` of each row.

        Args:
            folder: an empty folder; ``embeddings.npy`` takes the documents' vectors.
            queries: n queries to encode.
            point: the operating point to search at.
        """
        raise NotImplementedError

    @property
    def keeps_fit(self) -> bool:
        """Whether the fitted state can be saved and shared."""
        return type(self).save is not Method.save

    def fit_identity(self) -> FitIdentity:
        """All that the fitted state depends on."""
        return FitIdentity(self.name, self.values, (type(self), *self.parts()))

    @classmethod
    def parts(cls) -> tuple[type, ...]:
        """Classes that this one uses without inheriting from them, such as its index."""
        return ()

    @classmethod
    def defaults_given(cls, stated: Params, *, texts: bool) -> Params:  # noqa: ARG003
        """Defaults that depend on other parameters, or on the documents.

        Args:
            stated: the values that are set by hand or by the dataset's card.
            texts: whether documents are texts.
        """
        return {}

    def warm_start(self, train: Training) -> Method | None:  # noqa: ARG002
        """An unfitted method whose fitted state ``fit`` starts from, or None.

        The harness fits it first (or loads its state) and calls ``start_from``.
        """
        return None

    def start_from(self, fitted: Method) -> None:
        """Take over the fitted warm start, before ``fit``."""
        raise NotImplementedError


def check_params(method: type[Method], params: Params) -> None:
    """Raise InputError for a hyper-parameter that the method lacks or that has the wrong type."""
    for name, value in params.items():
        if name not in method.params:
            known = ", ".join(sorted(method.params)) or "none"
            raise InputError(f"{method.name} has no parameter {name!r}; it has: {known}")
        default = method.params[name]
        if not has_type(value, default):
            raise InputError(
                f"{method.name}.{name} takes {type(default).__name__} (default {default!r}), "
                f"got {value!r}"
            )
        if not is_value(value):
            shown = reprlib.repr(value)
            raise InputError(f"{method.name}.{name} is {shown}; a value is {VALUES}")
