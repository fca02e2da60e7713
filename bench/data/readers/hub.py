"""Retrieval sets in MTEB's form on the Hugging Face hub, or in a folder of that form.

A set has three configurations: ``corpus`` (_id, title, text), ``queries`` (_id, text) and
``default``, the judgements (query-id, corpus-id, score), with a split for each of its parts
(Muennighoff, Tazi, Magne & Reimers, MTEB, EACL 2023, arXiv 2210.07316). It is streamed by the
library ``datasets`` into the user's cache, once for each revision, and mapped from there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.arrays.strings import Strings
from bench.data.hub import require_library, revision_of, told
from bench.data.readers.cache import Texts, cached, require_distinct, texts_writer
from bench.data.readers.hub_streams import FORM, LOADERS, HubSet, batches_of
from bench.data.readers.pairs import RawJudgements
from bench.data.readers.text import text_task
from bench.errors import InputError, reason_of
from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.data.readers.text import Splits
    from bench.task import Task

ID, QUERY, DOCUMENT = ("_id", "id"), ("query-id", "query_id"), ("corpus-id", "corpus_id")
"""Columns, each with the other name that some sets have."""
DEV = ("dev", "validation")
"""Splits that are the validation if none is named."""
JUDGED = "judgements.parquet"
_VERSION = 1
"""Version of the recipe; raise it when the written files change."""


def read(
    name: str,
    place: Path,
    *,
    revision: str = "",
    subset: str = "",
    train: str = "train",
    validation: str = "auto",
    test: str = "test",
    **splits: Unpack[Splits],
) -> Task:
    """A task from a set on the hub, or from a folder in its form.

    Args:
        name: name of the task.
        place: a folder; or, where there is none, OWNER/NAME on the hub.
        revision: a commit, branch or tag on the hub; empty: the newest.
        subset: the part of a set of several, such as a language: ``fr`` for ``fr-corpus``,
            ``fr-queries`` and ``fr-qrels``; empty: the set has one.
        train: the split to train on; without it, nothing can be trained.
        validation: the split to validate on; empty: a sample of the training queries; ``auto``: the
            split ``dev`` or ``validation`` where it is there, else such a sample.
        test: the split to test on, unless ``heldout_queries`` are drawn from training.
        splits: rules by which validation and test are drawn, and what counts as relevant.

    Raises:
        InputError: the library is not installed, the hub cannot be reached, has no such set or
            asks for a login, the set has another form, or a split is not there.
    """
    require_library()
    folder, note = _kept(place, revision, subset)
    documents, queries = Texts.open(folder, "corpus"), Texts.open(folder, "queries")
    judged = pq.read_table(folder / JUDGED)
    there = judged["split"].unique().to_pylist()
    heldout = splits.get("heldout_queries", 0)
    if validation == "auto":
        others = [split for split in DEV if split in there and (heldout or split != test)]
        validation = others[0] if others else ""
    notes = [note]
    if train not in there:
        notes.append(f"There are no training pairs: it has no split {train}.")

    def split(wanted: str) -> RawJudgements:
        if wanted not in there:
            raise InputError(
                f"{place} has no split {wanted} of judgements; it has {', '.join(there)}: name "
                f"one, as in hub:{place},test={there[0]}"
            )
        of = judged.filter(pc.equal(judged["split"], wanted)).drop_columns("split")
        return RawJudgements(of, wanted, place)

    return text_task(
        name,
        queries,
        documents,
        split(train) if train in there else None,
        None if heldout else split(test),
        split(validation) if validation else None,
        notes=notes,
        **splits,
    )


def _kept(place: Path, revision: str, subset: str) -> tuple[Path, str]:
    """The folder of the cache that a set was read into, and where it came from, for the board."""
    recipe = f"hub {_VERSION} {subset}"
    if place.is_dir():
        if revision:
            raise InputError(
                f"{place} is a folder, and revision={revision} is of a dataset on the hub; leave "
                "it out"
            )
        files = sorted(path for path in place.rglob("[!.]*") if _is_data(path, place))
        if not files:
            raise InputError(f"{place} holds no file of parquet or JSON lines; {FORM}")
        own = HubSet(str(place), None, subset)
        folder = cached(files, recipe, lambda folder: _write_own(folder, own, place))
        return folder, "Read from a folder in the form of the Hugging Face hub."
    source = place.as_posix()
    commit = revision_of(source, revision)
    digest = hashlib.sha256(f"{recipe} {source} {commit}".encode()).hexdigest()
    on_hub = HubSet(source, commit, subset)

    def write(folder: Path) -> None:
        with told(source):
            _write(folder, on_hub, None)

    folder = made_once(cache_folder() / "texts" / digest, write, f"the texts of {source}")
    return folder, f"Read from the Hugging Face hub: {source}, revision {commit}."


def _write_own(folder: Path, found: HubSet, own: Path) -> None:
    """Stream a user's own folder; what the library says of it becomes an error with a way out."""
    try:
        _write(folder, found, own)
    except (InputError, OSError):
        raise
    except Exception as error:
        raise InputError(
            f"{own} cannot be read: {reason_of(error)}. {FORM}; the files that its README.md names "
            "must be there"
        ) from error


def _is_data(path: Path, folder: Path) -> bool:
    """Whether a file of a folder is data, or says which files are."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden and (path.suffix in LOADERS or path.name == "README.md")


def _write(folder: Path, found: HubSet, own: Path | None) -> None:
    """Stream a set into a folder of the cache."""
    for part in ("corpus", "queries"):
        untitled = []
        with texts_writer(folder, part) as append:
            for _, batch in batches_of(found, part, own):
                names, texts = _named(batch, ID, found), _named(batch, ("text",), found)
                texts = pc.utf8_trim_whitespace(texts)
                lengths = Strings.from_arrow(texts).lengths
                if part == "corpus" and "title" in batch.column_names:
                    titles = _named(batch, ("title",), found)
                    texts = pc.binary_join_element_wise(titles, texts, pa.scalar(" ", _TEXT))
                append(names, pc.utf8_trim_whitespace(texts))
                untitled.append(lengths)
        names = Texts.open(folder, part).names
        if not len(names):
            raise InputError(f"{found.source}: its configuration {part} is empty; {FORM}")
        require_distinct(names, own or folder)
        if part == "corpus":
            np.save(folder / "corpus.untitled.npy", np.concatenate(untitled).astype(np.int32))
    judged = [_judgements(batch, split, found) for split, batch in batches_of(found, "qrels", own)]
    if not judged:
        raise InputError(f"{found.source} has no judgements; {FORM}")
    pq.write_table(pa.concat_tables(judged), folder / JUDGED)


_TEXT = pa.large_string()


def _judgements(batch: pa.Table, split: str, found: HubSet) -> pa.Table:
    """Judgements by name, with the split that they are of."""
    scores = _column(batch, ("score",), found)
    try:
        grades = scores.cast(pa.float64()).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{found.source}, split {split}: a score is no whole number: {error}"
        ) from error
    return pa.table(
        {
            "query": _named(batch, QUERY, found),
            "document": _named(batch, DOCUMENT, found),
            "grade": grades,
            "split": pa.array([split] * len(batch), pa.string()),
        }
    )


def _named(batch: pa.Table, names: Sequence[str], found: HubSet) -> pa.ChunkedArray:
    """A column as texts; numbers become texts, and what is missing is empty."""
    return _column(batch, names, found).cast(_TEXT).fill_null("")


def _column(batch: pa.Table, names: Sequence[str], found: HubSet) -> pa.ChunkedArray:
    """The first of the named columns that is there."""
    for name in names:
        if name in batch.column_names:
            return batch[name]
    raise InputError(
        f"{found.source} has a configuration without a column {names[0]}; it has "
        f"{', '.join(batch.column_names)}. {FORM}"
    )
