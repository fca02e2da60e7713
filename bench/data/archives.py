"""Archives from elsewhere: nothing in them lands outside its folder or fills the disk."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from functools import partial
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, NamedTuple

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LARGEST_RATIO = 100
"""Bytes unpacked for each byte of the archive; text compresses to a tenth or so."""

ALWAYS_ALLOWED = 1_000_000_000
"""Bytes unpacked that need no such ratio."""

MOST_MEMBERS = 100_000
"""Files and folders; data come as a few, and empty ones without end take no bytes."""

_BLOCK = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # encrypted, or a compression that zipfile does not know
)


class _Member(NamedTuple):
    """One entry: ``kind`` is ``file``, ``folder`` or what is refused; ``size`` as declared."""

    name: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


@contextlib.contextmanager
def unpacked(archive: Path, target: Path, advance: Callable[[int], None]) -> Iterator[Path]:
    """What a zip or tar archive or a gzipped file holds, in a temporary folder beside ``target``.

    Args:
        archive: told apart by its content, not its name.
        target: where the caller is going to move it; its parent folder is made.
        advance: called with the bytes of each step.

    Yields:
        The file of a gzipped one; else a folder: the archive's one top folder, or all it holds.
        It is gone at the end unless it was moved.

    Raises:
        InputError: a member has an absolute path or one with ``..``, is a link or a device, comes
            twice or has not the bytes that it declares; or all of them are suspiciously large or
            many.
    """
    staging = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
    staging.mkdir(parents=True)
    try:
        limit = max(LARGEST_RATIO * archive.stat().st_size, ALWAYS_ALLOWED)
        yield _unpack(archive, staging / target.name, limit, advance)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unpack(archive: Path, content: Path, limit: int, advance: Callable[[int], None]) -> Path:
    """Unpack at most ``limit`` bytes as ``content``."""
    with archive.open("rb") as file:
        head = file.read(2)
    if head == b"PK":
        members = _zip_members(archive)
    elif _is_tar(archive):
        members = _tar_members(archive)
    elif head == b"\x1f\x8b":
        with gzip.open(archive) as source:
            _copy(source, content, limit, f"{archive}: {content.name!r}", advance)
        return content
    else:
        raise InputError(f"{archive} is neither a zip or tar archive nor a gzipped file")
    content.mkdir()
    name = "its start"
    try:
        for number, member in enumerate(members, start=1):
            name = member.name
            if number > MOST_MEMBERS:
                raise InputError(
                    f"{archive} has more than {MOST_MEMBERS:,} members; nothing was unpacked"
                )
            if member.kind == "file":
                limit -= member.size
            if limit < 0:
                raise InputError(f"{archive}: {_too_large(name)}")
            _write(archive, member, content, advance)
    except _DAMAGED as error:
        raise InputError(f"{archive} cannot be unpacked: {error}, at or after {name!r}") from error
    return _top(content)


def _write(archive: Path, member: _Member, content: Path, advance: Callable[[int], None]) -> None:
    """Write one member under ``content``, or refuse it."""
    where = f"{archive}: member {member.name!r}"
    foreign = PureWindowsPath(member.name)  # knows both kinds of slashes, and drives
    if foreign.drive or foreign.root or ".." in foreign.parts or "\0" in member.name:
        raise InputError(f"{where} would land outside its folder; nothing was unpacked")
    if member.kind not in {"file", "folder"}:
        raise InputError(f"{where} is {member.kind}, not a file; nothing was unpacked")
    path = content / PurePosixPath(member.name)
    try:
        if member.kind == "folder":
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source:
            written = _copy(source, path, member.size, where, advance)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{where} comes twice; nothing was unpacked") from error
    if written != member.size:
        raise InputError(f"{where} has {written:,} bytes, it declares {member.size:,}")


def _copy(
    source: IO[bytes] | gzip.GzipFile,
    path: Path,
    most: int,
    where: str,
    advance: Callable[[int], None],
) -> int:
    """Write a new file of at most ``most`` bytes; how many it has is returned."""
    written = 0
    with path.open("xb") as file:
        try:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > most:
                    raise InputError(f"{where} has more than {most:,} bytes; nothing was unpacked")
                file.write(block)
                advance(len(block))
        except _DAMAGED as error:
            raise InputError(f"{where} cannot be unpacked: {error}") from error
        file.flush()
        os.fsync(file.fileno())
    return written


def _too_large(name: str) -> str:
    return (
        f"with member {name!r} it unpacks to more than {ALWAYS_ALLOWED:,} bytes and "
        f"{LARGEST_RATIO} times its own size; nothing was unpacked"
    )


def _top(content: Path) -> Path:
    """The one folder in a folder, or the folder itself."""
    shutil.rmtree(content / "__MACOSX", ignore_errors=True)  # macOS's copy of file attributes
    inside = list(content.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else content


def _zip_members(archive: Path) -> Iterator[_Member]:
    """The entries of a zip archive, in its order."""
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                named = "a link or a device"
            else:
                named = "folder" if info.is_dir() else "file"
            yield _Member(info.filename, named, info.file_size, partial(file.open, info))


def _tar_members(archive: Path) -> Iterator[_Member]:
    """The entries of a tar archive, compressed or not, in its order."""
    with tarfile.open(archive) as file:
        for info in file:
            named = "folder" if info.isdir() else "file" if info.isreg() else "a link or a device"
            yield _Member(info.name, named, info.size, partial(_open_tarred, file, info))


def _open_tarred(file: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    opened = file.extractfile(info)
    if opened is None:
        raise tarfile.ReadError("it has no content")
    return opened


def _is_tar(archive: Path) -> bool:
    """Whether it is a tar archive with a member; gzipped zeros would pass for an empty one."""
    try:
        with tarfile.open(archive) as file:
            return file.next() is not None
    except _DAMAGED:
        return False
