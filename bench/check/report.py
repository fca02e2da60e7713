"""``bench check``: a table of methods against checks, then every failure in a sentence."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.check.outcome import Outcome, Verdict
from bench.check.run import CHECKS, MethodChecks
from bench.check.threads import one_thread
from bench.errors import InputError
from bench.plan.grid import check_settings
from bench.registry import Registry, missing_packages
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.method import Method
    from bench.plan.grid import Settings

WORST_FIRST = (Verdict.FAILED, Verdict.EXEMPT, Verdict.PASSED, Verdict.NOT_APPLICABLE)


def check_methods(names: Sequence[str], settings: Settings, *, everything: bool) -> bool:
    """Check methods and print what was found; True if nothing failed.

    Args:
        names: of methods, compositions, or ``FILE.py:Class``.
        settings: values of their hyper-parameters.
        everything: all built-in methods and those of installed packages, besides.

    Raises:
        InputError: there is no such method or parameter.
    """
    methods = _methods(names, everything=everything)
    check_settings(methods, settings)
    found: dict[str, list[Outcome]] = {}
    with one_thread(), tempfile.TemporaryDirectory(prefix="treeline-check-") as folder:
        for number, method in enumerate(methods, start=1):
            begin = time.perf_counter()
            with _into(Path(folder) / "output"):
                outcomes = _outcomes(method, settings, Path(folder))
            found[method.name] = outcomes
            seconds = time.perf_counter() - begin
            say(f"[{number}/{len(methods)}] {method.name}: {_summary(outcomes)} ({seconds:.1f} s)")
    say()
    say_table(*(_of_one if len(found) == 1 else _of_several)(found))
    _say_reasons(found)
    return not any(outcome.verdict is Verdict.FAILED for row in found.values() for outcome in row)


def _methods(names: Sequence[str], *, everything: bool) -> list[type[Method]]:
    """The classes that were asked for, each once."""
    plugins = [name for name in names if ":" in name]
    registry = Registry(plugins)
    wanted = registry.names() if everything else []
    wanted += [name for name in names if ":" not in name] + registry.plugin_names()
    if not wanted:
        raise InputError("name a method, as METHOD or FILE.py:Class, or take --all")
    return [registry.resolve(name) for name in dict.fromkeys(map(registry.canonical, wanted))]


def _outcomes(method: type[Method], settings: Settings, folder: Path) -> list[Outcome]:
    missing = missing_packages(method)
    if missing:
        reason = f"needs {', '.join(missing)}; pip install {' '.join(missing)}"
        return [Outcome(check, "", Verdict.NOT_APPLICABLE, reason) for check in CHECKS]
    return list(MethodChecks(method, settings, folder).outcomes())


@contextlib.contextmanager
def _into(file: Path) -> Iterator[None]:
    """Send what libraries print to a file: it would tear the table apart."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    with file.open("ab") as output:
        try:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), kept, strict=True):
                os.dup2(original, descriptor)
                os.close(original)


def _verdict(outcomes: Sequence[Outcome]) -> Verdict:
    """One verdict for a check over the tasks: the worst, and what applied before what did not."""
    verdicts = {outcome.verdict for outcome in outcomes}
    return next(verdict for verdict in WORST_FIRST if verdict in verdicts)


def _by_check(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    return {name: [each for each in outcomes if each.check == name] for name in CHECKS}


def _summary(outcomes: Sequence[Outcome]) -> str:
    verdicts = [_verdict(group) for group in _by_check(outcomes).values()]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _of_one(found: dict[str, list[Outcome]]) -> tuple[list[str], list[list[str]]]:
    """A row for each check of the only method."""
    ((name, outcomes),) = found.items()
    header = ["check", name]
    return header, [[check, _verdict(group)] for check, group in _by_check(outcomes).items()]


def _of_several(found: dict[str, list[Outcome]]) -> tuple[list[str], list[list[str]]]:
    """A row for each method; checks are numbered, or the table would be too wide."""
    say("\n".join(f"{number:2}  {name}" for number, name in enumerate(CHECKS, start=1)) + "\n")
    rows = [
        [name, *(_verdict(group) for group in _by_check(outcomes).values())]
        for name, outcomes in found.items()
    ]
    return ["method", *map(str, range(1, len(CHECKS) + 1))], rows


def _say_reasons(found: dict[str, list[Outcome]]) -> None:
    """Why checks were left out, and what failed."""
    for verdict, title in (
        (Verdict.NOT_APPLICABLE, "Not applicable"),
        (Verdict.EXEMPT, "Exempt"),
        (Verdict.FAILED, "Failed"),
    ):
        lines = [
            f"  {name} · {check}: {text}"
            for name, outcomes in found.items()
            for check, group in _by_check(outcomes).items()
            if _verdict(group) is verdict
            for text in _reasons(group, verdict)
        ]
        if lines and (verdict is not Verdict.NOT_APPLICABLE or len(found) == 1):
            say("\n".join(["", title, *lines]))


def _reasons(outcomes: Sequence[Outcome], verdict: Verdict) -> list[str]:
    """Each reason once, with the tasks that it was found on."""
    tasks: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.verdict is verdict:
            tasks.setdefault(outcome.reason, []).append(outcome.task)
    everywhere = len(outcomes)
    return [
        reason if len(on) == everywhere else f"on {', '.join(on)}: {reason}"
        for reason, on in tasks.items()
    ]
