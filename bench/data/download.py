"""Downloads over http that continue where they were cut short."""

from __future__ import annotations

import contextlib
import os
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError

from bench.errors import InputError
from bench.system.terminal import byte_bar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

    from bench.data.cards import Source

TIMEOUT_S = 60.0
"""Seconds that a server may be silent."""

_BLOCK = 1 << 16
_PARTIAL, _RANGE_REFUSED = 206, 416


def download(source: Source, part: Path, by_hand: str) -> None:
    """Download the rest of ``part``, from its end if the server can do that.

    Args:
        source: the source whose url is asked.
        part: the file to fill.
        by_hand: the way out without the server, for the error texts.

    Raises:
        InputError: the server cannot be reached, or gives a file of another length.
    """
    have = part.stat().st_size if part.exists() else 0
    if have == source.size:
        return
    response, have = _open(source.url, have if have < source.size else 0, by_hand)
    with response:
        announced = source.size if response.length is None else have + response.length
        if announced != source.size:
            part.unlink(missing_ok=True)
            raise InputError(
                f"{source.url} has {announced:,} bytes, its card says {source.size:,}: the "
                f"published file has changed; if you have the one of that size, {by_hand}"
            )
        with (
            part.open("ab" if have else "wb") as file,
            byte_bar(f"downloading {part.stem}", source.size, have) as advance,
        ):
            for block in _blocks(response):
                have += file.write(block)
                advance(len(block))
                if have > source.size:
                    break
            file.flush()
            os.fsync(file.fileno())
    if have < source.size:
        raise InputError(
            f"{source.url} was cut short: {have:,} of {source.size:,} bytes came; the same "
            "command goes on from there"
        )


def _open(url: str, have: int, by_hand: str) -> tuple[HTTPResponse, int]:
    """Ask for a file from byte ``have`` on: the response, and the byte at which it begins."""
    headers = {"User-Agent": "treeline-bench", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - a card has no other
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - as above
    except HTTPError as error:
        error.close()
        if have and error.code == _RANGE_REFUSED:
            return _open(url, 0, by_hand)
        raise InputError(
            f"{url} answered {error.code} {error.reason}; run the same command later, or {by_hand}"
        ) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"{url} could not be reached ({reason}); run the same command when the network is "
            f"there, or {by_hand}"
        ) from error
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    if have and response.status == _PARTIAL and not begins:
        response.close()
        return _open(url, 0, by_hand)
    return response, have if response.status == _PARTIAL else 0


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives; its length tells whether it was cut short."""
    with contextlib.suppress(OSError, HTTPException):
        while block := response.read(_BLOCK):
            yield block
