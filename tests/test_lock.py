"""``bench lock``: changed code of built-ins is taken in as new, or as the same once ids are."""

import json
import subprocess
import sys

import pytest

from tests.conftest import environment, git

pytestmark = pytest.mark.slow


def lock(clone, *options):
    command = [sys.executable, "-m", "bench", "lock", *options]
    done = subprocess.run(
        command, cwd=clone, env=environment(), capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def versions(clone):
    return json.loads((clone / "methods" / "versions.json").read_text())


def edit(clone, old, new, file="random.py"):
    path = clone / "methods" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_code_that_gives_the_same_ids_is_taken_in_under_its_version(clone):
    before = versions(clone)
    edit(clone, "strides", "coprime")
    code, told = lock(clone)
    assert code == 0, told
    assert "random 1: other code, same results; its cells are kept" in told
    after = versions(clone)
    assert after.keys() == before.keys()
    assert [version for version in after if after[version] != before[version]] == ["random 1"]
    assert git(clone, "worktree", "list").count("\n") == 1, "what it compared with is gone"


def test_code_that_gives_other_ids_is_refused_until_the_version_is_raised(clone):
    before = versions(clone)
    edit(clone, "start + stride * steps", "start + 1 + stride * steps")
    code, told = lock(clone)
    assert code == 1
    assert "results are not those of HEAD: random of beir-texts; random of tree-H=4,W=3" in told
    assert "Raise the version that the class states (random 1)" in told
    assert versions(clone) == before
    edit(clone, '"random 1"', '"random 2"')
    code, told = lock(clone)
    assert code == 0, told
    assert "random 2: new" in told
    assert "random 1: gone; its cells are of an earlier version" in told
    assert versions(clone).keys() - before.keys() == {"random 2"}


def test_a_method_whose_settings_are_printed_for_no_small_task_is_compared(clone):
    edit(clone, "n = len(queries)", "n = len(relevant.counts)", "trees/triplets.py")
    code, told = lock(clone)
    assert code == 0, told
    assert "Running ehi-paper as of HEAD" in told


def test_my_word_that_results_are_the_same_is_taken(clone):
    edit(clone, "strides", "coprime")
    code, told = lock(clone, "--same")
    assert code == 0
    assert "Running" not in told
    assert lock(clone) == (0, "Nothing changed.\n")


def test_a_built_in_without_a_version_is_an_error_that_says_what_to_write(clone):
    edit(clone, '    version: ClassVar[str] = "random 1"\n', "")
    code, told = lock(clone)
    assert code == 1
    assert "Random: a built-in states a version; write its name and a number into" in told


def test_a_commit_that_is_not_there_is_an_error_that_names_it(clone):
    edit(clone, "strides", "coprime")
    code, told = lock(clone, "--before", "nowhere")
    assert code == 1
    assert "invalid reference: nowhere" in told
