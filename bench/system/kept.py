"""Folders that can be made again: durable when they appear, verified whenever they are opened.

A folder is filled under a temporary name. Its marker comes last and has the sha256 of every other
file: a power cut can leave files of the right size that hold zeros.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from contextvars import ContextVar
from glob import escape
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from bench.errors import InputError
from bench.system.files import REPLACED, beside, move_folder, remove, sha256_of, written
from bench.system.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MARKER = "complete.json"
_WAITS = ".waits-"
_trusted_from: ContextVar[float] = ContextVar("trusted_from", default=0.0)


def no_warning(_text: str) -> None:
    """Do nothing: where nobody is to be warned, or was before."""


@contextlib.contextmanager
def trusting_from(moment: float) -> Iterator[None]:
    """Within it, folders made before ``moment`` (seconds since 1970) are made again."""
    token = _trusted_from.set(moment)
    try:
        yield
    finally:
        _trusted_from.reset(token)


def is_late_enough(file: Path) -> bool:
    """Whether an existing file was written late enough to be trusted."""
    return file.stat().st_mtime >= _trusted_from.get()


def made_once(
    folder: Path,
    write: Callable[[Path], None],
    what: str,
    *,
    resumes: bool = False,
    warn: Callable[[str], None] = say,
) -> Path:
    """Fill a folder, whole or not at all, unless it is there; one process at a time.

    Args:
        folder: the folder to fill and to return.
        write: a function that fills the folder that it is given.
        what: a name for its content, for messages.
        resumes: whether ``write`` goes on with what a run that was cut short left there.
        warn: called with a sentence if the folder was damaged.

    Raises:
        InputError: it cannot be written.
    """
    if is_whole(folder, warn):  # without a lock: the folder may be one that cannot be written
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _waiting_for(folder), FileLock(f"{folder}.lock"):
            if not is_whole(folder, no_warning):  # another process may have made it
                keep(folder, write, resumes=resumes)
    except OSError as error:
        raise InputError(
            f"cannot keep {what} in {folder.parent}: {error.strerror or error}; make room there "
            "or name another folder with TREELINE_CACHE"
        ) from error
    return folder


def n_waiting(folder: Path) -> int:
    """Number of other processes that wait until a folder is filled."""
    own, n = _mark_of(folder), 0
    for mark in folder.parent.glob(f"{escape(folder.name)}{_WAITS}*"):
        if mark != own:
            try:
                with FileLock(mark, blocking=False):  # nobody holds it: its process was killed
                    mark.unlink(missing_ok=True)
            except Timeout:
                n += 1
    return n


@contextlib.contextmanager
def _waiting_for(folder: Path) -> Iterator[None]:
    """Within it, a locked file beside the folder says that this process waits for it."""
    mark = _mark_of(folder)
    try:
        with FileLock(mark):
            yield
    finally:
        mark.unlink(missing_ok=True)


def _mark_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_WAITS}{os.getpid()}")


def is_whole(folder: Path, warn: Callable[[str], None] = say) -> bool:
    """Whether a folder is there, late enough to be trusted, and as ``keep`` wrote it.

    ``warn`` is called with a sentence if it is damaged.
    """
    marker = folder / MARKER
    try:
        if not folder.exists() or not is_late_enough(marker):
            return False
        hashes: dict[str, str] = json.loads(marker.read_text(encoding="utf-8"))
        wrong = [name for name, sha256 in hashes.items() if not _has(folder / name, sha256)]
    except (OSError, ValueError, AttributeError):
        wrong = [MARKER]
    if wrong:
        warn(f"{folder / wrong[0]} is not as it was written; it is made again")
    return not wrong


def _has(file: Path, sha256: str) -> bool:
    """Whether a file is there and has this hash."""
    with contextlib.suppress(OSError):
        return sha256_of(file) == sha256
    return False


def keep(folder: Path, write: Callable[[Path], None], *, resumes: bool = False) -> None:
    """Fill a folder beside ``folder``, wait until it is on the disk, and move it there.

    Args:
        folder: the folder; one that is there is replaced.
        write: a function that fills the folder that it is given.
        resumes: whether ``write`` is given what an earlier call left when it was cut short.
    """
    partial = beside(folder, "partial")
    if not resumes or (partial.exists() and not is_late_enough(partial)):
        shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, exist_ok=True)
    try:
        write(partial)
        # A process that was killed may have left a marker there.
        files = [
            path for path in sorted(partial.rglob("*")) if path.is_file() and path.name != MARKER
        ]
        hashes = {path.relative_to(partial).as_posix(): sha256_of(path) for path in files}
        with written(partial, json.dumps(hashes)) as marker:
            marker.replace(partial / MARKER)
        move_folder(partial, folder)
    finally:
        if not resumes:
            shutil.rmtree(partial, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a folder, and what an interrupted ``keep`` left beside it."""
    for each in (folder, beside(folder, "partial"), beside(folder, REPLACED)):
        remove(each)
