"""``bench export``: a cell's vectors, encoder and index in files that libraries search."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError, cannot_write
from bench.evaluation.preparation import prepare
from bench.report.markdown import pipe_table
from bench.report.points import main_measure, main_score
from bench.store.cell import Cell, Status
from bench.store.folder import CELL, Store
from bench.system.files import move_folder
from bench.system.records import read_record, to_json
from bench.system.terminal import say
from bench.verify.certify import find_cell, planned_again
from bench.verify.export_check import check
from bench.verify.export_names import DOCUMENTS, QUERIES, labels_of, write_names
from bench.verify.points import number_of, settings_of
from bench.verify.runs import require_measured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.measures.records import PointResult
    from bench.method import Exported

SEARCH, README = "search.py", "README.md"
PACKAGES = ("numpy", "pyarrow")
IMPORTS = (
    "import sys",
    "from pathlib import Path",
    "import numpy as np",
    "import pyarrow.parquet as pq",
)
"""What every ``search.py`` imports."""
PROGRAM = '''"""{title}.

It prints the documents of a query: python {file} QUERY; {point}.
"""

{standard}

{imports}

HERE = Path(__file__).parent
{code}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {file} QUERY")
    try:
        vectors = encode(sys.argv[1:])
    except (KeyError, OSError) as error:
        sys.exit(f"unknown query: {{error}}{known}")
    documents = pq.read_table(HERE / "{documents}").columns
    for number in search(vectors, 10)[0]:
        if number >= 0:
            print(*(column[int(number)] for column in documents), sep="\\t")
'''


class ExportOptions(NamedTuple):
    """Where a stored cell and what it needs are found.

    Attributes:
        out: the results folder that holds it.
        plugins: methods and parts of your own, as ``FILE.py:Class``.
        datasets: NAME:PATH of tasks that were read from a path.
        data_dir: the folder that is searched for data first.
    """

    out: Path
    plugins: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data_dir: Path | None = None


def export(named: str, target: Path, options: ExportOptions, asked: str = "") -> None:
    """Write a cell so that it is searched without the harness, and check that it finds the same.

    The fitted state is taken from the results folder if it is there; else the method is fitted.

    Args:
        named: the path of a cell.json or of its folder, or how its key begins.
        target: the folder to write, which is empty or not there.
        options: the results folder, plugins and data.
        asked: settings of the operating point, such as ``nprobe=4``; empty: the one that validation
            chose, or the one that visits most if none was.

    Raises:
        InputError: there is no such cell or operating point, it cannot be exported or fitted here,
            the folder cannot be written or holds something, or the export finds other documents
            than the cell did.
    """
    path = find_cell(named, options.out)
    stored = read_record(path, Cell)
    if stored.status is not Status.OK or not stored.points:
        ended = "scored pairs" if stored.status is Status.OK else f"ended as {stored.status}"
        raise InputError(
            f"{path} {ended}: there is no search to export; name a cell that was searched"
        )
    require_measured(path, stored)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is there and not empty; name a folder that is new")
    point = stored.points[number_of(stored, asked)]
    say(f"{path}: {stored.title}, measured {stored.provenance.date[:10]}")
    found = planned_again(stored, options.plugins, options.datasets, options.data_dir)
    method = found.method(**found.cell.params)
    if reason := method.cannot_export():
        raise InputError(f"{stored.method} cannot be exported: {reason}")
    fits = Store(_results_of(path, options.out)).fits
    ready = prepare(method, found.task, seed=stored.seed, fits=fits if fits.is_dir() else None)
    state = "taken from" if ready.fit.shared else "fitted, as it was not in"
    say(f"The fitted state was {state} {fits}; indexed in {ready.index_s:.1f} s")
    say(f"Operating point: {_point_text(stored, point, asked)}")
    labels = labels_of(stored, found.task, options.datasets, options.data_dir)
    queries = found.task.queries(found.task.test.relevance.answered)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as made:
            folder = Path(made) / target.name
            folder.mkdir()
            exported = method.export(folder, queries, point.point)
            write_names(folder, found.task, labels)
            _write(folder, exported, stored, point)
            checked = check(folder, exported, found.task, stored, point, path, method)
            facts = {"operating point": _point_text(stored, point, asked), "checked": checked.text}
            text = _readme(folder, exported, stored, point, facts)
            (folder / README).write_text(text, encoding="utf-8")
            if target.is_dir():
                target.rmdir()
            move_folder(folder, target)
    except OSError as error:
        raise cannot_write(target, error, "--to") from error
    say(f"{checked.text}\nWritten: {target} ({README}, {SEARCH})")


def _point_text(cell: Cell, point: PointResult, asked: str) -> str:
    """An operating point, and why it is this one."""
    if len(cell.points) == 1:
        return settings_of(point) or "the only one"
    chosen = "validation chose it" if cell.chosen is not None else "it visits most"
    return (
        f"{settings_of(point)} ({'as asked for' if asked else chosen + '; --point sets another'})"
    )


def _results_of(path: Path, out: Path) -> Path:
    """The results folder that a cell.json lies in: its own, or the one that was named."""
    runs = path.absolute().parents[3]
    return runs.parent if runs.name == "runs" else out


def _write(folder: Path, exported: Exported, cell: Cell, point: PointResult) -> None:
    """Write the cell and the program."""
    (folder / CELL).write_text(to_json(cell), encoding="utf-8")
    lines = {*IMPORTS, *(line for code in exported.codes for line in code.imports)}
    standard = {line for line in lines if re.split("[ .]", line)[1] in sys.stdlib_module_names}
    program = PROGRAM.format(
        title=f"Search {cell.task} by {cell.method} without Treeline",
        file=SEARCH,
        standard=_in_order(standard),
        imports=_in_order(lines - standard),
        code="\n".join(f"\n{code.text.strip()}\n" for code in exported.codes),
        documents=DOCUMENTS,
        point=f"searched at {settings_of(point)}" if point.point else "there is one way to search",
        known=f"; {QUERIES} has all names" * (folder / QUERIES).exists(),
    )
    (folder / SEARCH).write_text(program, encoding="utf-8")
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)  # the library lets only its owner read it


def _in_order(imports: Iterable[str]) -> str:
    return "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line)))


def _readme(
    folder: Path, exported: Exported, cell: Cell, point: PointResult, more: dict[str, str]
) -> str:
    """What the folder holds, where it comes from, and how good it is."""
    packages = dict.fromkeys([*PACKAGES, *(p for code in exported.codes for p in code.packages)])
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in packages]
    vectors = np.load(folder / "embeddings.npy", mmap_mode="r")
    facts = {
        "dataset": f"{cell.task}, {cell.n_documents:,} documents (data {cell.task_digest[:12]})",
        "method": f"{cell.method}, seed {cell.seed}",
        "settings": ", ".join(f"{name}={value}" for name, value in sorted(cell.params.items())),
        "operating point": more["operating point"],
        main_measure(cell): f"{100 * main_score(point):.1f} % over {cell.n_queries:,} test queries",
        "visited": f"{point.visited:.2%} of the corpus; with routing {point.work:.2%}",
        "measured": f"{cell.provenance.date[:10]}, code {', '.join(cell.code)}",
        "cell": f"{cell.key}: `{CELL}` has all its figures",
        **more,
    }
    files = {
        "embeddings.npy": f"{list(vectors.shape)} {vectors.dtype}, a row for each document",
        DOCUMENTS: "their names, in the same order",
        SEARCH: "encodes a query, searches, prints names",
    }
    others = sorted({each.name for each in folder.iterdir()} - {*files, CELL})
    listed = [f"- `{name}`: {what}" for name, what in files.items()]
    listed += [f"- `{name}`" for name in others]
    return "\n".join(
        [
            f"# {cell.task} by {cell.method}",
            "",
            "Exported by Treeline; it is not needed to search:",
            "",
            f"    pip install {' '.join(versions)}",
            f"    python {SEARCH} QUERY",
            "",
            *listed,
            "",
            pipe_table(["", ""], [list(row) for row in facts.items()]),
            "",
        ]
    )
