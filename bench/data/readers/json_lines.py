"""Lines of JSON one at a time: slow, and able to say which line is wrong and how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Where = Callable[[int], str]
    """Names the file and the line, for errors; takes the place of a line in its block."""


class Columns(NamedTuple):
    """Which fields of an object are read.

    Attributes:
        id: its name; a string, or a whole number.
        text: its text; must be there, may be empty.
        title: put before the text if it is there, or None where no field is.
    """

    id: str = "_id"
    text: str = "text"
    title: str | None = "title"


def parse_lines(
    lines: Iterable[bytes], columns: Columns, where: Where
) -> tuple[pa.Array, pa.Array]:
    """Names and texts of lines of JSON; blank lines are passed over.

    Raises:
        InputError: a line is not a JSON object in UTF-8, or a field is missing or not a string.
    """
    names, texts = [], []
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        fields = parse_object(line, place, where)
        names.append(_name(fields, columns.id, where, place))
        text = _string(fields, columns.text, where, place)
        title = _string(fields, columns.title, where, place, missing="") if columns.title else ""
        texts.append(f"{title} {text}".strip())
    return pa.array(names, pa.large_string()), pa.array(texts, pa.large_string())


def parse_object(line: bytes, place: int, where: Where) -> dict[str, Any]:
    """The JSON object of one line.

    Raises:
        InputError: it is none, or is not in UTF-8.
    """
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where(place)} is not UTF-8: {error.reason} at byte {error.start + 1} of the line"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where(place)} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{where(place)} must be a JSON object {{…}}, it is {_shown(value)}")
    if b"\\ud" in line or b"\\uD" in line:
        _require_text(value, place, where)
    return value


def _require_text(value: object, place: int, where: Where) -> None:
    """Refuse an escape such as backslash ud800 that stands alone: it cannot be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where(place)} has half of a surrogate pair ({error.object[error.start]!a}), which "
            "is no text"
        ) from error


def _name(fields: dict[str, Any], field: str, where: Where, place: int) -> str:
    if type(fields.get(field)) is int:  # as BEIR files in the wild have them; True is no id
        return str(fields[field])
    return _string(fields, field, where, place)


def _string(
    fields: dict[str, Any], field: str, where: Where, place: int, missing: str | None = None
) -> str:
    value = fields.get(field)
    if value is None and missing is not None:
        return missing
    if not isinstance(value, str):
        lack = "is missing" if value is None else f"is {_shown(value)}"
        raise InputError(f'{where(place)}: the field "{field}" {lack}; it must be a string')
    return value


def _shown(value: object) -> str:
    return json.dumps(value)[:60]
