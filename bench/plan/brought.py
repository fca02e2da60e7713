"""Runs that were made elsewhere (``--run``): a file in TREC's form becomes a planned cell."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from bench.data.readers.trec_run import rankings_of, read_trec_run
from bench.errors import InputError
from bench.plan.depth import depth_needed
from bench.registry import NAME, Registry
from bench.store.cell import Brought, Cell, Status
from bench.system.files import sha256_of
from bench.system.terminal import counted
from bench.versions.keys import DIGITS, digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.system.provenance import Provenance
    from bench.task import Task
    from bench.types import Ints

ENDINGS = {".gz", ".trec", ".txt", ".run", ".tsv", ".res"}
"""Endings of a file that are no part of the name of its run."""


class BroughtRun(NamedTuple):
    """A run that was read and fits its task, before anything of it is stored.

    Attributes:
        cell: the planned cell.
        ids: [n_queries, k] documents of the test's queries, best first.
        told: what the user should know of it.
    """

    cell: Cell
    ids: Ints
    told: str


def named_files(typed: Iterable[str], registry: Registry) -> dict[str, Path]:
    """The file of each name in ``FILE[:NAME]``; without a name it is that of the file.

    Raises:
        InputError: a name cannot be that of a row, is that of a method, or is given twice.
    """
    found: dict[str, Path] = {}
    for text in typed:
        path, name = Path(text), ""
        if not path.is_file() and ":" in text:
            file, _, name = text.rpartition(":")
            path = Path(file)
        else:
            name = path.name
            while Path(name).suffix in ENDINGS:
                name = Path(name).stem
        way = f"name it otherwise: --run {quote(str(path))}:NAME"
        if not NAME.fullmatch(name):
            raise InputError(
                f"a run cannot be named {name!r}: a name is made of at most 100 letters, digits, "
                f"'.', '_' and '-', and begins with a letter or digit; {way}"
            )
        if _is_method(name, registry):
            raise InputError(f"{name} is a method, and its rows are measured here; {way}")
        if name in found:
            raise InputError(f"{found[name]} and {path} would both be called {name}; {way}")
        found[name] = path
    return found


def read_brought(
    path: Path, name: str, task: Task, dataset: str | None, origin: Provenance
) -> BroughtRun:
    """Read a run and plan its cell; a run of other content has another key.

    Args:
        path: the file.
        name: the name of its row.
        task: the task whose test it is measured on.
        dataset: where the task was read from, if its name does not tell it.
        origin: the machine, packages and commit that it is measured with.

    Raises:
        InputError: it cannot be read or is not of this task, or the task is of word pairs.
    """
    if task.similarity is not None:
        raise InputError(f"{task.name} scores pairs of words; a run ranks documents: {path}")
    k = depth_needed(task, None)
    run = read_trec_run(path)
    rankings = rankings_of(run, task, k)
    sha256 = sha256_of(path)
    cell = Cell(
        key=digest(["brought", task.digest, name, sha256, k]),
        status=Status.PLANNED,
        task=task.name,
        task_digest=task.digest,
        dataset=dataset,
        notes=list(task.notes),
        n_queries=task.n_asked,
        n_documents=len(task.document_names),
        cut=task.test.cut,
        seen_means=task.seen,
        method=name,
        brought=Brought(
            file=str(path.absolute()), sha256=sha256, tag=run.tag, unanswered=rankings.unanswered
        ),
        params={},
        changed={},
        code=[f"run {sha256[:DIGITS]}"],
        seed=0,
        k=k,
        provenance=origin,
    )
    facts = [f"{name}: {counted(len(run.table), 'line')} of system {run.tag!r}"]
    if rankings.unanswered:
        facts.append(f"{rankings.unanswered:,} of {task.n_asked:,} queries have none and score 0")
    if rankings.not_asked:
        facts.append(f"{rankings.not_asked:,} of its queries are not tested, and left out")
    if rankings.unjudged:
        facts.append(
            f"{rankings.unjudged:,} of {rankings.read:,} ranked documents are not judged, and "
            "count as not relevant"
        )
    return BroughtRun(cell, rankings.ids, "; ".join(facts))


def _is_method(name: str, registry: Registry) -> bool:
    """Whether a name is that of a method."""
    try:
        registry.resolve(name)
    except InputError:
        return False
    return True
