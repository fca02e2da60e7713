"""``bench check``: a table of methods against checks, then every failure in a sentence."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.check.apart import results_apart
from bench.check.run import CHECKS, CheckResult, CheckStatus, MethodChecks
from bench.errors import InputError, lacks_packages
from bench.plan.grid import check_settings
from bench.registry import Registry
from bench.system.terminal import say, say_table
from bench.system.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.method import Method
    from bench.plan.grid import Settings

ByCheck: TypeAlias = dict[str, list[CheckResult]]
"""The results of each check of a method, one for each task."""
LIBRARIES = ("faiss", "sentence_transformers")
"""What built-in methods spend most time importing, if it is installed."""
WORST_FIRST = (
    CheckStatus.FAILED,
    CheckStatus.EXEMPT,
    CheckStatus.PASSED,
    CheckStatus.NOT_APPLICABLE,
)


def check_methods(
    names: Sequence[str], settings: Settings, *, everything: bool, timeout_s: float
) -> bool:
    """Check methods, each in a process of its own, and print the results; True if nothing failed.

    Args:
        names: names of methods or compositions, or ``FILE.py:Class``.
        settings: values of their hyper-parameters.
        everything: whether to check all built-in methods and those of installed packages too.
        timeout_s: seconds that the checks of a method may take.

    Raises:
        InputError: there is no such method or parameter.
    """
    methods = _methods(names, everything=everything)
    check_settings(methods, settings)
    found: dict[str, ByCheck] = {}
    if len(methods) > 1:
        _load_libraries()
    with one_thread(), tempfile.TemporaryDirectory(prefix="treeline-check-") as folder:
        for number, method in enumerate(methods, start=1):
            begin = time.perf_counter()
            with _into(Path(folder) / "output"):
                results = _checked(method, settings, Path(folder), timeout_s)
            by_check: ByCheck = {check: [] for check in CHECKS}
            for result in results:
                by_check[result.check].append(result)
            found[method.name] = by_check
            statuses = Counter(map(_status, by_check.values()))
            summary = ", ".join(f"{count} {status}" for status, count in statuses.items())
            seconds = time.perf_counter() - begin
            say(f"[{number}/{len(methods)}] {method.name}: {summary} ({seconds:.1f} s)")
    say()
    say_table(*(_of_one if len(found) == 1 else _of_several)(found))
    _print_reasons(found)
    statuses = Counter(_status(each) for by_check in found.values() for each in by_check.values())
    return not statuses[CheckStatus.FAILED]


def _methods(names: Sequence[str], *, everything: bool) -> list[type[Method]]:
    """The classes that were asked for, each once."""
    plugins = [name for name in names if ":" in name]
    registry = Registry(plugins)
    wanted = registry.names() if everything else []
    wanted += [name for name in names if ":" not in name]
    wanted += registry.plugin_names(wanted)
    if not wanted:
        raise InputError("name a method, as METHOD or FILE.py:Class, or take --all")
    return [registry.resolve(name) for name in dict.fromkeys(map(registry.canonical, wanted))]


def _load_libraries() -> None:
    """Import what takes long, so that the process of each method need not."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name):
            importlib.import_module(name)


def _checked(
    method: type[Method], settings: Settings, folder: Path, timeout_s: float
) -> list[CheckResult]:
    reason = lacks_packages(method.requires)
    if reason:
        status = CheckStatus.NOT_APPLICABLE
        return [CheckResult(check, "", status, reason) for check in CHECKS]
    return results_apart(MethodChecks(method, settings, folder), folder, timeout_s)


@contextlib.contextmanager
def _into(file: Path) -> Iterator[None]:
    """Send the output of libraries to a file: it would break the table."""
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


def _status(results: Sequence[CheckResult]) -> CheckStatus:
    """One status for a check over the tasks: the worst one; if it applied anywhere, it applies."""
    return min((result.status for result in results), key=WORST_FIRST.index)


def _of_one(found: dict[str, ByCheck]) -> tuple[list[str], list[list[str]]]:
    """A row for each check of a single method."""
    ((name, by_check),) = found.items()
    return ["check", name], [[check, _status(results)] for check, results in by_check.items()]


def _of_several(found: dict[str, ByCheck]) -> tuple[list[str], list[list[str]]]:
    """A row for each method; columns are numbered, or the table would be too wide."""
    say("\n".join(f"{number:2}  {name}" for number, name in enumerate(CHECKS, start=1)) + "\n")
    rows = [[name, *map(_status, by_check.values())] for name, by_check in found.items()]
    return ["method", *map(str, range(1, len(CHECKS) + 1))], rows


def _print_reasons(found: dict[str, ByCheck]) -> None:
    """Print why checks were left out, and what failed."""
    for status, title in (
        (CheckStatus.NOT_APPLICABLE, "Not applicable"),
        (CheckStatus.EXEMPT, "Exempt"),
        (CheckStatus.FAILED, "Failed"),
    ):
        lines = [
            f"  {name} · {check}: {text}"
            for name, by_check in found.items()
            for check, results in by_check.items()
            if _status(results) is status
            for text in _reasons(results, status)
        ]
        if lines and (status is not CheckStatus.NOT_APPLICABLE or len(found) == 1):
            say("\n".join(["", title, *lines]))


def _reasons(results: Sequence[CheckResult], status: CheckStatus) -> list[str]:
    """Each reason once, with the tasks that it was found on."""
    tasks: dict[str, list[str]] = {}
    for result in results:
        if result.status is status:
            tasks.setdefault(result.reason, []).append(result.task)
    everywhere = len(results)
    return [
        reason if len(on) == everywhere else f"on {', '.join(on)}: {reason}"
        for reason, on in tasks.items()
    ]
