"""How a check ended."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What is said of a method by one check."""

    PASSED = "ok"
    FAILED = "FAIL"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "n/a"


class Outcome(NamedTuple):
    """One check of one method on one task.

    Attributes:
        check: its name.
        task: the small task it was checked on.
        verdict: how it ended.
        reason: what went wrong, or why it was not checked; empty where it passed.
    """

    check: str
    task: str
    verdict: Verdict
    reason: str = ""


class CheckFailed(Exception):  # noqa: N818 - the outcome of a check, not an error of ours
    """The method breaks its contract in the way that the message says."""


class NotApplicable(Exception):  # noqa: N818 - likewise
    """The method lacks what the check is about."""
