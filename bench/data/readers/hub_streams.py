"""The rows of a retrieval set in MTEB's form, streamed by the library ``datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bench.errors import InputError
from bench.system.paths import load_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

FORM = (
    "MTEB's form has the configurations corpus (_id, title, text), queries (_id, text) and default "
    "(query-id, corpus-id, score)"
)
LOADERS = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".gz": "json"}
"""Endings of files that a folder may hold, with the library's loader of each."""
BATCH = 10_000


class HubSet(NamedTuple):
    """Where a retrieval set is read from.

    Attributes:
        source: its name on the hub, or its folder.
        revision: its commit on the hub; None for a folder.
        subset: what its configurations begin with; empty for a set of one.
    """

    source: str
    revision: str | None
    subset: str

    def configuration(self, part: str) -> str:
        """The name of a configuration: ``corpus``, or ``fr-corpus`` of a set with subsets."""
        if self.subset:
            return f"{self.subset}-{part}"
        return "default" if part == "qrels" else part


def batches_of(found: HubSet, part: str, own: Path | None) -> Iterator[tuple[str, pa.Table]]:
    """The rows of a configuration in batches, each with its split; nothing is kept in memory."""
    streams = _streams(found, part, own)
    if part != "qrels":
        whole = next((split for split in (part, "test") if split in streams), None)
        streams = streams if whole is None else {whole: streams[whole]}
    for split, stream in streams.items():
        for batch in stream.with_format("arrow").iter(BATCH):
            yield str(split), batch


def _streams(found: HubSet, part: str, own: Path | None) -> Mapping[Any, Any]:
    """The splits of a configuration, to be streamed."""
    # By its name: the folder of cards beside this code is called as the library is.
    load, names = map(load_object, ("datasets:load_dataset", "datasets:get_dataset_config_names"))
    configuration = found.configuration(part)
    if own is not None and not _names_files(own):
        loader, files = _files(own, configuration, part)
        return dict(load(loader, data_files=files, streaming=True))
    known = names(found.source, revision=found.revision)
    if configuration not in known:
        raise InputError(
            f"{found.source} has no configuration {configuration}, but {', '.join(known)}. {FORM}; "
            "a set of several languages takes subset=NAME: NAME-corpus, NAME-queries, NAME-qrels"
        )
    return dict(load(found.source, configuration, revision=found.revision, streaming=True))


def _names_files(folder: Path) -> bool:
    """Whether a folder has a README with the files of each configuration, as the hub's has."""
    readme = folder / "README.md"
    return readme.is_file() and "config_name:" in readme.read_text(errors="replace")


def _files(folder: Path, configuration: str, part: str) -> tuple[str, dict[str, list[str]]]:
    """The library's loader, and the files of each split, of a folder without the hub's README."""
    found: dict[str, list[str]] = {}
    loaders = set()
    places = (configuration, *(("qrels", "data") if part == "qrels" else ()))
    paths = [
        path
        for place in places
        for path in (*folder.glob(f"{place}.*"), *folder.glob(f"{place}/*"))
    ]
    for path in sorted(paths):
        if path.is_file() and path.suffix in LOADERS:
            split = part if part != "qrels" else path.name.split("-")[0].split(".")[0]
            found.setdefault(split, []).append(str(path))
            loaders.add(LOADERS[path.suffix])
    if len(loaders) != 1:
        problem = "both parquet and JSON files of" if loaders else "no parquet or JSON file of"
        raise InputError(f"{folder} has {problem} {configuration}; {FORM}, one folder each")
    return loaders.pop(), found
