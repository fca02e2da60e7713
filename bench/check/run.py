"""Every check of a method, on every small task that the method does not skip."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bench.check import fit_checks, search_checks, time_checks, visited_checks, word_checks
from bench.check.subject import CheckFailed, NotApplicable, Subject
from bench.check.tasks import TASKS
from bench.errors import InputError, MethodError, reason_of, unknown
from bench.evaluation.answers import reason_to_skip
from bench.evaluation.fitted import training_of

if TYPE_CHECKING:
    from collections.abc import Callable
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
        word_checks.leaves_stay_as_they_are,
        word_checks.answers_stay_as_they_are,
        word_checks.says_whether_it_sees_the_test,
        word_checks.each_call_does_its_own_work,
        word_checks.leaves_are_chosen_before_documents_are_scored,
        word_checks.index_bytes_covers_what_is_held,
        time_checks.answers_are_not_remembered,
        time_checks.prepare_does_not_search,
        time_checks.search_takes_the_time_of_what_it_visits,
    )
}


class CheckStatus(StrEnum):
    """How a check ended, as shown in the table."""

    PASSED = "ok"
    FAILED = "FAIL"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "n/a"


class CheckResult(NamedTuple):
    """The result of one check of one method on one task.

    Attributes:
        check: name of the check.
        task: name of the small task.
        status: how the check ended.
        reason: the fault, or the reason why it was not checked; empty if it passed.
    """

    check: str
    task: str
    status: CheckStatus
    reason: str = ""


class MethodChecks:
    """The checks of one method.

    Attributes:
        method: the class of the method.
    """

    def __init__(self, method: type[Method], settings: Settings, folder: Path) -> None:
        """Get ready to check.

        Args:
            method: the class of the method.
            settings: values of its hyper-parameters that the user set.
            folder: the folder of fitted states, which methods may share.

        Raises:
            InputError: it is exempt from an unknown check, or without a reason.
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
        self._results: dict[tuple[str, str], CheckResult] = {}

    def result(self, task: str, check: str) -> CheckResult:
        """The result of one check on one task; each check runs once."""
        place = task, check
        if place not in self._results:
            self._results[place] = CheckResult(check, task, *self._checked(task, check))
        return self._results[place]

    def _checked(self, task: str, check: str) -> tuple[CheckStatus, str]:
        """Status and reason of a check."""
        if check in self.method.exempt:
            return CheckStatus.EXEMPT, self.method.exempt[check]
        try:
            if CHECKS[check] is RUNS:
                self._require_not_skipped(task)
            else:
                self._require_runs(task)
            CHECKS[check](self._subjects[task])
        except NotApplicable as reason:
            return CheckStatus.NOT_APPLICABLE, str(reason)
        except (CheckFailed, MethodError) as failed:
            return CheckStatus.FAILED, str(failed)
        except (Exception, SystemExit) as error:
            return CheckStatus.FAILED, f"raises {reason_of(error)}"
        return CheckStatus.PASSED, ""

    def _require_runs(self, task: str) -> None:
        """Raise if nothing can be checked, because the method skips the task or does not run."""
        _, _, status, reason = self.result(task, RUNS.__name__)
        if status is not CheckStatus.PASSED:
            skipped = status is CheckStatus.NOT_APPLICABLE
            raise NotApplicable(reason if skipped else "it does not run")

    def _require_not_skipped(self, task: str) -> None:
        """Raise for a task that the method skips; a method that skips all tasks was not checked."""
        skipped = {
            name: reason_to_skip(one.make(), training_of(one.task, sees_test=False))
            for name, one in self._subjects.items()
        }
        if all(skipped.values()):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            raise CheckFailed(f"skips every task that it is checked on: {reasons}")
        if skipped[task]:
            raise NotApplicable(str(skipped[task]))
