"""Every check of a method, on every small task that it does not skip."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bench.check import fit_checks, search_checks, visited_checks
from bench.check.outcome import CheckFailed, NotApplicable, Outcome, Verdict
from bench.check.subject import Subject
from bench.check.tasks import TASKS
from bench.errors import InputError, reason_of, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.method import Method
    from bench.plan.grid import Settings

    Check: TypeAlias = Callable[[Subject], None]

RUNS = fit_checks.fits_indexes_and_searches
CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        RUNS,
        fit_checks.does_not_modify_its_inputs,
        fit_checks.deterministic_under_a_seed,
        fit_checks.fit_idempotent,
        fit_checks.save_load_round_trip,
        search_checks.k_larger_than_the_corpus,
        search_checks.no_duplicates,
        search_checks.ids_stable_under_a_permuted_corpus,
        search_checks.one_query_equals_a_batch,
        visited_checks.larger_budget_never_visits_less,
        visited_checks.visited_at_most_the_corpus,
        visited_checks.leaves_contain_what_is_returned,
        visited_checks.k_of_the_corpus_returns_what_was_visited,
        search_checks.empty_and_non_latin_queries,
        fit_checks.thread_count_respected,
    )
}


class MethodChecks:
    """The checks of one method.

    Attributes:
        method: its class.
    """

    def __init__(self, method: type[Method], settings: Settings, folder: Path) -> None:
        """Get ready to check.

        Args:
            method: the class.
            settings: what the user set of its hyper-parameters.
            folder: shared by methods whose fits are to be shared.

        Raises:
            InputError: it is exempt from a check that there is not, or without a reason.
        """
        for name, reason in method.exempt.items():
            if name not in CHECKS:
                raise InputError(f"{method.name}.exempt: {unknown('check', name, CHECKS)}")
            if CHECKS[name] is RUNS:
                raise InputError(f"{method.name}.exempt: without {name} nothing else is checked")
            if not reason.strip():
                raise InputError(f"{method.name}.exempt: {name!r} needs a reason")
        self.method = method
        self._subjects = {
            name: Subject(method, settings, make(), folder) for name, make in TASKS.items()
        }
        self._outcomes: dict[tuple[str, str], Outcome] = {}

    def outcome(self, task: str, check: str) -> Outcome:
        """How one check on one task ends; it is made once."""
        place = task, check
        if place not in self._outcomes:
            self._outcomes[place] = self._made(task, check)
        return self._outcomes[place]

    def outcomes(self) -> Iterator[Outcome]:
        """All checks on all tasks."""
        for task in TASKS:
            for check in CHECKS:
                yield self.outcome(task, check)

    def _made(self, task: str, check: str) -> Outcome:
        if check in self.method.exempt:
            return Outcome(check, task, Verdict.EXEMPT, self.method.exempt[check])
        runs = RUNS.__name__
        if check != runs and self.outcome(task, runs).verdict is not Verdict.PASSED:
            first = self.outcome(task, runs)
            why = first.reason if first.verdict is Verdict.NOT_APPLICABLE else "it does not run"
            return Outcome(check, task, Verdict.NOT_APPLICABLE, why)
        try:
            if check == runs:
                self._require_not_skipped(task)
            CHECKS[check](self._subjects[task])
        except NotApplicable as reason:
            return Outcome(check, task, Verdict.NOT_APPLICABLE, str(reason))
        except CheckFailed as failed:
            return Outcome(check, task, Verdict.FAILED, str(failed))
        except (Exception, SystemExit) as error:
            return Outcome(check, task, Verdict.FAILED, f"raises {reason_of(error)}")
        return Outcome(check, task, Verdict.PASSED)

    def _require_not_skipped(self, task: str) -> None:
        """Leave out a task that the method skips; one that skips them all was not checked."""
        skipped = {name: subject.skipped() for name, subject in self._subjects.items()}
        if all(skipped.values()):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            raise CheckFailed(f"skips every task that it is checked on: {reasons}")
        if skipped[task]:
            raise NotApplicable(str(skipped[task]))
