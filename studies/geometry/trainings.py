"""All trainings of the study in one table; those in it are not measured again."""

from __future__ import annotations

import csv
import io
import os
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from math import isnan
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.system.device import gpu_used
from bench.system.files import write_atomically
from bench.system.provenance import provenance
from bench.system.terminal import count_bar
from studies.geometry.trial import Trial, TrialResult, key_of, measure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = "trainings.csv"
COLUMNS = (
    "dataset", "method", "settings", "seed", "recall", "by_distance", "margin", "fit_s", "commit",
    "cpu", "key",
)  # fmt: skip


class _Line(NamedTuple):
    """A result with its origin: the processor, and the GPU where there was one."""

    result: TrialResult
    commit: str
    cpu: str
    key: str


class TrainingTable:
    """The trainings of a folder, and the processes that add to them.

    Attributes:
        asked: the trainings that were asked for, in order.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        """Read the table of the folder.

        Args:
            folder: the folder of the study.
            jobs: number of trainings at once, each on one thread.

        Raises:
            InputError: the file is not a table of this study.
        """
        self._path = folder / NAME
        self._fits = folder / ".work" / "fits"
        self._jobs = jobs
        self._lines = _read(self._path) if self._path.exists() else {}
        self.asked: dict[Trial, None] = {}
        origin = provenance(1)
        self._commit = origin.commit
        self._cpu = str(origin.machine["cpu"])

    def of(self, trials: Iterable[Trial]) -> dict[Trial, TrialResult]:
        """The results of trainings; missing ones are measured and kept.

        Raises:
            InputError: a training cannot be done; the others are kept.
        """
        wanted = {trial: key_of(trial) for trial in trials}
        self.asked |= dict.fromkeys(wanted)
        missing = [
            trial
            for trial, key in wanted.items()
            if trial not in self._lines or self._lines[trial].key != key
        ]
        if missing:
            self._measure(missing, wanted)
        return {trial: self._lines[trial].result for trial in wanted}

    def places(self) -> list[str]:
        """Machines and commits that the trainings asked for were done on, each once."""
        found: dict[str, set[str]] = {}
        for line in (self._lines[trial] for trial in self.asked):
            found.setdefault(line.cpu, set()).add(f"`{line.commit}`")
        return [f"{cpu} (commit {', '.join(sorted(commits))})" for cpu, commits in found.items()]

    def _measure(self, missing: list[Trial], keys: dict[Trial, str]) -> None:
        self._fits.mkdir(parents=True, exist_ok=True)
        # A fork would inherit the threads of libraries in a state that they do not expect.
        workers = ProcessPoolExecutor(
            min(self._jobs, len(missing)), get_context("spawn"), initializer=_begin
        )
        try:
            running = {
                workers.submit(partial(_measured, trial, self._fits)): trial for trial in missing
            }
            with count_bar("trainings", len(missing)) as advance:
                for future in as_completed(running):
                    trial = running[future]
                    try:
                        result, gpu = future.result()
                    except InputError as error:
                        what = " ".join((trial.method, *trial.settings))
                        raise InputError(f"{what} on {trial.dataset}: {error}") from error
                    except BrokenProcessPool:
                        raise InputError(
                            "a process of trainings was killed, by hand or for want of memory; the "
                            "same command goes on, with fewer --jobs if it was memory"
                        ) from None
                    machine = ", ".join(filter(None, (self._cpu, gpu)))
                    self._lines[trial] = _Line(result, self._commit, machine, keys[trial])
                    self._write()  # at once: a study that is killed goes on from there
                    advance(1)
        finally:
            workers.shutdown(cancel_futures=True)

    def _write(self) -> None:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        for trial, line in sorted(self._lines.items()):
            result = line.result
            table.writerow(
                [
                    trial.dataset,
                    trial.method,
                    " ".join(trial.settings),
                    trial.seed,
                    f"{result.recall:.6f}",
                    " ".join(f"{recall:.6f}" for recall in result.by_distance),
                    "" if result.margin is None else f"{result.margin:.3g}",
                    f"{result.fit_s:.2f}",
                    line.commit,
                    line.cpu,
                    line.key,
                ]
            )
        write_atomically(self._path, text.getvalue())


def _measured(trial: Trial, fits: Path) -> tuple[TrialResult, str | None]:
    """A result, and the GPU that this process trained on, if any."""
    return measure(trial, fits), gpu_used()


def _begin() -> None:
    """Prepare a process of trainings, before torch is imported."""
    os.environ["OMP_NUM_THREADS"] = "1"  # steps of this size are slower on several
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End with the parent: a process whose parent was killed would wait for work forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(path: Path) -> dict[Trial, _Line]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        return dict(map(_parsed, lines))
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(
            f"{path} is not a table of trainings ({error}); move it away and they are done again"
        ) from error


def _parsed(line: dict[str, str]) -> tuple[Trial, _Line]:
    settings = tuple(line["settings"].split())
    trial = Trial(line["dataset"], line["method"], settings, int(line["seed"]))
    by_distance = tuple(map(float, line["by_distance"].split()))
    margin = float(line["margin"]) if line["margin"] else None
    result = TrialResult(float(line["recall"]), by_distance, margin, float(line["fit_s"]))
    shares = (result.recall, *by_distance)
    are_shares = by_distance and all(0 <= share <= 1 for share in shares)
    if not are_shares or not result.fit_s >= 0 or isnan(margin or 0):
        raise ValueError(f"no recall, margin or time: {trial.method} on {trial.dataset}")
    return trial, _Line(result, line["commit"], line["cpu"], line["key"])
