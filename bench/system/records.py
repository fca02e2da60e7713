"""Records as compact JSON that contains its own checksum: written whole, verified when read.

Lists of records are columns in JSON, so that each name is written once. Figures are rounded.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationError,
    WrapSerializer,
)
from pydantic_core import PydanticSerializationError

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SHA256 = re.compile(rb'"sha256":\s*"([0-9a-f]{64})"')


class Record(BaseModel):
    """Strict: an unknown field in a file is an error, and no figure is infinite or NaN."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants", populate_by_name=True
    )


class NotWholeError(InputError):
    """A stored file is not as it was written."""


def added() -> Any:  # noqa: ANN401 - as pydantic's Field
    """A field that older files lack: it is left out where it is None, and they stay as they are."""
    return Field(default=None, exclude_if=lambda value: value is None)


def _with_digits(digits: int) -> PlainSerializer:
    return PlainSerializer(lambda value: float(f"{value:.{digits}g}"), when_used="json")


Figure = Annotated[float, _with_digits(8)]
"""A measured figure: one pair in ten million more or less still shows."""
End = Annotated[float, _with_digits(5)]
"""An end of an interval, with fewer digits, as it is less certain."""
Amount = Annotated[float, _with_digits(4)]
"""Seconds, megabytes, and other amounts that differ in each measurement."""
ROUNDED = 1e-6
"""A sum of floats may pass the end of a range by so much."""
_FROM_0_TO_1 = Field(ge=-ROUNDED, le=1 + ROUNDED)
Share = Annotated[Figure, _FROM_0_TO_1]
"""A figure from 0 to 1; a record with any other is refused."""
ShareEnd = Annotated[End, _FROM_0_TO_1]
"""An end of an interval of shares."""
Text = Annotated[str, PlainSerializer(lambda text: text.encode(errors="backslashreplace").decode())]
"""Text of a method; characters that no file can hold are escaped."""


def _columns(rows: Sequence[Any], handler: SerializerFunctionWrapHandler) -> Any:  # noqa: ANN401
    return transposed(handler(rows))


def transposed(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One column for each name, if all rows have the same names; nested rows likewise."""
    found: dict[str, Any] = {}
    for name in rows[0] if rows else ():
        column = [row[name] for row in rows]
        alike = all(isinstance(each, dict) and each.keys() == column[0].keys() for each in column)
        found[name] = transposed(column) if alike and column[0] else column
    return found


def rows_from_columns(columns: Any) -> Any:  # noqa: ANN401
    """The rows that ``transposed`` made columns of; any other value as it is."""
    if not isinstance(columns, dict):
        return columns
    plain = {name: rows_from_columns(column) for name, column in columns.items()}
    try:
        return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"columns of unequal length: {', '.join(columns)}") from error


T = TypeVar("T")
Columns = Annotated[
    list[T], BeforeValidator(rows_from_columns), WrapSerializer(_columns, when_used="json")
]
"""A list of records that is columns in JSON."""

R = TypeVar("R", bound=Record)


def to_json(record: Record) -> str:
    """The text of a record with a field ``sha256``, including its own checksum.

    Raises:
        InputError: it holds a value that a text cannot hold, or reads back differently.
    """
    unsigned = _dumped(record.model_copy(update={"sha256": None}))
    digest = hashlib.sha256(unsigned.encode()).hexdigest()
    text = _dumped(record.model_copy(update={"sha256": digest}))
    try:
        type(record).model_validate_json(text)
    except ValidationError as error:
        raise InputError(f"what was measured cannot be stored: {problem_of(error)}") from error
    return text


def read_record(path: Path, kind: type[R]) -> R:
    """The record in a file, verified by its checksum.

    Raises:
        FileNotFoundError: there is no such file.
        NotWholeError: it cannot be read, is cut short, was changed, or has another form.
    """
    try:
        if os.path.lexists(path) and not path.is_file():
            raise NotWholeError(f"{path}: is no file")
        content = path.read_bytes()
        record = kind.model_validate_json(content)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotWholeError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise NotWholeError(f"{path}: is not as it was stored: {problem_of(error)}") from error
    named = list(_SHA256.finditer(content))
    if not named:
        raise NotWholeError(f"{path}: is not as it was stored: it has no sha256 of its own")
    begin, end = named[-1].span(1)
    unsigned = content[: begin - 1] + b"null" + content[end + 1 :]
    if hashlib.sha256(unsigned).hexdigest().encode() != named[-1].group(1):
        raise NotWholeError(f"{path}: is not as it was stored: its sha256 does not hold")
    return record


def problem_of(error: ValidationError) -> str:
    """The first problem of a record, in one line."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return " ".join(f"{place} {first['msg']}".split())


def _dumped(record: Record) -> str:
    try:
        return record.model_dump_json(by_alias=True) + "\n"
    except PydanticSerializationError as error:
        raise InputError(f"what was measured is no text that JSON can hold: {error}") from error
