"""What a method writes to be searched without the harness, and the Python that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.types import Floats


class Code(NamedTuple):
    """Lines of Python that read files of the folder ``HERE``, with numpy as ``np``.

    Attributes:
        text: definitions of ``encode``, of ``search``, or of both. ``encode(queries)`` gives the
            vectors [n, dim] of texts, or of names where there are no texts; ``search(vectors, k)``
            gives the numbers [n, at most k] of documents, best first, -1 where there are fewer.
        imports: import statements of the text, one each.
        packages: packages that these come from, by their names on PyPI.
    """

    text: str
    imports: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class Exported(NamedTuple):
    """An export.

    Attributes:
        codes: the lines that encode queries, and those that search.
        vectors: [n, dim] the method's own vectors of the queries that it was given.
    """

    codes: tuple[Code, ...]
    vectors: Floats
