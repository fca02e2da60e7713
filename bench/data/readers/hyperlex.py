"""HyperLex: people's scores of how much one word is a kind of another, over the noun graph.

Vulić, Gerz, Kiela, Hill & Korhonen, Computational Linguistics 43(4), 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.data.readers.hierarchy import transductive_task
from bench.data.readers.tables import read_table
from bench.data.readers.wordnet import read_graph
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements
from bench.task.word_pairs import WordPairs

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Bools, Ints

ALL = "hyperlex-all.txt"
SPLITS = {
    f"{part} {kind}": f"splits/{kind}/hyperlex_{part}_all_{kind}.txt"
    for kind in ("random", "lexical")
    for part in ("dev", "test")
}
_KEY = ["WORD1", "WORD2", "POS"]
_SCORE = "AVG_SCORE"
HIGHEST = 6.0
"""Scores are from 0 (not at all a kind of) to 6."""


def read(name: str, folder: Path, graph: Path, max_distance: int) -> Task:
    """Word pairs to score, with training on the whole noun graph; there is no search test.

    Args:
        name: name of the task.
        folder: the folder with ``hyperlex-all.txt`` and ``splits/``, as released.
        graph: the embedded noun graph.
        max_distance: longest path of a training pair, in hops.

    Raises:
        InputError: a file is missing or malformed; the message has the file and the line.
    """
    nouns = read_graph(graph)
    whole = transductive_task(name, nouns.names, nouns.children, nouns.parents, max_distance)
    nothing = whole.train.where(np.zeros(whole.train.n_pairs, bool))
    table = _read_pairs(folder / ALL)
    indptr, queries, documents = _sense_pairs(table, nouns.lemmas)
    unscored, is_noun = np.diff(indptr) == 0, (table["POS"] == "N").to_numpy()
    subsets = {"nouns": is_noun, "all": np.ones(len(table), bool)}
    subsets |= {split: _members(table, folder, file) for split, file in SPLITS.items()}
    gold = table[_SCORE].to_numpy(np.float64)
    return Task(
        name,
        whole.query_names,
        whole.document_names,
        whole.train,
        whole.validation,
        Judgements(nothing),
        similarity=WordPairs(gold, indptr, queries, documents, subsets),
        notes=(
            "A pair of words scores as its best pair of senses; the senses of a word are all "
            "synsets that name it.",
            f"The graph holds nouns only: the {(~is_noun).sum():,} pairs of verbs are scored "
            f"through nouns of the same spelling. {unscored.sum():,} of {len(table):,} pairs "
            f"({(unscored & is_noun).sum():,} of the nouns) have a word that is not in the graph, "
            "and count as the lowest score.",
        ),
    )


def _sense_pairs(table: pd.DataFrame, lemmas: list[str]) -> tuple[Ints, Ints, Ints]:
    """All (sense of the first word, sense of the second) of each pair of words.

    Returns:
        [n + 1] where each pair's begin, and their [m] query and [m] document rows.
    """
    words = pd.Series(lemmas).str.lower().str.split("|").explode().rename("word")
    senses = words.rename_axis("synset").reset_index().drop_duplicates()
    first = pd.DataFrame({"pair": np.arange(len(table)), "word": table["WORD1"].str.lower()})
    second = first.assign(word=table["WORD2"].str.lower())
    both = first.merge(senses, on="word").merge(second.merge(senses, on="word"), on="pair")
    both = both.sort_values(["pair", "synset_x", "synset_y"])
    indptr = np.zeros(len(table) + 1, np.int64)
    np.cumsum(np.bincount(both["pair"], minlength=len(table)), out=indptr[1:])
    queries, documents = (both[column].to_numpy(np.int32) for column in ("synset_x", "synset_y"))
    return indptr, queries, documents


def _members(table: pd.DataFrame, folder: Path, file: str) -> Bools:
    """[n] which pairs a split's file names."""
    split = _read_pairs(folder / file)
    whole, named = (pd.MultiIndex.from_frame(part[_KEY]) for part in (table, split))
    strange = split[~named.isin(whole)]
    if len(strange):
        raise InputError(
            f"{folder / file}, {_pair(strange)} is not in {folder / ALL}; take both files from the "
            "same release"
        )
    members: Bools = whole.isin(named)
    return members


def _read_pairs(path: Path) -> pd.DataFrame:
    """The words, part of speech and score of each line, in the file's order."""
    table = read_table(path, [*_KEY, _SCORE], None, longer=True)
    if table.empty:
        raise InputError(f"{path} has no pairs; it needs at least one line below its header")
    again = table.duplicated(_KEY)
    if again.any():
        raise InputError(f"{path}, {_pair(table[again])} is there before")
    scores = pd.to_numeric(table[_SCORE], errors="coerce")
    wrong = ~scores.between(0, HIGHEST)
    if wrong.any():
        line, score = next(table.loc[wrong, _SCORE].items())
        raise InputError(
            f"{path}, line {line}: {_SCORE} must be a number from 0 to 6, got {score!r}"
        )
    return table.assign(**{_SCORE: scores})


def _pair(table: pd.DataFrame) -> str:
    """The first line of a table, for errors."""
    return f"line {table.index[0]}: the pair {' '.join(table[_KEY].iloc[0])!r}"
