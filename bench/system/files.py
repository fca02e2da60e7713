"""Files that are written whole or not at all, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACED = "replaced"
"""Ending of a folder that another one has replaced, until it is removed."""
MOST_RATIO, ALWAYS = 200, 1 << 30
"""Bytes unpacked for each byte of a file, and bytes that any may unpack to."""


def write_atomically(path: Path, text: str) -> None:
    """Write under a temporary name beside ``path``, then move it there.

    Raises:
        InputError: it cannot be written there; the old file stays.
    """
    try:
        with written(path.parent, text) as file:
            file.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error


@contextlib.contextmanager
def written(folder: Path, text: str) -> Iterator[Path]:
    """A file whose last byte is on the disk, named after this process; removed if not moved."""
    own = f"-{os.getpid()}"
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, prefix=".writing-", suffix=own, delete=False, encoding="utf-8"
    ) as file:
        path = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            path.chmod(0o644)
            yield path
        finally:
            path.unlink(missing_ok=True)


def most_unpacked(path: Path) -> int:
    """Bytes that a file may unpack to: a small one with more would fill the memory or the disk."""
    return max(ALWAYS, MOST_RATIO * path.stat().st_size)


def sha256_of(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp_of(path: Path) -> list[int]:
    """Size and times of a file, to notice that its content was changed.

    The time of the last change of its state cannot be set back as that of its content can.
    """
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]


def is_altered(path: Path, sha256: str | None) -> bool:
    """Whether there is something at a path, and not the file of that hash."""
    return os.path.lexists(path) and not (path.is_file() and sha256_of(path) == sha256)


def remove(path: Path) -> None:
    """Remove a file or a folder, if another process has not."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_all(folder: Path) -> None:
    """Wait until a folder and all that is in it is on the disk; links that lead nowhere aside."""
    for path in filter(Path.exists, (*sorted(folder.rglob("*")), folder)):
        sync(path)


def move_folder(source: Path, target: Path) -> None:
    """Put a folder in the place of another, once all in it is on the disk."""
    sync_all(source)
    replaced = beside(target, REPLACED)
    remove(replaced)  # a process that was killed left it
    if os.path.lexists(target):  # moved at once: half a folder would be called damaged
        target.rename(replaced)
    source.rename(target)
    sync(target.parent)
    remove(replaced)


def beside(folder: Path, ending: str) -> Path:
    """The path of a folder with another ending after its name."""
    return folder.with_name(f"{folder.name}.{ending}")
