"""The examples of README.md and docs/api.md, run as they stand there."""

import doctest
import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "api.md").read_text()
FIRST = re.search(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
CALLS = ["load", "evaluate", "run", "results"]
EXAMPLES = {
    name: doctest.DocTestParser().get_doctest(
        PAGE.split(f"### {name}\n", 1)[1].split("\n### ", 1)[0].replace("```", ""),
        {}, name, "docs/api.md", 0,
    )
    for name in CALLS
}  # fmt: skip


@pytest.mark.slow
def test_the_first_example_of_the_readme_is_short_and_runs():
    assert len(FIRST.splitlines()) <= 6
    # Threads that sleep while they wait: the machine of a test may be busy.
    passive = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [sys.executable, "-c", FIRST], cwd=ROOT, env=passive, capture_output=True, text=True
    )
    printed = done.stdout.splitlines()
    line = r"\d+\.\d% of the corpus visited, \d+\.\d% of the pairs found"
    assert len(printed) > 5, done.stderr
    assert all(re.fullmatch(line, text) for text in printed)


@pytest.mark.parametrize("name", CALLS)
def test_an_example_gives_what_stands_below_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert EXAMPLES[name].examples
    told = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
        EXAMPLES[name], out=told.append
    )
    assert not told, "".join(told)
