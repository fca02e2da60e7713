"""Unpack zip and tar archives and gzipped files, whose hash was verified before.

A small archive cannot fill the disk or the memory: its members, their paths and their headers, and
the bytes that it unpacks to are limited.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Self

from bench.errors import InputError
from bench.system.files import most_unpacked, sync_all
from bench.system.terminal import byte_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOCK = 1 << 20
MOST_MEMBERS = 100_000
MOST_PARTS, LONGEST_PATH, LONGEST_PART = 50, 1000, 255
"""Folders one in another, and bytes of a path and of a name in it."""
MOST_HEADER = 1 << 20
"""Bytes of the header of a member of a tar archive."""


class _RefusedError(Exception):
    """An archive goes beyond a limit."""


_DAMAGED = (
    _RefusedError,
    zipfile.BadZipFile,
    tarfile.TarError,  # also for a member that would land outside its folder
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # encrypted, or a compression that zipfile does not know
    FileExistsError,  # these: a member is a file and a folder
    NotADirectoryError,
    IsADirectoryError,
    KeyError,  # a link to a member that is not there
)
"""Errors for what is wrong with an archive; so is EINVAL, for a place before its first byte."""


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
        InputError: it is no archive, it is damaged or beyond a limit, or a member would land
            outside its folder.
    """
    staging = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)  # a run that was killed left it
    try:
        staging.mkdir(parents=True)
        content = staging / target.name
        title = f"unpacking {archive.name.removesuffix('.part')}"
        with byte_bar(title, archive.stat().st_size) as advance, _Read(archive, advance) as file:
            _unpack(archive, file, content)
        shutil.rmtree(content / "__MACOSX", ignore_errors=True)  # macOS's copy of file attributes
        sync_all(staging)
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


class _Limits:
    """The members and the bytes that an archive has left."""

    def __init__(self, archive: Path) -> None:
        self._bytes = self._most = most_unpacked(archive)
        self._members = MOST_MEMBERS

    def take(self, size: int) -> None:
        """Count unpacked bytes."""
        self._bytes -= size
        if self._bytes < 0:
            raise _RefusedError(f"it unpacks to more than {self._most:,} bytes")

    def admit(self, path: str, size: int) -> None:
        """Count a member with its path and its bytes."""
        self._members -= 1
        if self._members < 0:
            raise _RefusedError(f"it has more than {MOST_MEMBERS:,} members")
        parts = [part.encode(errors="surrogateescape") for part in PurePosixPath(path).parts]
        longest = max(map(len, parts), default=0)
        if len(parts) > MOST_PARTS or longest > LONGEST_PART or len(path) > LONGEST_PATH:
            raise _RefusedError(f"the path of a member is too long: {path[:60]}…")
        self.take(size)


class _Header:
    """A tar archive from which no more than a header is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._left = MOST_HEADER
        self.tell, self.seek, self._read = file.tell, file.seek, file.read

    def read(self, size: int) -> bytes:
        """Read at most ``size`` bytes."""
        self._left -= size
        if self._left < 0:
            raise _RefusedError(f"the header of a member has more than {MOST_HEADER:,} bytes")
        return self._read(size)


class _Member(tarfile.TarInfo):
    """A member of a tar archive, whose header is not read into memory whatever its size is."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """Read the next header."""
        whole = tarfile.fileobj
        if isinstance(whole, _Header):  # a header that consists of several
            return super().fromtarfile(tarfile)
        tarfile.fileobj = _Header(whole)  # type: ignore[assignment, arg-type]
        try:
            return super().fromtarfile(tarfile)
        finally:
            tarfile.fileobj = whole


def _admitted(tarred: tarfile.TarFile, limits: _Limits) -> Iterator[tarfile.TarInfo]:
    """The members as they are read."""
    for member in tarred:
        limits.admit(member.name, member.size)
        yield member


def _unpack(archive: Path, file: _Read, content: Path) -> None:
    """Unpack an open archive as the folder, or the one file, ``content``."""
    limits = _Limits(archive)
    with archive.open("rb") as opened:
        head = opened.read(2)
    try:
        if head == b"PK":
            content.mkdir()  # an empty archive makes none
            with zipfile.ZipFile(file) as zipped:
                for member in zipped.infolist():
                    _require_inside(member.filename)
                    limits.admit(member.filename, member.file_size)
                zipped.extractall(content)  # noqa: S202 - its hash was verified
        elif _is_tar(archive):
            content.mkdir()
            with tarfile.open(fileobj=file, tarinfo=_Member) as tarred:
                tarred.extractall(content, _admitted(tarred, limits), filter="data")
        elif head == b"\x1f\x8b":
            with gzip.open(file) as source, content.open("wb") as unzipped:
                while block := source.read(_BLOCK):
                    limits.take(len(block))
                    unzipped.write(block)
        else:
            raise InputError(f"{archive} is neither a zip or tar archive nor a gzipped file")
    except (*_DAMAGED, OSError) as error:
        of_the_disk = isinstance(error, OSError) and error.errno != errno.EINVAL
        if of_the_disk and not isinstance(error, _DAMAGED):
            raise
        raise InputError(f"{archive} cannot be unpacked: {error}") from error


def _is_tar(archive: Path) -> bool:
    """Whether a file is a tar archive with a member; zeros alone look like an empty archive."""
    try:
        with tarfile.open(archive, tarinfo=_Member) as tarred:
            return tarred.next() is not None
    except tarfile.ReadError:
        return False


def _require_inside(member: str) -> None:
    """Raise ``_RefusedError`` for a member outside its folder: ``zipfile`` moves it inside."""
    if ".." in PurePosixPath(member).parts or member.startswith("/"):
        raise _RefusedError(f"its member {member} lies outside its folder")
