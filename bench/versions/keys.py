"""Keys of cells and of fitted states, and the code in them: versions, or hashes of contents.

``methods/versions.json`` pairs each stated version with a hash of the code that gave its results.
Where code and lock differ, the hash of the code stands beside the version: what is tried out in
``methods/`` is measured anew, and is current again once ``bench lock`` has taken it in.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from bench.errors import InputError
from bench.system.records import problem_of
from bench.versions.source_code import BUILT_IN, HARNESS
from bench.versions.sources import folder_of, hash_of, hash_of_class, reachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.method.contract import Method

LOCK = "versions.json"
"""In the folder of the built-in methods."""
DIGITS = 16
"""Digits kept of each hash: enough to tell the versions of a file."""
_LOCK = TypeAdapter(dict[str, str])
_HASHED = re.compile(rf" [0-9a-f]{{{DIGITS}}}$")


def code_of(method: type[Method]) -> list[str]:
    """What the results of a method depend on, of each class that it is made of or inherits from.

    Returns:
        Sorted texts: the version that a built-in class states; name and hash of another.
    """
    return _sorted(text for part in (method, *method.parts()) for text in _texts(part))


def code_of_fit(method: type[Method], parts: Iterable[type]) -> list[str]:
    """What a fitted state depends on.

    Args:
        method: the class that fits; where it is no built-in, it may fit in a way of its own.
        parts: the classes that the identity of its fit names.
    """
    own = (_content(each) for each in method.__mro__ if not _is_built_in(each))
    return _sorted((*own, *(text for part in parts for text in _texts(part))))


def built_ins(method: type[Method]) -> Iterator[type]:
    """The built-in classes that a method is made of or inherits from and whose code is locked.

    These are the classes that state a version, and those that should.
    """
    for part in (method, *method.parts()):
        yield from _locked_classes(part)


def stated(built_in: type) -> str:
    """The version that a class itself states, or an empty text."""
    return str(vars(built_in).get("version", ""))


@cache
def code_hash(built_in: type) -> str:
    """Hash of the code that gives the results of a built-in class, as it was when first asked."""
    return hash_of(reachable(built_in.__module__))[:DIGITS]


@cache
def locked() -> dict[str, str]:
    """The hash of the code behind each version, as the lock has it.

    Raises:
        InputError: the lock is missing or damaged.
    """
    # The package is not imported: who looks at results need not have what its methods need.
    path = folder_of(BUILT_IN) / LOCK
    try:
        return _LOCK.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        problem = problem_of(error) if isinstance(error, ValidationError) else error
        raise InputError(
            f"{path}, the lock of the versions of built-in methods, cannot be read ({problem}); "
            f"take the file back: git checkout {path}, or install the package again"
        ) from error


def is_earlier(code: Sequence[str]) -> bool:
    """Whether results are of a version that no built-in states any more, or of before versions.

    The content of other code is not judged: it may not be here.
    """
    return not code or any(map(_is_stated_no_more, code))


def _is_stated_no_more(text: str) -> bool:
    """Whether the lock has another version, or other code under it than was run."""
    if not _HASHED.search(text):
        return text not in locked()
    name, _, code = text.rpartition(" ")
    return " " in name and locked().get(name) != code  # a version has a blank, a class has none


def _texts(part: type) -> Iterator[str]:
    """What the results of a class depend on, in the whole of its inheritance."""
    for each in _locked_classes(part):
        version, now = stated(each), code_hash(each)
        yield version if locked().get(version) == now else f"{version or each.__qualname__} {now}"
    yield from (_content(each) for each in part.__mro__ if not _is_built_in(each))


def _locked_classes(part: type) -> list[type]:
    """The built-in classes in the inheritance that state a version or should.

    A base that states none is covered by what inherits from it; so is a class of the same file.
    """
    classes = [each for each in part.__mro__ if _is_built_in(each)]
    first = next((n for n, each in enumerate(classes) if stated(each)), min(1, len(classes)))
    covered = {each.__module__ for each in classes[first:] if stated(each)}
    new = [each for each in classes[:first] if each.__module__ not in covered]
    return [*new, *(each for each in classes if stated(each))]


def _content(found: type) -> str:
    """Name and hash of a class that is no built-in; empty for one of the harness or of Python."""
    if found.__module__.partition(".")[0] in HARNESS:
        return ""
    code = hash_of_class(found)
    return f"{found.__qualname__} {code[:DIGITS]}" if code else ""


def _is_built_in(found: type) -> bool:
    return found.__module__.partition(".")[0] == BUILT_IN


def _sorted(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts) - {""})


def canonical(value: Any) -> str:  # noqa: ANN401
    """JSON with sorted keys and nothing lost: equal values and no others give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:  # noqa: ANN401
    """The first 24 hexadecimal digits of the sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:24]


def cell_key(task_digest: str, method: Method, seed: int, depth: int) -> str:
    """Key of a cell: task, method, every hyper-parameter, seed, depth of the ranking, code."""
    # The identity of the fit may hold more than the parameters: a digest of files they name.
    params = [method.values, dict(method.fit_identity().params)]
    return digest([task_digest, method.name, params, seed, depth, code_of(type(method))])


def fit_key(task_digest: str, method: Method, seed: int) -> str:
    """Key of a fitted state; rows that differ by index alone share it."""
    name, params, parts = method.fit_identity()
    return digest([task_digest, name, dict(params), seed, code_of_fit(type(method), parts)])
