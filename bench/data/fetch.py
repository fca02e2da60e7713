"""``bench fetch``: the files of a card's sources, verified, in the folder of the data.

A download is ``NAME.part`` until it is complete, and the same command continues it; archives are
unpacked in a hidden folder. A file gets the name that readers know when it is whole and verified,
and the files that a card lists come last, so that a fetch that was killed never looks complete.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from bench.data.archives import unpacked
from bench.data.cards import find_card
from bench.data.download import download
from bench.errors import InputError
from bench.system.paths import data_folders, load_object
from bench.system.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.data.cards import Card, Source

_AGAIN = (
    "it is deleted: run the same command to download it again; if that ends the same way, the "
    "published file has changed"
)


def fetch(names: Iterable[str], data_dir: Path | None = None) -> None:
    """Download the missing files of datasets into the first of the folders searched for data.

    Raises:
        InputError: a name is unknown (nothing is downloaded then), or some datasets could not be
            downloaded; the others were.
    """
    chosen = [find_card(name.partition(":")[0]) for name in names]
    errors = []
    for card in chosen:
        try:
            fetch_card(card, data_folders(data_dir)[0])
        except InputError as error:
            errors.append(str(error))
    if errors:
        raise InputError("\n".join(errors))


def fetch_card(card: Card, data: Path) -> None:
    """Download the missing files of a dataset into the data folder ``data``.

    A source is there if the card's files under its ``to`` are; if the card lists none of them, if
    ``to`` is.

    Raises:
        InputError: a source cannot be reached, was cut short or is not the published one; a file
            that is here has another hash; an archive cannot be unpacked; files are missing that no
            source has; the disk is full.
    """
    if not card.folder:
        what = f"your own {card.takes_path}" if card.takes_path else "embedded"
        say(f"{card.name}: nothing to fetch, it is {what}")
        return
    try:
        for file, expected in _hashes(card).items():
            path = data / file
            _check_hash(path, str(path), expected, "delete it and run the same command")
        if _lacking(card, data):
            _fetch_lacking(card, data)
    except OSError as error:
        raise InputError(
            f"cannot use {error.filename or data}: {error.strerror or error}; make room or give "
            "leave to write there, or name another folder with --data-dir; the same command then "
            "goes on"
        ) from error
    if missing := card.missing(data):
        folder = data / card.folder
        names = [str(path.relative_to(folder)) for path in missing if path != folder]
        why = "its sources do not hold" if card.sources else "have no public address"
        raise InputError(
            f"dataset {card.name} lacks files that {why}; they go to {folder}"
            f"{': ' if names else ''}{', '.join(names)}{_obtain(card)}"
        )
    say(f"{card.name} is complete: {data / card.folder}")


def _fetch_lacking(card: Card, data: Path) -> None:
    """Fetch the sources that are missing; one process at a time."""
    data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data / ".fetch.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another fetch into {data}")
        held = lock.acquire()
    with held:
        for source in _lacking(card, data):  # another process may have fetched some
            _fetch_source(card, source, data)


def _lacking(card: Card, data: Path) -> list[Source]:
    """The sources that are missing."""
    return [
        source
        for source in card.sources
        if not all((data / file).exists() for file in _brought(card, source))
    ]


def _brought(card: Card, source: Source) -> list[PurePosixPath]:
    """The listed files that this source brings and no other source is, or else its ``to``."""
    others = {other.to for other in card.sources} - {source.to}
    listed = [file for file in _hashes(card) if file.is_relative_to(source.to)]
    return [file for file in listed if str(file) not in others] or [PurePosixPath(source.to)]


def _hashes(card: Card) -> dict[PurePosixPath, str]:
    """The card's files, relative to the folder of the data, with their expected hashes."""
    return {
        PurePosixPath(card.folder, name): f"sha256:{sha256}" for name, sha256 in card.files.items()
    }


def _fetch_source(card: Card, source: Source, data: Path) -> None:
    """Download one source unless the user put its archive there; verify, unpack and move it."""
    target = data / source.to
    target.parent.mkdir(parents=True, exist_ok=True)
    whole, kind = target, "file"
    if source.unpack:
        name = PurePosixPath(unquote(urlsplit(source.url).path)).name
        known = name not in {"", target.name}
        whole, kind = target.with_name(name if known else f"{target.name}.archive"), "archive"
    file, way_out = whole, f"delete {whole} and run the same command"
    if not (source.unpack and whole.is_file()):
        file, way_out = whole.with_name(f"{whole.name}.part"), _AGAIN
        by_hand = f"put the {kind} at {whole} and run the same command{_obtain(card)}"
        if not source.public:
            raise InputError(f"dataset {card.name} is made from {source.url}: {by_hand}")
        download(source, file, by_hand)
    try:
        name = f"{file} from {source.url}" if source.public else str(file)
        size = file.stat().st_size
        if size != source.size:
            raise InputError(f"{name} has {size:,} bytes, its card says {source.size:,}; {way_out}")
        _check_hash(file, name, source.hash, way_out)
        with unpacked(file, target) if source.unpack else nullcontext(file) as content:
            _move(card, source, _rewritten(source, content), target, way_out)
    except InputError:
        if file != whole:
            file.unlink(missing_ok=True)
        raise
    if file != whole:
        file.unlink(missing_ok=True)


def _check_hash(path: Path, name: str, expected: str, way_out: str) -> None:
    """Compare an existing file with ``sha256:…`` or ``md5:…``; do nothing if neither is known."""
    kind, _, digest = expected.partition(":")
    if not digest or not path.is_file():
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, kind).hexdigest()
    if found != digest.lower():
        raise InputError(f"{name} has {kind} {found}, its card says {digest}; {way_out}")


def _rewritten(source: Source, content: Path) -> Path:
    """The content of a source in the form of the card's reader."""
    if not source.rewrite:
        return content
    made = content.with_name(f"{content.name}.rewritten")
    load_object(source.rewrite)(content, made)
    return made


def _move(card: Card, source: Source, content: Path, target: Path, way_out: str) -> None:
    """Verify the listed files of a source and move all its files into place.

    A folder is moved at once if nothing is there; else file by file, the listed ones last.
    """
    hashes = _hashes(card)
    last = []
    for file in _brought(card, source):
        path = content / file.relative_to(source.to)
        _check_hash(path, f"{file} from {source.url}", hashes.get(file, ""), way_out)
        last.append(path)
    if content.is_file() or not target.exists():
        content.replace(target)
        return
    files = [path for path in content.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path in last):
        place = target / path.relative_to(content)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)


def _obtain(card: Card) -> str:
    return f". {card.obtain}" if card.obtain else ""
