"""The relevant pairs of a split: from judgements by name to rows and distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.arrays.relevance import Relevance
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.arrays.strings import Strings
    from bench.types import Bools, Ints

MOST_GRADES = 127
"""Distances are kept in one byte."""


def relevance_of(
    judged: RawJudgements | None,
    queries: Strings,
    documents: Strings,
    gains: Sequence[int] | None,
    notes: list[str],
) -> tuple[Relevance, tuple[int, ...]]:
    """The relevant pairs of a split by row, and the grade at each distance, largest first.

    Args:
        judged: the judgements (qrels) of a file, or None: a split without pairs.
        queries: the names of all queries, in the order of the rows.
        documents: the names of all documents.
        gains: the grades at distance 0, 1, …; None: the grades that occur in the split.
        notes: the list that sentences are added to, with counts of what was left out.

    Raises:
        InputError: a pair is judged twice with different grades, or there are too many grades.
    """
    sizes = len(queries), len(documents)
    if judged is None:
        nothing = np.zeros(0, np.int64)
        return Relevance.from_pairs(nothing, nothing, nothing, *sizes), (1,)
    table, split, source = judged
    first = _first(table, source)
    rows, columns = _rows(table["query"], queries), _rows(table["document"], documents)
    grades: Ints = table["grade"].to_numpy()
    positive = first & (grades > 0)
    kept = positive & (rows >= 0) & (columns >= 0)
    unanswered = np.setdiff1d(rows[first & (rows >= 0)], rows[kept])
    judgements = f"Judgements of the {split} split"
    counts = {
        f"{judgements} with a score of 0 or less, not relevant": first & ~positive,
        f"{judgements} left out, their document is not there": positive & (columns < 0),
        f"{judgements} left out, their query is not there": positive & (rows < 0),
        f"Queries of the {split} split without a relevant document, not asked": unanswered >= 0,
    }
    notes += [f"{what}: {which.sum():,}." for what, which in counts.items() if which.any()]
    ladder = np.unique(grades[kept])[::-1] if gains is None else np.asarray(gains, np.int64)
    if len(ladder) > MOST_GRADES:
        raise InputError(
            f"{source} has {len(ladder):,} different scores above 0; at most {MOST_GRADES} can be "
            "told apart: scores are grades such as 1, 2, 3"
        )
    distances = np.searchsorted(-ladder, -grades[kept])
    relevance = Relevance.from_pairs(rows[kept], columns[kept], distances, *sizes)
    return relevance, tuple(ladder.tolist()) or (1,)


def _rows(asked: pa.ChunkedArray, names: Strings) -> Ints:
    """[n] the row of each asked name, -1 if there is none.

    Only the asked names are hashed, not those of a corpus of millions.
    """
    encoded = asked.combine_chunks().cast(pa.large_string()).dictionary_encode()
    rows = np.full(len(encoded.dictionary), -1, np.int64)
    found = pc.index_in(names.to_arrow(), value_set=encoded.dictionary).fill_null(-1).to_numpy()
    places = np.flatnonzero(found >= 0)
    rows[found[places]] = places
    indices: Ints = encoded.indices.to_numpy()
    return rows[indices]


def _first(judged: pa.Table, source: Path) -> Bools:
    """[n] whether a judgement is the first of its pair."""
    codes = pd.DataFrame(
        {
            name: column.combine_chunks().dictionary_encode().indices.to_numpy()
            for name, column in zip(judged.column_names, judged.columns, strict=True)
        }
    )
    again = codes.duplicated(["query", "document"]).to_numpy()
    differs = np.flatnonzero(again & ~codes.duplicated().to_numpy())
    if len(differs):
        query, document, grade = judged.slice(differs[0], 1).to_pylist()[0].values()
        asked = (pc.field("query") == query) & (pc.field("document") == document)
        before = judged.filter(asked)["grade"][0]
        raise InputError(
            f"{source} judges query {query!r} and document {document!r} twice, with scores "
            f"{before} and {grade}; keep one"
        )
    first: Bools = ~again
    return first


class RawJudgements(NamedTuple):
    """The judgements of a split, as a file has them.

    Attributes:
        table: Arrow columns ``query`` and ``document``, names, and ``grade``, whole numbers: 0 and
            less is not relevant. The same judgement twice counts once.
        split: name of the split, for notes.
        source: path of the file, for errors.
    """

    table: pa.Table
    split: str
    source: Path
