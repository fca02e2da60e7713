"""Pairs trained on in a second, and seconds until a quality is reached, against plain PyTorch.

`masked-de` and `standard-de` with the settings of the dataset's card, beside the same loss over
the same batches in PyTorch as one writes it first: `nn.Embedding` with dense gradients, automatic
differentiation, `torch.optim.Adam` at a rate of its own. A pair is a query with one of its relevant
documents; a step has `batch` queries with all of theirs, and steps times the mean number of pairs
in a batch are counted. Drawing batches is part of a step, making the tables is not.

Time to quality is the training time of the shortest schedule, of those listed, that ends at or
above the stated overall recall@|S| on a fixed sample of queries: for ours and for the peer alike,
each of which may need another one. The peer is stopped at a cap. Evaluation is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.preparation import method_named, prepare
from bench.method import Workspace
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, Spread, alternate, faster, in_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.method import Method
    from bench.task import Queries, Task
    from bench.task.judgements import Judgements
    from bench.types import Ints

AIM, TIME_AIM = 10, 5


class Quality(NamedTuple):
    """The quality that a method should reach.

    Attributes:
        recall: overall recall, as a fraction.
        schedules: numbers of steps to try, ascending; each is a whole training.
        cap_s: seconds that the peer has for each.
    """

    recall: float
    schedules: tuple[int, ...]
    cap_s: float


QUALITIES = {
    "masked-de": Quality(0.95, (500, 550, 600, 700, 1000, 1400, 2000), 200),
    "standard-de": Quality(0.55, (10_000, 15_000, 20_000), 500),
}


def measure(
    data_dir: Path | None,
    *,
    dataset: str = "wordnet",
    steps: int = 200,
    plain_steps: int = 10,
    repeats: int = 5,
    sample: int = 2000,
    qualities: Mapping[str, Quality] = QUALITIES,
) -> Findings:
    """Train both methods and their peers.

    Args:
        data_dir: the folder that is searched for data first.
        dataset: the dataset that is trained on.
        steps: the number of steps of ours in a round.
        plain_steps: the number of steps of the peer in a round.
        repeats: the number of rounds.
        sample: the number of queries that quality is measured on.
        qualities: the methods, each with the quality to reach.

    Raises:
        InputError: one of ours does not reach its quality with any of its schedules.
    """
    task = load_dataset(dataset, data_dir)
    rows = []
    for name, quality in qualities.items():
        trainers = Trainers(name, task, sample)
        say(f"    {name}: pairs a second")
        rows.append(_throughput(trainers, steps, plain_steps, repeats))
        say(f"    {name}: time to {100 * quality.recall:g} %")
        rows.append(_time_to(quality, trainers))
    return Findings(rows, [])


class Trainers:
    """Ours and the peer on the same pairs.

    Attributes:
        name: name of the method.
        batch: number of queries in a step.
        pairs: mean number of pairs in a batch.
    """

    def __init__(self, name: str, task: Task, sample: int) -> None:
        """Quality is measured on ``sample`` queries of the test, evenly spread."""
        self.name, self._task = name, task
        self._params = method_named(name, task, {}).values
        answered = task.train.answered
        self.batch = min(int(self._params["batch"]), len(answered))
        self.pairs = self.batch * task.train.n_pairs / len(answered)
        asked = task.test.relevance.answered
        rows = asked[:: max(1, len(asked) // sample)][:sample]
        self._queries: Queries = task.queries(rows)
        self._judged: Judgements = task.test.rows(rows)
        self._depth = int(self._judged.depth.max())

    def ours(self, steps: int) -> float:
        """Seconds of fitting ours."""
        return self._trained(steps)[1]

    def plain(self, steps: int) -> float:
        """Seconds of training the peer."""
        from studies.speed.plain_trainer import PlainTrainer

        return PlainTrainer(self.name, self._params, self._task.train).train(steps)

    def ours_to(self, recall: float, steps: int) -> tuple[float, bool]:
        """Seconds of a whole training of ours, and whether it ends at the quality or above."""
        method, seconds = self._trained(steps)
        (point,) = method.operating_points()
        ids = method.search(self._queries, self._depth, point).ids
        return seconds, self._recall(ids) >= recall

    def plain_to(self, recall: float, steps: int, cap_s: float) -> tuple[float, bool]:
        """The same for the peer, which fails if it is stopped at the cap."""
        from studies.speed.plain_trainer import PlainTrainer

        trainer = PlainTrainer(self.name, self._params, self._task.train)
        seconds = trainer.train(steps, cap_s)
        ids = trainer.ranked(self._queries.rows, self._depth)
        return seconds, seconds < cap_s and self._recall(ids) >= recall

    def _trained(self, steps: int) -> tuple[Method, float]:
        """Our method, ready to search, and the seconds of fitting it."""
        method = method_named(self.name, self._task, {"steps": steps})
        return method, prepare(method, self._task, workspace=Workspace(device="cpu")).fit.seconds

    def _recall(self, ids: Ints) -> float:
        return float(np.mean(self._judged.found(ids)))


def _throughput(trainers: Trainers, steps: int, plain_steps: int, repeats: int) -> SpeedRow:
    """Seconds of a pair, for both."""
    timed = alternate(
        repeats,
        # Work before the first step, and work of the first step alone, is in both terms.
        lambda: (trainers.ours(1 + steps) - trainers.ours(1)) / steps,
        lambda: (trainers.plain(1 + plain_steps) - trainers.plain(1)) / plain_steps,
    )
    per_pair = [[s / trainers.pairs for s in seconds] for seconds in timed]
    a_step = f"{trainers.batch} queries, {trainers.pairs:,.0f} pairs a step"
    what = f"{trainers.name}, pairs a second ({a_step})"
    return faster(what, per_pair, AIM, lambda seconds: f"{1 / seconds:,.0f} / s")


def _time_to(quality: Quality, trainers: Trainers) -> SpeedRow:
    """Seconds until a quality is reached, for both."""
    for steps in quality.schedules:
        ours, reached = trainers.ours_to(quality.recall, steps)
        if reached:
            break
    else:
        raise InputError(
            f"{trainers.name} does not reach a recall of {quality.recall} in "
            f"{quality.schedules[-1]} steps: nothing can be compared; lower the quality in "
            f"{__name__}"
        )
    for plain_steps in quality.schedules:
        peer, reached = trainers.plain_to(quality.recall, plain_steps, quality.cap_s)
        if reached or peer >= quality.cap_s:
            break
    schedules = f"{steps:,} steps, the peer's {plain_steps:,}"
    return SpeedRow(
        what=f"{trainers.name}, time to {100 * quality.recall:g} % overall ({schedules})",
        ours=in_seconds(ours),
        peer=f"{'' if reached else '> '}{in_seconds(peer)}",
        measured=Spread.of([peer / ours]),
        at_least=True,
        aim=TIME_AIM,
        cut_short=not reached,
    )
