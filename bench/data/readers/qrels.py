"""Relevance judgements: BEIR's tab-separated form, and the four columns of TREC."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.data.readers.pairs import Named
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Ints

COLUMNS = ("query-id", "corpus-id", "score")
_TREC = re.compile(rb"\s*\S+\s+\S+\s+\S+\s+[-+]?[0-9]+\s*")


def find_qrels(folder: Path, split: str) -> Path | None:
    """The file of a split in ``folder/qrels``, or None: ``.tsv``, else TREC's ``.txt``."""
    files = (folder / "qrels" / f"{split}{ending}" for ending in (".tsv", ".txt"))
    return next((file for file in files if file.is_file()), None)


def read_qrels(path: Path, split: str) -> Named:
    """Judgements of a file with the header ``query-id corpus-id score`` or of a TREC file.

    A TREC file has no header, and on each line ``query 0 document grade`` with blanks between.

    Raises:
        InputError: the file cannot be read or has another form, or a score is no whole number;
            it names the line.
    """
    table = _table(path)
    blank = table.isna() | (table == "")
    table, blank = table[~blank.all(axis=1)], blank[~blank.all(axis=1)]
    if blank.any(axis=None):
        line = blank.index[blank.any(axis=1)][0]
        raise InputError(f"{path}, line {line}: a value is missing; it needs {', '.join(COLUMNS)}")
    return Named(
        pa.array(table[COLUMNS[0]], pa.large_string()),
        pa.array(table[COLUMNS[1]], pa.large_string()),
        _grades(table[COLUMNS[2]], path),
        str(path),
        split,
    )


def _table(path: Path) -> pd.DataFrame:
    """The three columns as strings; the index is the number of the line."""
    try:
        with path.open("rb") as file:
            first = file.readline()
        if _TREC.fullmatch(first):
            names, above = [COLUMNS[0], "iteration", COLUMNS[1], COLUMNS[2]], 0
        else:
            names, above = _header(first.decode("utf-8-sig"), path), 1
        with warnings.catch_warnings():
            # pandas only warns of a first line with more values than names, and drops the rest.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep="\t" if above else r"\s+",
                names=names,
                skiprows=above,
                dtype=str,
                keep_default_na=False,  # "NA" and "007" are names
                quoting=3,  # a quotation mark is a character of a name
                index_col=False,
                skip_blank_lines=False,
                on_bad_lines="error",
                compression=None,
            )
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except pd.errors.EmptyDataError:
        table = pd.DataFrame(columns=names, dtype=str)
    except (ValueError, pd.errors.ParserWarning) as error:  # not UTF-8, not a table
        raise InputError(
            f"{path} is not a list of judgements in UTF-8, {' '.join(COLUMNS)} with tabs between: "
            f"{error}"
        ) from error
    table.index = pd.RangeIndex(1 + above, 1 + above + len(table))
    return table[list(COLUMNS)]


def _header(line: str, path: Path) -> list[str]:
    names = [name.strip() for name in line.split("\t")]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise InputError(
            f"{path}, line 1 has no column {' and no column '.join(missing)}; it must name the "
            f"columns {', '.join(COLUMNS)} with tabs between, it is {line.strip()[:100]!r}"
        )
    return names


def _grades(scores: pd.Series[str], path: Path) -> Ints:
    """[n] the scores as whole numbers; ``1.0`` is one."""
    numbers = pd.to_numeric(scores, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    whole = np.isfinite(numbers) & (numbers == np.trunc(numbers)) & (np.abs(numbers) < 2**31)
    if not whole.all():
        place = int(np.flatnonzero(~whole)[0])
        raise InputError(
            f"{path}, line {scores.index[place]}: the score must be a whole number, it is "
            f"{scores.iloc[place]!r}"
        )
    return numbers.astype(np.int64)
