"""Somebody else's package: installing it is enough."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a Python where the example package is installed; no network is asked."""
    source = tmp_path_factory.mktemp("source") / "package"
    target = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "examples" / "package", source)
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *options, "--target", target, source],
        check=True,
        capture_output=True,
    )
    return {**os.environ, "PYTHONPATH": str(target)}, source


def run(environment, *arguments):
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_an_installed_package_is_listed_and_an_absent_one_is_not(installed):
    environment, _ = installed
    listed = run(environment, "bench", "list").stdout
    assert "trigrams ready buckets=4096" in " ".join(listed.split())
    assert "trigrams" not in run(dict(os.environ), "bench", "list").stdout


def test_an_installed_package_is_checked_by_name(installed):
    environment, _ = installed
    done = run(environment, "bench", "check", "trigrams")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trigrams: 16 ok, 8 n/a" in done.stdout


def test_an_installed_package_stands_on_the_board(installed, tmp_path):
    environment, _ = installed
    arguments = ("--methods", "trigrams", "--dataset", "tree:H=3,W=3", "--out", tmp_path)
    done = run(environment, "bench", "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trigrams" in (tmp_path / "LEADERBOARD.md").read_text()


def test_the_one_line_of_its_own_tests_makes_each_check_a_test(installed):
    environment, source = installed
    environment = {**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}:{ROOT}"}
    done = run(environment, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", source,
               source / "tests")  # fmt: skip
    assert "31 passed, 17 skipped" in done.stdout, done.stdout
