"""Unpack zip and tar archives and gzipped files, whose hash was verified before."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.system.files import sync
from bench.system.terminal import byte_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,  # also for a member that would land outside its folder
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # encrypted, or a compression that zipfile does not know
)


@contextlib.contextmanager
def unpacked(archive: Path, target: Path) -> Iterator[Path]:
    """Unpack an archive into a temporary folder beside ``target``.

    Args:
        archive: a zip or tar archive or a gzipped file; its content decides which, not its name.
        target: the path that the caller moves the result to; its parent folder is made.

    Yields:
        The file, if it was gzipped; else a folder: the one top folder of the archive, or all its
        content. It is deleted at the end unless it was moved.

    Raises:
        InputError: it is no archive, it is damaged, or a member would land outside its folder.
    """
    staging = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)  # a run that was killed left it
    try:
        staging.mkdir(parents=True)
        content = staging / target.name
        title = f"unpacking {archive.name.removesuffix('.part')}"
        with byte_bar(title, archive.stat().st_size) as advance, _Read(archive, advance) as file:
            _unpack(archive, file, content)
        for path in staging.rglob("*"):
            if path.is_file():
                sync(path)
        shutil.rmtree(content / "__MACOSX", ignore_errors=True)  # macOS's copy of file attributes
        inside = list(content.iterdir()) if content.is_dir() else []
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else content
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class _Read(io.FileIO):
    """A file that reports how many bytes are read from it."""

    def __init__(self, path: Path, advance: Callable[[int], None]) -> None:
        super().__init__(path)
        self._advance = advance

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most ``size`` bytes."""
        block = super().read(size)
        self._advance(len(block))
        return block


def _unpack(archive: Path, file: _Read, content: Path) -> None:
    """Unpack an open archive as the folder, or the one file, ``content``."""
    with archive.open("rb") as opened:
        head = opened.read(2)
    try:
        if head == b"PK":
            content.mkdir()  # an empty archive makes none
            with zipfile.ZipFile(file) as zipped:
                _require_inside(zipped.namelist())
                zipped.extractall(content)  # noqa: S202 - its hash was verified
        elif _is_tar(archive):
            content.mkdir()
            with tarfile.open(fileobj=file) as tarred:
                tarred.extractall(content, filter="data")
        elif head == b"\x1f\x8b":
            with gzip.open(file) as source, content.open("wb") as unzipped:
                shutil.copyfileobj(source, unzipped)
        else:
            raise InputError(f"{archive} is neither a zip or tar archive nor a gzipped file")
    except _DAMAGED as error:
        raise InputError(f"{archive} cannot be unpacked: {error}") from error


def _is_tar(archive: Path) -> bool:
    """Whether a file is a tar archive with a member; zeros alone look like an empty archive."""
    if not tarfile.is_tarfile(archive):
        return False
    with tarfile.open(archive) as tarred:
        return tarred.next() is not None


def _require_inside(members: Iterable[str]) -> None:
    """Raise ``zipfile.BadZipFile`` for a member outside its folder: ``zipfile`` moves it inside."""
    for member in members:
        if ".." in PurePosixPath(member).parts or member.startswith("/"):
            raise zipfile.BadZipFile(f"its member {member} lies outside its folder")
