"""Candidates: encoders that suit the data, every index over them, and a few settings of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.errors import InputError, lacks_packages
from bench.plan.grid import Settings, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.advise.goal import Goal
    from bench.method import Method, Value
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.task import Task

ENCODERS = ("zero-shot-de", "masked-de", "ehi-encoder", "standard-de")
"""Trainers that are tried; those without texts, vectors or training pairs to read refuse."""
ALONE = ("bm25",)
"""Methods that are no encoder with an index."""
FIRST = "exact"
"""The index that encoders are compared under: it costs next to nothing beside a training."""
SAME = "sharded-"
"""Indexes that find what another one finds, in several processes."""
LEAVES = (1, 2, 4, 8)
"""Numbers of leaves that are tried, in square roots of the corpus."""
USUAL_DIM = 64
INSTALL = "pip install"
"""A reason that says this is one that the user can mend."""
STEPS = "steps"
"""The hyper-parameter of trainers by gradient steps that says how long they train."""
AT_SHARE = ("budget", "checkpoint_budget")
"""Hyper-parameters that say at which share of the corpus leaves and a learned tree are chosen."""
GRAPHS: tuple[dict[str, Value], ...] = ({"M": 16}, {"M": 64, "ef_construction": 200})


@dataclass(frozen=True)
class Candidate:
    """A method with the settings that differ from its defaults on the task.

    Attributes:
        encoder: name of the trainer; empty for a method that is none.
        index: name of the index, or of such a method.
        settings: names and values of hyper-parameters.
    """

    encoder: str
    index: str
    settings: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        """The name that ``--methods`` takes."""
        return f"{self.encoder}+{self.index}" if self.encoder else self.index

    def with_settings(self, values: dict[str, Value]) -> Candidate:
        """The same method with other values on top."""
        both = {**dict(self.settings), **values}
        return replace(self, settings=tuple(sorted(both.items())))


def hand_set(cell: Cell) -> dict[str, Value]:
    """The hyper-parameters of a cell that differ from the defaults on its task."""
    return {name: value for name, value in cell.changed.items() if name != "k"}


class Candidates:
    """The candidates for a task and a goal.

    Attributes:
        first: every encoder under the index that they are compared under.
        lacking: the methods whose packages are not installed, each with the line that installs.
    """

    def __init__(self, task: Task, registry: Registry, goal: Goal) -> None:
        """Ask every method of the catalogue whether it suits the task.

        Raises:
            InputError: none does.
        """
        self._task, self._registry, self._goal = task, registry, goal
        self._training = task.training()
        self.lacking: dict[str, str] = {}
        indexes = [name for name in registry.parts()[1] if not name.startswith(SAME)]
        encoders = (*ENCODERS, *registry.brought("trainer"))
        pairs = [Candidate(encoder, index) for encoder in encoders for index in indexes]
        alone = [Candidate("", name) for name in (*ALONE, *registry.brought("method"))]
        suitable = filter(self._suits, (*pairs, *alone))
        self._all = [self._within(each) for each in suitable]
        self.first = [each for each in self._all if each.index == FIRST]
        if not self._all:
            reasons = "; ".join(f"{name} {reason}" for name, reason in self.lacking.items())
            raise InputError(
                f"{task.name} suits none of {', '.join((*ENCODERS, *ALONE))}; "
                + (reasons or "give it texts, vectors or training pairs")
            )

    @property
    def encoders(self) -> set[str]:
        """The names of the encoders that suit the task, as times of cells are remembered by."""
        return {self._registry.canonical(each.name).partition("+")[0] for each in self.first}

    def over(self, first: Candidate) -> list[Candidate]:
        """Every index over the encoder of a candidate, which is trained as long."""
        trained = {name: value for name, value in first.settings if name == STEPS}
        return [each.with_settings(trained) for each in self._all if each.encoder == first.encoder]

    def of_cell(self, cell: Cell) -> Candidate | None:
        """The candidate that a cell measured, or None if its method is not among them."""
        of_name = {self._registry.canonical(each.name): each for each in self._all}
        known = of_name.get(cell.method)
        return known and replace(known, settings=tuple(sorted(hand_set(cell).items())))

    def alone(self) -> list[Candidate]:
        """Methods that are no encoder with an index."""
        return [each for each in self._all if not each.encoder]

    def method(self, candidate: Candidate) -> type[Method]:
        """The class of a candidate."""
        return self._registry.resolve(candidate.name)

    def values(self, candidate: Candidate) -> dict[str, Value]:
        """All hyper-parameters of a candidate on the task."""
        named = Settings.named(dict(candidate.settings))
        return settled(self.method(candidate), self._task, named)

    def shorter(self, candidate: Candidate, divisor: int) -> Candidate | None:
        """The same with a short training; None if nothing is trained by steps."""
        steps = self.values(candidate).get(STEPS)
        if not isinstance(steps, int) or steps < divisor:
            return None
        return candidate.with_settings({STEPS: steps // divisor})

    def variants(self, candidate: Candidate, measured: Mapping[str, Value]) -> list[Candidate]:
        """The same method with other settings, each changed alone.

        Args:
            candidate: the candidate.
            measured: the operating point that was best, which has the number of leaves.
        """
        values = self.values(candidate)
        tried = map(candidate.with_settings, self._other_values({**values, **measured}))
        return [each for each in tried if self.values(each) != values]

    def _other_values(self, values: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
        n_documents = len(self._task.document_names)
        if "nlist" in values:
            roots = {round(factor * math.sqrt(n_documents)) for factor in LEAVES}
            for number in sorted(roots - {values["nlist"]}):
                if number <= n_documents // 4:
                    yield {"nlist": number}
        if "ef_construction" in values:
            yield from GRAPHS
        dim = values.get("dim")
        has_tables = self._task.document_texts is None and self._task.document_vectors is None
        if has_tables and isinstance(dim, int):
            for other in sorted({2 * dim, max(dim, USUAL_DIM)}):
                yield {"dim": other}

    def _within(self, candidate: Candidate) -> Candidate:
        """The candidate with what it chooses at a share of the corpus chosen at the one asked."""
        share = self._goal.budget.share
        if share == math.inf:
            return candidate
        params, n_documents = self.method(candidate).params, len(self._task.document_names)
        asked: dict[str, Value] = {name: share for name in AT_SHARE if name in params}
        # One leaf and the routing cost 2 / sqrt(n) at least: no number of leaves can be chosen by
        # its score within less, and as many as the share of documents needs are taken.
        if "nlist" in params and 2 / math.sqrt(n_documents) > share:
            asked["nlist"] = max(2, min(math.ceil(2 / share), n_documents // 2))
        return candidate.with_settings(asked)

    def _suits(self, candidate: Candidate) -> bool:
        """Whether a candidate can be made, and its packages are here, and it reads such data."""
        try:
            method = self.method(candidate)
            reason = lacks_packages(method.requires)
            if reason is None:
                reason = method(**self.values(candidate)).skip(self._training)
        except InputError:  # the index needs what the encoder does not learn
            return False
        if reason is not None and INSTALL in reason:
            self.lacking[candidate.name] = reason
        return reason is None
