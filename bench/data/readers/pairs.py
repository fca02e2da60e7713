"""Judgements of queries and documents by name, and the rows that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.arrays.strings import Strings
    from bench.types import Bools, Ints

MOST_GRADES = 127
"""Distances are kept in one byte."""


class Named(NamedTuple):
    """Judgements as a file has them.

    Attributes:
        queries, documents: [n] Arrow strings.
        grades: [n] whole numbers; 0 and less is not relevant.
        source: the file, for errors.
        split: what the split is called, for notes.
    """

    queries: pa.Array
    documents: pa.Array
    grades: Ints
    source: str
    split: str


class Pairs(NamedTuple):
    """The relevant pairs of a split.

    Attributes:
        queries, documents: [n_pairs] rows.
        distances: [n_pairs] 0 for the best grade, 1 for the next, …
        gains: the grade at each distance, largest first.
    """

    queries: Ints
    documents: Ints
    distances: Ints
    gains: tuple[int, ...]

    @classmethod
    def none(cls) -> Self:
        """A split without pairs."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing, (1,))

    def where(self, keep: Bools) -> Self:
        """Only the pairs that a [n_pairs] mask keeps."""
        return self._replace(
            queries=self.queries[keep],
            documents=self.documents[keep],
            distances=self.distances[keep],
        )


def pairs_of(
    named: Named, queries: Strings, documents: Strings, gains: Sequence[int] | None = None
) -> tuple[Pairs, list[str]]:
    """The relevant pairs of a split by row, and notes that count what was left out.

    Args:
        named: the judgements; the same one twice counts once.
        queries: the names of all queries, row by row.
        documents: the names of all documents.
        gains: the grades that stand for distance 0, 1, …; None: those that the split has.

    Raises:
        InputError: a pair is judged twice with different grades, or there are too many grades.
    """
    first = _once(named)
    rows, columns = rows_of(named.queries, queries), rows_of(named.documents, documents)
    positive = first & (named.grades > 0)
    kept = positive & (rows >= 0) & (columns >= 0)
    unanswered = np.setdiff1d(rows[first & (rows >= 0)], rows[kept])
    split = f"the {named.split} split"
    counts = {
        f"Judgements of {split} with a score of 0 or less, not relevant": first & ~positive,
        f"Judgements of {split} left out, their document is not there": positive & (columns < 0),
        f"Judgements of {split} left out, their query is not there": positive & (rows < 0),
        f"Queries of {split} without a relevant document, not asked": unanswered >= 0,
    }
    notes = [f"{what}: {which.sum():,}." for what, which in counts.items() if which.any()]
    grades = named.grades[kept]
    ladder = np.unique(grades)[::-1] if gains is None else np.asarray(gains, np.int64)
    if len(ladder) > MOST_GRADES:
        raise InputError(
            f"{named.source} has {len(ladder):,} different scores above 0; at most {MOST_GRADES} "
            "can be told apart: scores are grades such as 1, 2, 3"
        )
    distances = np.searchsorted(-ladder, -grades)
    levels = tuple(ladder.tolist()) or (1,)
    return Pairs(rows[kept], columns[kept], distances, levels), notes


def rows_of(asked: pa.Array, names: Strings) -> Ints:
    """[n] the row of each asked name, -1 where there is none.

    Only the asked names are hashed, so that a corpus of millions is but passed through.
    """
    encoded = asked.cast(pa.large_string()).dictionary_encode()
    rows = np.full(len(encoded.dictionary), -1, np.int64)
    found = pc.index_in(names.to_arrow(), value_set=encoded.dictionary).fill_null(-1).to_numpy()
    places = np.flatnonzero(found >= 0)
    rows[found[places]] = places
    indices: Ints = encoded.indices.to_numpy()
    return rows[indices]


def _once(named: Named) -> Bools:
    """[n] whether a judgement is the first of its pair."""
    queries, documents = (
        column.dictionary_encode().indices.to_numpy().astype(np.int64)
        for column in (named.queries, named.documents)
    )
    codes = queries * (documents.max(initial=0) + 1) + documents
    order = np.argsort(codes, kind="stable")
    again = np.zeros(len(codes), bool)
    again[1:] = codes[order][1:] == codes[order][:-1]
    grades = named.grades[order]
    differs = np.flatnonzero(again[1:] & (grades[1:] != grades[:-1]))
    if len(differs):
        one, other = order[differs[0]], order[differs[0] + 1]
        raise InputError(
            f"{named.source} judges query {named.queries[one].as_py()!r} and document "
            f"{named.documents[one].as_py()!r} twice, with scores {named.grades[one]} and "
            f"{named.grades[other]}; keep one"
        )
    first = np.ones(len(codes), bool)
    first[order] = ~again
    return first
