"""The checks of ``bench check`` as tests of a package of your own, one test for each check.

In a test file, one line:

    test_contract = contract_tests(MyMethod)

pytest then reports ``test_contract[texts-no_duplicates]`` and so on; a check that does not apply,
or that the method is exempt from, is skipped with the reason. pytest loads this module only if a
test imports it.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.check.run import CHECKS, CheckStatus, MethodChecks
from bench.check.tasks import TASKS
from bench.plan.grid import Settings, check_settings
from bench.registry import Registry
from bench.system.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.method import Method


def contract_tests(method: type[Method] | str, *settings: str) -> Callable[[str, str], None]:
    """A test function for every check of a method on every small task.

    Args:
        method: a class, or a name that ``bench check`` takes.
        settings: ``PARAM=VALUE``, such as fewer steps under a name of the method's own.

    Returns:
        The function, to be assigned to a name that begins with ``test``.
    """
    folder = tempfile.TemporaryDirectory(prefix="treeline-check-")

    @cache
    def checks() -> MethodChecks:
        found = Registry().resolve(method) if isinstance(method, str) else method
        asked = Settings.parse(settings)
        check_settings([found], asked)
        return MethodChecks(found, asked, Path(folder.name))

    @pytest.mark.parametrize("check", CHECKS)
    @pytest.mark.parametrize("task", TASKS)
    def test_contract(task: str, check: str) -> None:
        with one_thread():
            result = checks().result(task, check)
        if result.status is CheckStatus.FAILED:
            pytest.fail(result.reason, pytrace=False)
        if result.status is not CheckStatus.PASSED:
            pytest.skip(f"{result.status}: {result.reason}")

    return test_contract
