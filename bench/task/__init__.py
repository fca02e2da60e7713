"""The data of a benchmark: corpus, queries, training pairs, and the judgements (qrels) of a test.

In: arrays of a reader. Out: a :class:`Task`, in memory or in a folder, and its sealed test.
It may import ``measures``, ``arrays`` and ``system``.
"""

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.task.judgements import Judgements
from bench.task.task import Corpus, Queries, Task, Training

__all__ = ["Corpus", "Judgements", "Queries", "Relevance", "Strings", "Task", "Training"]
