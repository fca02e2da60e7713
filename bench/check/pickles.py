"""Telling pickles from other files, without reading them as such."""

from __future__ import annotations

import pickletools
import zipfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def holds_pickle(file: Path) -> bool:
    """Whether a file is a pickle, or an archive or array file that holds one.

    Known by their form: pickles of any protocol, what ``torch.save`` and ``joblib`` write without
    compression, and numpy's files of objects.
    """
    if file.suffix in {".json", ".safetensors"} and not _begins_as_pickle(file):
        return False
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if any(name.endswith(".pkl") for name in archive.namelist()):
                return True
        return file.suffix == ".npz" and not _is_plain_numpy(file)
    if file.read_bytes()[:6] == b"\x93NUMPY":
        return not _is_plain_numpy(file)
    return _begins_as_pickle(file) or _is_text_pickle(file)


def _begins_as_pickle(file: Path) -> bool:
    """Whether a file begins as pickles since protocol 2 do, and is no safetensors file.

    One of those begins with the length of its header, which may be the same two bytes.
    """
    start = file.read_bytes()[:9]
    return start.startswith(_PROTOCOLS) and start[8:9] != b"{"


def _is_text_pickle(file: Path) -> bool:
    """Whether a whole file reads as a pickle of protocol 0 or 1."""
    content = file.read_bytes()
    try:
        end = [place for _, _, place in pickletools.genops(content)][-1]
    except Exception:
        return False
    return end == len(content.rstrip()) - 1 and len(content) > 1


def _is_plain_numpy(file: Path) -> bool:
    """Whether numpy reads a file without unpickling."""
    try:
        found = np.load(file, allow_pickle=False)
        for name in getattr(found, "files", ()):
            found[name]
    except ValueError:
        return False
    return True
