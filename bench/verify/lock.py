"""``bench lock``: take the code of built-in methods into the lock, as new versions or as the same.

A version that was raised is taken in as it is. Code that changed under its version is run before
and after on two small tasks, and taken in where every query got the same ids.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.check.subject import lowered_params
from bench.check.tasks import TOPICS
from bench.errors import InputError
from bench.registry import Registry
from bench.store.folder import RUN
from bench.store.run_file import read_run
from bench.system.files import write_atomically
from bench.system.paths import CHECKOUT
from bench.system.terminal import say
from bench.versions.keys import LOCK, built_ins, code_hash, locked, stated
from bench.versions.source_code import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.method import Method

TREE = "tree:H=4,W=3"
VERSION = re.compile(r"([A-Za-z0-9._+-]+) ([0-9]+)")


class Changes(NamedTuple):
    """Where the built-ins are not as the lock has them.

    Attributes:
        now: the hash of the code behind each version.
        raised: versions that the lock does not have.
        changed: versions whose code differs from the lock's.
        gone: versions that nothing states any more.
        unstated: names of classes that state no version.
    """

    now: dict[str, str]
    raised: list[str]
    changed: list[str]
    gone: list[str]
    unstated: list[str]


def changes() -> Changes:
    """Compare the code of all built-in methods with the lock.

    Raises:
        InputError: a version has another form, or two classes of different files state the same.
    """
    classes = {each for method in _compositions(Registry()) for each in built_ins(method)}
    stating: dict[str, type] = {}
    for each in sorted(classes, key=lambda each: each.__qualname__):
        version = stated(each)
        if version and not VERSION.fullmatch(version):
            raise InputError(
                f"{each.__qualname__} states the version {version!r}; a version is a name and a "
                'number, such as "masked-de 2"'
            )
        other = stating.setdefault(version, each).__module__
        if version and other != each.__module__:
            raise InputError(
                f"{each.__qualname__} of {each.__module__} states {version!r}, as a class of "
                f"{other} does; a version is stated once"
            )
    was, now = locked(), {version: code_hash(stating[version]) for version in sorted(stating)}
    now.pop("", None)
    return Changes(
        now,
        raised=[version for version in now if version not in was],
        changed=[version for version in now if was.get(version, now[version]) != now[version]],
        gone=[version for version in was if version not in now],
        unstated=sorted(each.__qualname__ for each in classes if not stated(each)),
    )


def lock(before: str, *, same: bool) -> None:
    """Write the lock anew.

    Args:
        before: the commit whose results count for code that changed under its version.
        same: take the word for it that they are the same, and run nothing.

    Raises:
        InputError: results differ, or a built-in states no version; the lock stays as it is.
    """
    found = changes()
    if found.unstated:
        raise InputError(
            f"{', '.join(found.unstated)}: a built-in states a version; write its name and a "
            'number into the class: version: ClassVar[str] = "NAME 1"'
        )
    for version in found.raised:
        name, number = VERSION.fullmatch(version).groups()  # type: ignore[union-attr]
        older = [each for each in found.gone if each.rpartition(" ")[0] == name]
        if any(int(number) <= int(each.rpartition(" ")[2]) for each in older):
            raise InputError(
                f"{version!r} takes the place of {older[0]!r}: a number only ever goes up, as "
                "cells of the earlier one may still be stored"
            )
    if found.changed and not same:
        _compare(found.changed, before)
    for version in found.raised:
        say(f"{version}: new; cells are measured with it when they are next asked for")
    for version in found.changed:
        say(f"{version}: other code, same results; its cells are kept")
    for version in found.gone:
        say(f"{version}: gone; its cells are of an earlier version")
    if not (found.raised or found.changed or found.gone):
        say("Nothing changed.")
    write_atomically(CHECKOUT / BUILT_IN / LOCK, json.dumps(found.now, indent=1) + "\n")
    locked.cache_clear()


def _compositions(registry: Registry) -> Iterator[type[Method]]:
    """Every built-in method, trainer and index."""
    trainers, indexes = registry.built_in_parts()
    names = [*registry.built_ins(), *(f"{name}+exact" for name in trainers)]
    names += [f"standard-de+{name}" for name in indexes]
    for name in dict.fromkeys(map(registry.canonical, names)):
        try:
            yield registry.resolve(name)
        except InputError:  # an index that searches a learned tree alone
            continue


def _compare(changed: list[str], before: str) -> None:
    """Raise InputError for versions whose results before and after differ."""
    registry = Registry()
    methods = {
        next(
            each.name for each in _compositions(registry) if version in map(stated, built_ins(each))
        )
        for version in changed
    }
    say(f"Running {', '.join(sorted(methods))} as of {before} and as of now")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write_texts(folder / "texts")
        tree = folder / "before"
        _git("worktree", "add", "--detach", "--quiet", str(tree), before)
        try:
            old = _rankings(tree, methods, folder)
        finally:
            _git("worktree", "remove", "--force", str(tree))
        new = _rankings(CHECKOUT, methods, folder)
    absent = methods - {name.partition(" of ")[0] for name in new}
    if absent:
        raise InputError(
            f"{', '.join(sorted(absent))}: ran on neither of the two small tasks; install the "
            "packages that `python -m bench list` says are missing, or give --same if you are sure"
        )
    differing = [name for name in sorted(old | new) if old.get(name) != new.get(name)]
    if differing:
        raise InputError(
            f"results are not those of {before}: {'; '.join(differing)}. Raise the version that "
            f"the class states ({', '.join(changed)}) and run `python -m bench lock` again"
        )


def _rankings(tree: Path, methods: set[str], folder: Path) -> dict[str, list[list[list[int]]]]:
    """The ids at each operating point of each cell, by method and task, that a checkout gives."""
    registry, own = Registry(), folder / ("of-now" if tree == CHECKOUT else "of-before")
    command = [sys.executable, "run_bench.py", "--methods", ",".join(sorted(methods))]
    command += ["--dataset", TREE, "--dataset", f"beir:{folder / 'texts'}", "--out", str(own)]
    for name in sorted(methods):
        method = registry.resolve(name)
        for param, value in lowered_params(method, method.params).items():
            command += ["--set", f"{name}.{param}={value}"]
    # The cache is not shared: embeddings of the code before would be read by that of now.
    environment = {**os.environ, "PYTHONPATH": str(tree), "TREELINE_CACHE": f"{own}-cache"}
    ended = subprocess.run(  # noqa: S603 - this checkout's own command
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    found = {
        f"{path.parts[-3]} of {path.parts[-4]}": [point.ids.tolist() for point in read_run(path)]
        for path in own.glob(f"runs/*/*/*/{RUN}")
    }
    if ended.returncode or not found:
        raise InputError(f"{tree}: {' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
    return found


def _write_texts(folder: Path) -> None:
    """A small text task in BEIR's form: documents about a topic, and others that mention it."""
    documents = [text for each in TOPICS for text in (f"All about the {each}.", f"{each}, music")]
    (folder / "qrels").mkdir(parents=True)
    for name, texts in (
        ("corpus", documents),
        ("queries", [f"what is a {each}?" for each in TOPICS]),
    ):
        lines = [json.dumps({"_id": f"{name[0]}{i}", "text": text}) for i, text in enumerate(texts)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for split, queries in (("train", range(8)), ("test", range(8, 12))):
        pairs = [f"q{query}\tc{2 * query + i}\t1" for query in queries for i in (0, 1)]
        text = "\n".join(["query-id\tcorpus-id\tscore", *pairs]) + "\n"
        (folder / "qrels" / f"{split}.tsv").write_text(text, encoding="utf-8")


def _git(*arguments: str) -> None:
    command = ["git", *arguments]
    ended = subprocess.run(  # noqa: S603
        command, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise InputError(f"{' '.join(command)}: {ended.stderr.strip()}")
