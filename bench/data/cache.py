"""The user's cache by kinds: what each holds, how large it is, and how it is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from bench.data.cards import cards
from bench.errors import unknown
from bench.system.files import remove
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ALL = "all"
LOCK, WAITS = ".lock", ".waits-"


class Kind(NamedTuple):
    """A kind of things in the cache.

    Attributes:
        name: its name.
        of: patterns of their paths in the cache.
        what: what they are, and what makes them again.
    """

    name: str
    of: tuple[str, ...]
    what: str


class Size(NamedTuple):
    """What the cache holds of a kind: number of files, and their bytes."""

    files: int
    n_bytes: int


def kinds() -> dict[str, Kind]:
    """Every kind by name; all of it can be made or fetched again."""
    # What a user put beside the downloads by hand stays.
    fetched = [card.folder for card in cards().values() if card.sources and card.folder]
    found = (
        Kind("embeddings", ("embeddings*/*/*",), "vectors of texts; encoded again"),
        Kind("activations", ("activations*/*/*",), "texts below the last layer; encoded again"),
        Kind("tokens", ("tokens-*/*/*",), "token ids of texts; made again"),
        Kind("texts", ("texts/*",), "data sets as they were read; read again"),
        Kind("vectors", ("vectors/*",), "generated vectors; made again"),
        Kind("charts", ("vega/*",), "what the page's charts are drawn with; made again"),
        Kind(
            "downloads",
            tuple(f"data/{folder}" for folder in sorted(set(fetched))),
            "files of data sets; `bench fetch` gets them again",
        ),
        Kind("cluster", ("cluster/*",), "tasks and fitted states of a cluster's node; made again"),
        Kind(
            "times",
            ("seconds-*.sqlite",),
            "seconds of earlier cells, which plans go by; forgotten",
        ),
    )
    return {kind.name: kind for kind in found}


def sizes() -> dict[str, Size]:
    """The size of each kind in the cache."""
    return {name: _size(_paths(kind)) for name, kind in kinds().items()}


def clear(names: Iterable[str]) -> dict[str, tuple[Size, list[Path]]]:
    """Remove all of some kinds from the cache.

    Args:
        names: names of kinds, or ``all``.

    Returns:
        For each kind what was removed, and the paths that another process is filling, which stay.

    Raises:
        InputError: there is no such kind; nothing is removed.
    """
    known = kinds()
    asked = [each for name in names for each in (known if name == ALL else [name])]
    for name in asked:
        if name not in known:
            raise unknown("kind of the cache", name, [*known, ALL])
    found = {}
    for name in dict.fromkeys(asked):
        before = sizes()[name]
        busy = [path for path in _paths(known[name]) if not _removed(path)]
        after = sizes()[name]
        freed = Size(before.files - after.files, before.n_bytes - after.n_bytes)
        found[name] = freed, busy
    return found


def _paths(kind: Kind) -> list[Path]:
    found = (path for pattern in kind.of for path in cache_folder().glob(pattern))
    # A lock is empty, and another process may wait for it: it stays.
    return sorted(path for path in found if not path.name.endswith(LOCK) and WAITS not in path.name)


def _size(paths: Iterable[Path]) -> Size:
    files = [file for path in paths for file in _files(path)]
    return Size(len(files), sum(file.lstat().st_size for file in files))


def _files(path: Path) -> Iterator[Path]:
    """A file itself, or the files in a folder; a link is not followed."""
    if path.is_symlink() or path.is_file():
        yield path
    else:
        yield from (each for each in path.rglob("*") if each.is_symlink() or each.is_file())


def _removed(path: Path) -> bool:
    """Remove a file or folder unless another process holds the lock of its making."""
    lock = path.with_name(path.name.removesuffix(".partial") + LOCK)
    if not lock.exists():
        remove(path)
        return True
    try:
        with FileLock(lock, blocking=False):
            remove(path)
    except Timeout:
        return False
    return True
