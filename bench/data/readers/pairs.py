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
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.arrays.strings import Strings
    from bench.types import Bools, Ints

MOST_GRADES = 127
"""Distances are kept in one byte."""
_EXAMPLES = 3


class Pairs(NamedTuple):
    """The relevant pairs of a split.

    Attributes:
        relevance: the pairs by row. Where judgements of what is not there are kept, rows from the
            number of queries and documents on stand for those.
        gains: the grade at each distance, largest first.
        absent: names of the queries that are judged and not there; empty where they are left out.
    """

    relevance: Relevance
    gains: tuple[int, ...] = (1,)
    absent: Sequence[str] = ()


def relevance_of(
    judged: RawJudgements | None,
    queries: Strings,
    documents: Strings,
    gains: Sequence[int] | None,
    notes: list[str],
    most_missing: float | None = None,
) -> Pairs:
    """The relevant pairs of a split by row.

    Args:
        judged: the judgements (qrels) of a file, or None: a split without pairs.
        queries: the names of all queries, in the order of the rows.
        documents: the names of all documents.
        gains: the grades at distance 0, 1, …; None: the grades that occur in the split.
        notes: the list that sentences are added to, with counts of what was left out.
        most_missing: keep relevant judgements that name a query or a document which is not there,
            as pairs that nothing can find, up to this share; None: leave them out.

    Raises:
        InputError: a pair is judged twice with different grades, there are too many grades, or too
            many judgements name what is not there.
    """
    if judged is None:
        nothing = np.zeros(0, np.int64)
        n = len(queries), len(documents)
        return Pairs(Relevance.from_pairs(nothing, nothing, nothing, *n))
    table, split, source = judged
    first = _first(table, source)
    rows, columns = rows_of(table["query"], queries), rows_of(table["document"], documents)
    grades: Ints = table["grade"].to_numpy()
    positive = first & (grades > 0)
    kept = positive & (rows >= 0) & (columns >= 0)
    judgements = f"Judgements of the {split} split"
    counts = {f"{judgements} with a score of 0 or less, not relevant": first & ~positive}
    absent: list[str] = []
    unmet: list[str] = []
    if most_missing is None:
        counts |= {
            f"{judgements} left out, their document is not there": positive & (columns < 0),
            f"{judgements} left out, their query is not there": positive & (rows < 0),
        }
    elif not kept[positive].all():
        gone = {"query": positive & (rows < 0), "document": positive & (columns < 0)}
        notes.append(_missing(judged, gone, int(positive.sum()), most_missing))
        absent = _numbered(rows, table["query"], gone["query"], len(queries))
        # No document answers a query that is not there.
        unmet = _numbered(columns, table["document"], positive & ~kept, len(documents))
        kept = positive
    unanswered = np.setdiff1d(rows[first & (rows >= 0)], rows[kept])
    counts[f"Queries of the {split} split without a relevant document, not asked"] = unanswered >= 0
    notes += [f"{what}: {which.sum():,}." for what, which in counts.items() if which.any()]
    ladder = np.unique(grades[kept])[::-1] if gains is None else np.asarray(gains, np.int64)
    if len(ladder) > MOST_GRADES:
        raise InputError(
            f"{source} has {len(ladder):,} different scores above 0; at most {MOST_GRADES} can be "
            "told apart: scores are grades such as 1, 2, 3"
        )
    distances = np.searchsorted(-ladder, -grades[kept])
    sizes = len(queries) + len(absent), len(documents) + len(unmet)
    relevance = Relevance.from_pairs(rows[kept], columns[kept], distances, *sizes)
    return Pairs(relevance, tuple(ladder.tolist()) or (1,), absent)


def _missing(judged: RawJudgements, gone: Mapping[str, Bools], n_relevant: int, most: float) -> str:
    """A sentence on the relevant judgements whose query or document is not there."""
    n = int(np.logical_or(*gone.values()).sum())
    examples = []
    for column, which in gone.items():
        names = judged.table[column].filter(pa.array(which)).unique().to_pylist()
        shown = ", ".join(map(repr, names[:_EXAMPLES])) + ", …" * (len(names) > _EXAMPLES)
        examples += [f"{column} {shown}"] * bool(names)
    lack = (
        f"{n:,} of {n_relevant:,} relevant judgements ({n / n_relevant:.1%}) name what is not "
        f"there: {'; '.join(examples)}"
    )
    if n > most * n_relevant:
        raise InputError(
            f"{judged.source}: {lack}. At most {most:.0%} may: put them into the folder or correct "
            "the names; most_missing=1 after the dataset's name and a comma measures all the same, "
            "and counts them as not found"
        )
    return f"Warning: {lack}. They count as not found, as in trec_eval."


def _numbered(rows: Ints, names: pa.ChunkedArray, which: Bools, first: int) -> list[str]:
    """Number the names of some rows from ``first`` on, and return each name once."""
    codes, found = pd.factorize(names.to_pandas()[which])
    rows[which] = first + codes
    return list(found)


def rows_of(asked: pa.Array | pa.ChunkedArray, names: Strings) -> Ints:
    """[n] the row of each asked name, -1 if there is none.

    Only the asked names are hashed, not those of a corpus of millions.
    """
    column = asked.combine_chunks() if isinstance(asked, pa.ChunkedArray) else asked
    encoded = column.cast(pa.large_string()).dictionary_encode()
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
