"""What each column of a board means, and the one column that a board is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.measures.new_nodes import ANCESTORS, CUT, HELD_OUT, HOPS, MRR, TRAINED, within
from bench.measures.ranking import MEASURES

if TYPE_CHECKING:
    from bench.report.table import Board

SHARES = (
    "The share of documents that the setting looks at, and that share with the cost of choosing "
    "them, in per cent of the corpus; claimed: the method's own word; ‡: more than twice as much."
)
INTERVAL = "Where the figure before it would lie 95 times in 100, were other queries drawn."
SPEED = "Queries answered in a second, asked together"
MEANINGS = (
    # Title of the board, title of the column, its sentence: the first that fits both.
    ("Changed since .*", "row", "The method, with the parameters that were set by hand."),
    ("Changed since .*", "change", "Whether the row is new, gone, or shows other digits."),
    ("Changed since .*", "score", "The main measure at the setting that visits most, then → now."),
    ("Changed since .*", "score at .*", "The same where a setting visits no more than this."),
    (".*", "dataset", "The dataset; its name opens its boards."),
    ("Best .*", "measure", "The main measure of the dataset, which rows are ordered by; recall@|S| "
     "reads as many results of a query as it has relevant documents."),
    ("Best .*", "best", "The best row at any cost; + 2: two more rows show the same digits."),
    ("Best .*", "score", "The main measure of the best row in per cent, mean over seeds."),
    ("Best .*", "how sure", "Whether the best row is ahead of the others by more than chance, seed "
     "by seed and query by query; tied: their true order is not known."),
    ("Best .*", "best at its worst distance", "The row whose smallest recall over all distances is "
     "largest."),
    ("Best .*", "best near", "The row that finds most of what is nearest to a query: its distances,"
     " the row, and the share that it finds."),
    ("Best .*", "best far", "The same for what is farthest from a query."),
    ("Best .*", "best .*", "The best row among settings that cost no more than this."),
    ("Best .*", "fastest .*", "Most queries a second among rows that come to 95 % of the best."),
    ("Reported", r"method \(reported\)", "The method as the paper names it; not measured here."),
    ("Reported", "source", "The paper that prints the row."),
    ("Reported", "parameters", "How many parameters the model has, as the paper prints it."),
    ("Reported", ".*", "The figure that the paper prints, in per cent or as a correlation."),
    ("Not measured", "seed", "The seed of the run that has no figures."),
    ("Not measured", "status", "Whether it failed, was skipped, or took too long."),
    ("Not measured", "reason", "The reason in the words of the method or of the harness."),
    (".*", "method", "The method, with the parameters that were set by hand."),
    (".*", "seeds", "The number of runs with different random seeds; figures are means over them."),
    (".*", "visited / work %", SHARES),
    (".*", "95 % interval", INTERVAL),
    ("Ahead by, .*", ".*", "By how many points the row is ahead of this one, with the 95 % interval"
     " and the number of seeds in which it is ahead; *: not by chance; °: not tested."),
    ("Chosen on validation", "chosen", "The setting that validation chose, before the test."),
    ("Chosen on validation", "best in hindsight", "The setting that the test shows to be best."),
    ("Chosen on validation", "gap", "By how many points hindsight is better than the choice."),
    ("Chosen on validation", ".*", "The score on the test of the setting before it, in per cent."),
    ("X-ray .*, by .*", r"\d+", "Relevant documents at this distance, or level of relevance, that "
     "are missed, in per cent: by the encoder + by the index."),
    ("X-ray .*", "missed", "Relevant documents that are not found, in per cent."),
    ("X-ray .*", "encoder", "Missed, as exact search over the same vectors misses them too."),
    ("X-ray .*", "routing", "Missed, as their leaves were not visited."),
    ("X-ray .*", "scoring", "Missed, though visited, as they did not come among the best."),
    ("X-ray .*", "gain", "Found, as what exact search ranks above them was not visited."),
    ("At .* of exact search", "setting", "The setting of least work that reaches the score."),
    ("At .* of exact search", "q/s", f"{SPEED}, at this setting."),
    ("At .* of exact search", "p50 ms", "Median milliseconds for a query that is asked alone."),
    ("At .* of exact search", "p99 ms", "Milliseconds within which 99 of 100 queries, each asked "
     "alone, are answered."),
    (".* against latency", ".* ms", "The score of the setting that visits most among those whose "
     "median latency is no more than this; that latency in brackets, in ms."),
    (".* against the share of .*", ".*", "The score of the setting that costs most within this "
     "share of the corpus, in per cent; its visited / work in brackets."),
    (".* without a limit", "q/s", f"{SPEED}, at the setting that costs most within the "
     "budget."),
    (".* without a limit", "near .*", "The share found of the pairs at the smallest distances,"
     " in per cent; no limit: at any cost."),
    (".* without a limit", "far .*", "The share found of the pairs at the largest distances, "
     "in per cent; no limit: at any cost."),
    (".* without a limit", "worst, no limit", "Recall at the distance where the row finds "
     "least, at any cost."),
    (".* without a limit", ".*, no limit", "The same at any cost."),
    (".* without a limit", ".* ≤ .*", "The main measure at the setting that costs most within "
     "this, in per cent; rows are ordered by it."),
    (".*", "overall", "The share found of all pairs of a query and a relevant document, in %."),
    (".*", "macro", "The share that a query finds of its relevant documents, mean over queries."),
    (".*", "min", "The smallest recall over all distances that have enough pairs."),
    ("Recall by .*", r"\d+", "The share found of the pairs at this distance in hops, or at this "
     "level of relevance, in per cent."),
    ("Ancestors of new nodes.*", re.escape(MRR), "One over the rank of the first of the nearest "
     "ancestors, its parents, once the node itself is left out; mean over queries, in per cent."),
    *(("Ancestors of new nodes.*", re.escape(within(hops)), "The share of a query's ancestors "
       f"{f'within {hops} hops ' if hops else ''}among its first {CUT} results, itself left out; "
       "mean over queries, in per cent.") for hops in (*HOPS, None)),
    ("Which ancestors of new nodes.*", ANCESTORS, "The share found of all pairs of a new node and "
     "an ancestor, in per cent."),
    ("Which ancestors of new nodes.*", TRAINED, "The same over ancestors that are documents of "
     "training."),
    ("Which ancestors of new nodes.*", HELD_OUT, "The same over ancestors that no training pair "
     "names either."),
    ("Which ancestors of new nodes.*", ".* parents?.*", "The same over the ancestors of nodes with "
     "so many parents."),
    ("Spearman's rho, .*", "scored by", "The way of scoring a pair: the method's own score, or the "
     "rank among sampled documents."),
    ("Spearman's rho, .*", ".*, reported", "The figure that a paper prints of the same method."),
    ("Spearman's rho, .*", ".*", "Rank correlation with people's scores over this part of the "
     "pairs, from -1 to 1."),
    ("Leaves", "leaves", "The number of leaves of the index."),
    ("Leaves", "empty", "The number of leaves without a document."),
    ("Leaves", "largest %", "The share of all documents that lies in the largest leaf."),
    ("Leaves", "Gini", "How unevenly documents lie in leaves: 0 evenly, towards 1 all in one."),
    ("Leaves", "Gini in training", "The same at the first and at the last look in training."),
    ("Leaves", "entropy %", "Entropy of a document's leaf, in per cent of that of even leaves."),
    ("Leaves", "expected docs", "The number of documents in the leaf of a random document."),
    ("Leaves", "even docs", "The number of documents in each leaf, were all leaves alike."),
    ("Leaves", "purity %", "The largest share of a leaf's documents that lie below one ancestor."),
    ("Leaves", "by chance %", "The same, if documents lay in leaves of these sizes at random."),
    ("Leaves", "load of queries", "Queries at the leaf of a random probe, over an even share."),
    ("Cost", "train s", "Seconds of training; rows that differ by index alone share one."),
    ("Cost", "index s", "Seconds that the index takes to be built."),
    ("Cost", "choose s", "Seconds of search on validation, which chooses the setting."),
    ("Cost", "encode s", "Seconds of the first call, which prepares the texts of test queries."),
    ("Cost", "search s", "Seconds of search over all settings."),
    ("Cost", "exact s", "Seconds of the exact ranking, which the X-ray needs."),
    ("Cost", "latency s", "Seconds of queries asked one at a time."),
    ("Cost", "q/s", f"{SPEED}, at the setting that visits most."),
    ("Cost", "q/s .*", f"{SPEED}, at the setting that costs most within this."),
    ("Cost", "harness s", "The rest of the seconds of the run, which are the harness's own."),
    ("Cost", "peak MB", "The most memory of all processes of the run, in MB."),
    ("Cost", "index MB claimed", "The size of the index by the method's own word, in MB."),
    (".*", r"recall@\|S\|", "The share of a query's relevant documents among as many results as it "
     "has such documents, over all pairs, in per cent."),
    (".*", r"nDCG@\d+", "Gains of a query's first results, discounted by rank, over those of the "
     "best order; mean over queries, in per cent."),
    (".*", r"R@\d+", "The share of a query's relevant documents among its first so many results; "
     "mean over queries, in per cent."),
    *((".*", re.escape(name), f"{measure.definition}; mean over queries, in per cent.".capitalize())
      for name, measure in MEASURES.items()),
)  # fmt: skip
KEYS = (
    ("Best .*", "best.*"),
    ("Ahead by, .*", "method"),
    ("Ranking.*", next(iter(MEASURES))),
    (".* against the share of .*", "≤ 10 %"),
    ("Chosen on validation", r"nDCG@10|recall@\|S\|"),
    ("X-ray .*", "missed"),
    ("Leaves", "Gini"),
    ("At .* of exact search", "visited / work %"),
    ("Cost", "q/s .*"),
    ("Not measured", "status"),
    ("Changed since .*", "row"),
)
"""The column that a board is about, where it is not the first result; of pairs of rows, no one."""
NO_RESULTS = {"seeds", "source"}


def meaning(board: str, column: str) -> str:
    """The sentence on a column, by the titles of the board and of the column; empty for none."""
    fits = (
        sentence
        for of_board, of_column, sentence in MEANINGS
        if re.fullmatch(of_board, board) and re.fullmatch(of_column, column)
    )
    return next(fits, "")


def key_column(board: Board) -> int:
    """The place of the column that a board is about; 0, its names, where it is about all."""
    key = next((column for title, column in KEYS if re.fullmatch(title, board.title)), None)
    for place, title in enumerate(board.header):
        if re.fullmatch(key, title) if key else place and title not in NO_RESULTS:
            return place
    return 0
