"""The walks of CONTRIBUTING.md, run as they stand there in a clean clone."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT, environment, git

FENCED = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WALKS = {
    title: FENCED.findall(section)
    for title, _, section in (
        part.partition("\n") for part in (ROOT / "CONTRIBUTING.md").read_text().split("\n## ")
    )
    if FENCED.search(section)
}


def walk(title, clone):
    """Follow a walk of CONTRIBUTING.md."""
    follow(WALKS[title], clone)


def follow(blocks, clone):
    """Write the files of a page, run its commands, and look for what they are said to print."""
    printed = ""
    for language, name, text in blocks:
        if name:
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_text(text)
        elif language == "sh":
            printed = plain(run(text, clone))
        elif language == "text":
            for line in text.splitlines():
                assert plain(line) in printed, f"{line}\nis not in\n{printed}"
        else:
            raise AssertionError(f"the block {language} is neither a file, nor run, nor printed")


def run(text, clone):
    done = subprocess.run(
        ["bash", "-e", "-c", text], cwd=clone, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout


def plain(text):
    return " ".join(text.split())


def test_every_walk_is_run():
    assert set(WALKS) == {
        "Add a method in three steps",
        "Add a measure in two steps",
        "Add a dataset in three steps",
        "Submit a result by pull request",
    }


@pytest.mark.slow
def test_adding_a_method(clone):
    walk("Add a method in three steps", clone)
    assert "common-first" in (clone / "results" / "local" / "LEADERBOARD.md").read_text()
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.slow
def test_adding_a_measure(clone):
    walk("Add a measure in two steps", clone)
    (board,) = (path.read_text() for path in (clone / "results/local/boards").glob("[!R]*.md"))
    assert "| MAP@100 | R@10 | S@10 | R@20 |" in board
    assert git(clone, "diff", "--name-only").split() == [
        "bench/measures/ranking.py", "docs/measures.md",
    ]  # fmt: skip


@pytest.mark.slow
def test_adding_a_dataset(clone):
    walk("Add a dataset in three steps", clone)
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.slow
def test_submitting_a_result(clone):
    # Little is published here; CI replays all that is.
    results = clone / "results"
    for folder in (results / "figures", results / "ablations", *(results / "runs").iterdir()):
        if folder.name != "tree":
            shutil.rmtree(folder)
    (results / "REPRODUCTION.md").unlink()
    run("python -m bench leaderboard --out results\ngit add results", clone)
    git(clone, "commit", "--quiet", "--message", "Little is published")
    walk("Submit a result by pull request", clone)
    assert "\n## tree-H=3,W=3\n" in (clone / "results" / "LEADERBOARD.md").read_text()
    added = git(clone, "show", "--name-only", "--format=%s").splitlines()
    assert added[0] == "Results: random on tree:H=3,W=3"
    assert sum(name.endswith("/cell.json") for name in added) == 3
    assert sum(name.endswith("/certify.json") for name in added) == 1
    assert all(name.startswith("results/") for name in added[2:])
    assert git(clone, "status", "--porcelain") == ""
