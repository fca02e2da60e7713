"""The names of documents and queries of an export, with labels where nodes of a file have some."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.load import Dataset, dataset_of
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.task import Task

DOCUMENTS, QUERIES = "documents.parquet", "queries.parquet"
NAME, LABEL = "name", "label"


def write_names(folder: Path, task: Task, labels: Sequence[str]) -> None:
    """Write the names of documents, and of queries where they have neither texts nor vectors.

    Args:
        folder: the export.
        task: the task.
        labels: [n] what the nodes are called, if their names are ids; else empty. A query's label
            that another one has, too, is left out.
    """
    _write(folder / DOCUMENTS, task.document_names, labels)
    if task.query_texts is None and task.query_vectors is None:
        counts = Counter(labels)
        alone = [each if counts[each] == 1 else None for each in labels]
        _write(folder / QUERIES, task.query_names, alone)


def labels_of(cell: Cell, task: Task, typed: Sequence[str], data_dir: Path | None) -> list[str]:
    """[n] what the nodes of a hierarchy of one's own are called; empty if they have no such names.

    Args:
        cell: a cell of the task.
        task: the task, whose documents are the nodes.
        typed: datasets as they were typed after ``--dataset``.
        data_dir: the folder that is searched for data first.
    """
    named = {Dataset.parse(name).task_name: name for name in typed}
    dataset = Dataset.parse(named.get(cell.task, cell.dataset or dataset_of(cell.task)))
    if not dataset.card.tasks:  # only these files have names beside ids
        return []
    options = {**dataset.options, "text": "true", "heldout": "false"}
    try:
        named_task = dataset._replace(options=options, views=[]).read(data_dir)
    except InputError:  # such as of nodes without names
        return []
    texts = list(named_task.document_texts or ())
    same_nodes = list(named_task.document_names) == list(task.document_names)
    return texts if same_nodes and texts != list(task.document_names) else []


def _write(path: Path, names: Sequence[str], labels: Sequence[str | None]) -> None:
    columns = {NAME: pa.array(list(names), pa.string())}
    if labels:
        columns[LABEL] = pa.array(list(labels), pa.string())
    pq.write_table(pa.table(columns), path)
