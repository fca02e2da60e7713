"""Documents that have the id of a query: the query itself, or another text under the same number.

BEIR's evaluator takes every such document out of the query's ranking (``ignore_identical_ids``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.data.readers.pairs import rows_of
from bench.errors import InputError

if TYPE_CHECKING:
    from bench.data.readers.cache import Texts
    from bench.types import Bools, Ints

CHOICES = ("same-text", "always", "never")


def left_out(
    split: str, asked: Relevance, queries: Texts, documents: Texts, ignore: str
) -> tuple[Relevance | None, list[str]]:
    """The documents that leave the rankings of a split, and sentences on them for the board.

    Args:
        split: name of the split, for the sentences.
        asked: the relevance of the split.
        queries: all queries, in the order of its rows.
        documents: the corpus.
        ignore: one of ``CHOICES``. ``same-text``: a document with the id and the text of the query,
            unless it is judged relevant; ``always``: every document with the id of the query, as
            BEIR's evaluator does; ``never``: none.

    Returns:
        The documents to leave out, or None if there are none; and the sentences.

    Raises:
        InputError: ``ignore`` is none of the choices.
    """
    if ignore not in CHOICES:
        raise InputError(f"ignore_identical_ids takes {', '.join(CHOICES)}; got {ignore!r}")
    answered = asked.answered
    rows = rows_of(queries.names.take(answered).to_arrow(), documents.names)
    answered, rows = answered[rows >= 0], rows[rows >= 0]
    own = np.full((asked.n_queries, 1), -1)
    own[answered, 0] = rows
    relevant = asked.pairs_of(own)[answered, 0] >= 0
    same = _same_text(answered, rows, queries, documents)
    leaves = {"same-text": same & ~relevant, "always": rows >= 0, "never": rows < 0}[ignore]
    what = f"of {split} queries"
    counts = {
        f"Documents with the id and the text {what}, left out of the ranking of that query": leaves
        & same,
        f"Documents with the id {what} and another text, left out of the ranking of that query": (
            leaves & ~same
        ),
        f"Documents with the id {what}, judged relevant to it and kept; BEIR's evaluator leaves "
        "them out": ~leaves & relevant,
        f"Documents with the id and the text {what}, kept; BEIR's evaluator leaves them out": (
            ~leaves & same & ~relevant
        ),
        f"Documents with the id {what} and another text, kept; BEIR's evaluator leaves them out": (
            ~leaves & ~same & ~relevant
        ),
    }
    notes = [f"{text}: {which.sum():,}." for text, which in counts.items() if which.any()]
    if not leaves.any():
        return None, notes
    taken, n = leaves.nonzero()[0], asked.n_queries
    nearest = np.zeros(len(taken), np.int64)
    removed = Relevance.from_pairs(answered[taken], rows[taken], nearest, n, len(documents.names))
    return removed, notes


def _same_text(asked: Ints, rows: Ints, queries: Texts, documents: Texts) -> Bools:
    """[n] whether a query has the text of a document, with its title or without."""
    n_bytes = documents.untitled
    lengths = np.zeros(len(rows), int) if n_bytes is None else np.asarray(n_bytes[rows])
    texts = zip(queries.texts.take(asked), documents.texts.take(rows), lengths, strict=True)
    return np.array([_is_text(query, document, n) for query, document, n in texts], bool)


def _is_text(query: str, document: str, untitled: int) -> bool:
    """Whether a query is a document's text, or its last ``untitled`` bytes."""
    asked, held = query.encode(), document.encode()
    return bool(asked) and asked in {held, held[len(held) - untitled :]}
