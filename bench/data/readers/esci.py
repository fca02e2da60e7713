"""Amazon's Shopping Queries: a query's products are Exact, Substitute, Complement or Irrelevant.

Reddy, Màrquez, Valero, Rao, Zaragoza, Bandyopadhyay, Biswas, Xing & Subbian, 2022 (arXiv
2206.06588), the reduced version (``small_version``) of one locale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from bench.arrays.strings import Strings
from bench.data.readers.cache import Column, Texts, cached, require_distinct, texts_writer
from bench.data.readers.pairs import RawJudgements
from bench.data.readers.text import text_task
from bench.errors import InputError
from bench.system.parquet import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.data.readers.text import Splits
    from bench.task import Task

EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
GAINS = (100, 10)
"""Gains of Exact and Substitute: the official 1.0 and 0.1 as whole numbers."""

_GRADES = {"E": 100, "S": 10, "C": 0, "I": 0}
_NOTE = (
    "The official nDCG gives a Complement a gain of 0.01, here 0; Exact is distance 0, Substitute "
    "distance 1."
)
_USED = (
    "query",
    "query_id",
    "product_id",
    "product_locale",
    "esci_label",
    "small_version",
    "split",
)
_BATCH = 1 << 15
_VERSION = 1


def read(
    name: str,
    folder: Path,
    *,
    locale: str = "us",
    fields: Sequence[str] = ("product_title",),
    **splits: Unpack[Splits],
) -> Task:
    """The search task over the products that the examples name.

    Args:
        name: name of the task.
        folder: the folder with the two files.
        locale: locale of the queries and products.
        fields: the fields that are joined with blanks to the text of a product.
        splits: rules by which the validation is drawn.

    Raises:
        InputError: a file is missing, of another format or without the columns that are read; a
            label is unknown; a pair has two labels.
    """
    judged = folder / EXAMPLES
    table = _examples(judged, locale)
    documents = _products(folder / PRODUCTS, judged, table, locale, fields)
    queries = _queries(table)
    columns = {"query_id": "query", "product_id": "document", "grade": "grade"}
    trained, tested = (
        RawJudgements(
            table.filter(pc.field("split") == split).select(list(columns)).rename_columns(columns),
            split,
            judged,
        )
        for split in ("train", "test")
    )
    return text_task(
        name, queries, documents, trained, tested, gains=GAINS, notes=[_NOTE], **splits
    )


def _examples(path: Path, locale: str) -> pa.Table:
    """The judgements of a locale's reduced version, with a column ``grade``."""
    chosen = (pc.field("product_locale") == locale) & (pc.field("small_version") == 1)
    batches = [batch for batch in _rows(path, _USED, chosen) if len(batch)]
    if not batches:
        raise InputError(f"{path} has no row with small_version 1 of the locale {locale!r}")
    table = pa.Table.from_batches(batches)
    for name in ("query_id", "product_id"):
        if table[name].null_count:
            raise InputError(f"{path} has a row of the locale {locale!r} without {name}")
    codes = pc.index_in(table["esci_label"], value_set=pa.array(list(_GRADES)))
    if codes.null_count:
        strange = table["esci_label"].filter(codes.is_null())[0].as_py()
        raise InputError(f"{path} has the label {strange!r}; known are {', '.join(_GRADES)}")
    grades = np.array(list(_GRADES.values()))[codes.to_numpy()]
    return table.append_column("grade", pa.array(grades))


def _products(
    path: Path, judged: Path, table: pa.Table, locale: str, fields: Sequence[str]
) -> Texts:
    """The products that the examples name, in the order of the file; read in batches."""
    wanted = pc.unique(table["product_id"])
    chosen = (pc.field("product_locale") == locale) & pc.field("product_id").isin(wanted)

    def write(folder: Path) -> None:
        with texts_writer(folder, "products") as append:
            for batch in _rows(path, ["product_id", "product_locale", *fields], chosen):
                append(batch["product_id"], _text(batch, fields))
        require_distinct(Texts.open(folder, "products").names, path)

    recipe = f"esci {_VERSION} {locale} {list(fields)}"
    return Texts.open(cached([judged, path], recipe, write), "products")


def _queries(table: pa.Table) -> Texts:
    """Each query once, in the order of the judgements."""
    names = table["query_id"].combine_chunks().cast(pa.large_string())
    distinct = pc.unique(names)
    first = table.take(pc.index_in(distinct, value_set=names))
    return Texts(Strings.from_arrow(distinct), Strings.from_arrow(_text(first, ["query"])))


def _text(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> Column:
    """The fields joined with blanks."""
    parts = [rows[field].cast(pa.large_string()).fill_null("") for field in fields]
    joined = pc.binary_join_element_wise(*parts, pa.scalar(" ", pa.large_string()))
    return pc.utf8_trim_whitespace(joined)


def _rows(path: Path, columns: Sequence[str], chosen: pc.Expression) -> Iterator[pa.RecordBatch]:
    """The chosen rows of a Parquet file; only a few batches are in memory at a time."""
    opened(path)
    try:
        dataset = ds.dataset(path, format="parquet")
        found = dataset.schema.names
        missing = [column for column in columns if column not in found]
        if missing:
            raise InputError(
                f"{path} has no column {' and no column '.join(missing)}; it has {', '.join(found)}"
            )
        for column in columns:
            kind = dataset.schema.field(column).type
            if pa.types.is_nested(kind) or pa.types.is_binary(kind):
                raise InputError(f"{path}: the column {column} is {kind}, not texts or numbers")
        for batch in dataset.to_batches(
            columns=list(columns),
            filter=chosen,
            batch_size=_BATCH,
            batch_readahead=2,
            fragment_readahead=1,
        ):
            batch.validate(full=True)  # is it UTF-8?
            yield batch
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"cannot read {path}: {error}; it is missing, damaged or of another format"
        ) from error
