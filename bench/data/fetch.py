"""``bench fetch``: what the sources of a card give, verified, in the folder of the data.

Bytes on their way lie in ``NAME.part``, from which the same command goes on; archives are unpacked
in a hidden folder. A file gets the name that readers know when it is whole and verified, and the
files that a card lists come last: a fetch that was killed never reads as complete.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from bench.data.archives import unpacked
from bench.data.cards import find_card
from bench.data.download import download
from bench.errors import InputError
from bench.system.paths import data_folders
from bench.system.terminal import byte_bar, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench.data.cards import Card, Source

_AGAIN = (
    "it is deleted: run the same command to download it again; if that ends the same way, the "
    "published file has changed"
)


def fetch(names: Iterable[str], data_dir: Path | None = None) -> None:
    """Download what datasets lack into the first of the folders where data is looked for.

    Raises:
        InputError: a name is unknown (nothing is downloaded then), or datasets could not be had;
            the others were.
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
    """Download what a dataset lacks into the data folder ``data``.

    A source is there when the card's files under its ``to`` are; where the card lists none of
    them, when ``to`` is.

    Raises:
        InputError: a source cannot be reached, was cut short or is not the published one; a file
            that is here is not; an archive is not safe; the card has no sources; the disk is full.
    """
    if not card.folder:
        what = f"read from {card.name}:FOLDER, a folder of yours" if card.takes_path else "embedded"
        say(f"{card.name}: nothing to fetch, it is {what}")
        return
    try:
        for file, expected in _hashes(card).items():
            _check_hash(
                data / file, str(data / file), expected, "delete it and run the same command"
            )
        if _lacking(card, data) or missing_files(card, data):
            _fetch_missing(card, data)
    except OSError as error:
        raise InputError(
            f"cannot use {error.filename or data}: {error.strerror or error}; make room or give "
            "leave to write there, or name another folder with --data-dir; the same command then "
            "goes on"
        ) from error
    say(f"{card.name} is complete: {data / card.folder}")


def missing_files(card: Card, data: Path) -> list[Path]:
    """The files that a card lists and ``data`` lacks; where it lists none, its folder."""
    listed = [data / card.folder / name for name in card.files] or [data / card.folder]
    return [path for path in listed if not path.exists()]


def _fetch_missing(card: Card, data: Path) -> None:
    """Fetch the sources that are not there; one process at a time."""
    if not card.sources:
        raise InputError(
            f"dataset {card.name} has no public address to fetch from; what it lacks "
            f"goes to {_missing(card, data)}{_obtain(card)}"
        )
    data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data / ".fetch.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another fetch into {data}")
        held = lock.acquire()
    with held:
        for source in _lacking(card, data):
            _fetch_source(card, source, data)
    if missing_files(card, data):
        raise InputError(
            f"dataset {card.name} still lacks files that its sources do not hold; they go to "
            f"{_missing(card, data)}{_obtain(card)}"
        )


def _lacking(card: Card, data: Path) -> list[Source]:
    """The sources that are not there, folders before what goes into them."""
    return [
        source
        for source in sorted(card.sources, key=lambda source: source.to.count("/"))
        if not all((data / file).exists() for file in _given(card, source))
    ]


def _given(card: Card, source: Source) -> list[PurePosixPath]:
    """What a source is to give: the listed files that no source is nearer to, or else ``to``."""
    target = PurePosixPath(source.to)
    others = [PurePosixPath(other.to) for other in card.sources]
    nearer = [other for other in others if target in other.parents]
    given = [
        file
        for file in _hashes(card)
        if file.is_relative_to(target) and not any(file.is_relative_to(other) for other in nearer)
    ]
    return given or [target]


def _hashes(card: Card) -> dict[PurePosixPath, str]:
    """The card's files, relative to the folder of the data, with what their hash is to be."""
    return {
        PurePosixPath(card.folder, name): f"sha256:{sha256}" for name, sha256 in card.files.items()
    }


def _fetch_source(card: Card, source: Source, data: Path) -> None:
    """Download one source unless the user brought its archive, verify, unpack, move into place."""
    target, hashes = data / source.to, _hashes(card)
    target.parent.mkdir(parents=True, exist_ok=True)
    whole, by_hand = target, f"put the file at {target}{_obtain(card)}"
    if source.unpack:
        name = PurePosixPath(unquote(urlsplit(source.url).path)).name
        whole = target.with_name(
            name if name not in {"", target.name} else f"{target.name}.archive"
        )
        by_hand = f"put the archive at {whole} and run the same command{_obtain(card)}"
    part = whole.with_name(f"{whole.name}.part")
    file, way_out = whole, f"delete {whole} and run the same command"
    brought = source.unpack and whole.is_file()
    if not brought:
        file, way_out = part, _AGAIN
        download(source, part, by_hand)
    try:
        _verify(file, source, way_out)
        with _content(source, file, target) as content:
            listed = set()
            for given in _given(card, source):
                path = content / given.relative_to(source.to)
                _check_hash(path, f"{given} from {source.url}", hashes.get(given, ""), way_out)
                listed.add(path)
            _move(content, target, last=listed)
    except InputError:
        if not brought:
            part.unlink(missing_ok=True)
        raise
    part.unlink(missing_ok=True)


def _verify(path: Path, source: Source, way_out: str) -> None:
    """Check the size and the hash of what was downloaded."""
    size = path.stat().st_size
    if size != source.size:
        raise InputError(
            f"{path} from {source.url} has {size:,} bytes, its card says {source.size:,}; {way_out}"
        )
    _check_hash(path, f"{path} from {source.url}", source.hash, way_out)


def _check_hash(path: Path, name: str, expected: str, way_out: str) -> None:
    """Compare a file that is there with ``sha256:…`` or ``md5:…``, if that is known."""
    kind, _, digest = expected.partition(":")
    if not digest or not path.is_file():
        return
    if kind not in {"sha256", "md5"}:
        raise InputError(f"the card of {name} has the hash {expected!r}; use sha256:… or md5:…")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, kind).hexdigest()
    if found != digest.lower():
        raise InputError(f"{name} has {kind} {found}, its card says {digest}; {way_out}")


@contextlib.contextmanager
def _content(source: Source, file: Path, target: Path) -> Iterator[Path]:
    """What was downloaded, or what it unpacks to."""
    if not source.unpack:
        yield file
        return
    with (
        byte_bar(f"unpacking {file.name.removesuffix('.part')}", None) as advance,
        unpacked(file, target, advance) as content,
    ):
        yield content


def _move(content: Path, target: Path, *, last: set[Path]) -> None:
    """Move into place: at once where nothing is, else file by file with ``last`` at the end."""
    if content.is_file() or not target.exists():
        content.replace(target)
        return
    files = [path for path in content.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path in last):
        place = target / path.relative_to(content)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)


def _missing(card: Card, data: Path) -> str:
    """The folder of a dataset, and which of its files are not in it."""
    folder = data / card.folder
    names = [name for name in card.files if not (folder / name).exists()]
    return f"{folder}: {', '.join(names)}" if names else str(folder)


def _obtain(card: Card) -> str:
    return f". {card.obtain}" if card.obtain else ""
