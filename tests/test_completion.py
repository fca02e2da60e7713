"""Words that the shell completes."""

import pytest
from click.shell_completion import ShellComplete

from bench.cli.commands import main


def completed(arguments, typed):
    found = ShellComplete(main, {}, "treeline", "_TREELINE_COMPLETE").get_completions(
        arguments, typed
    )
    return [item.value if item.type == "plain" else item.type for item in found]


@pytest.mark.parametrize(
    ("arguments", "typed", "found"),
    [
        (["run", "--methods"], "masked", "masked-de"),
        (["run", "--methods"], "random,bm", "random,bm25"),
        (["run", "--methods"], "masked-de+faiss", "masked-de+faiss-ivf"),
        (["run", "--datasets"], "tree,sci", "tree,scifact"),
        (["advise", "--dataset"], "hier", "hierarchy:"),
        (["results", "--methods"], "o", "oracle"),
        (["export"], "results/", "file"),
        (["export", "--dataset"], "bei", "beir:"),
    ],
)
def test_names_and_paths_are_completed(arguments, typed, found):
    assert found in completed(arguments, typed)


def test_what_follows_a_colon_is_left_to_the_user():
    assert completed(["run", "--dataset"], "hierarchy:x") == []
