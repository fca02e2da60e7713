"""Keys of cells: nothing that matters is lost, nothing that does not matter counts."""

import pytest

from bench.registry import Registry, load_plugin
from bench.versions.keys import canonical, cell_key, digest

PLUGIN = '''
from bench.method import Method, SearchResult
class Mine(Method):
    """{doc}"""
    name = "mine"
    params = {{"x": 1.5}}
    def index(self, corpus):
        pass  # {comment}
    def search(self, queries, k, point):
        return {body}
'''


@pytest.fixture
def key_of(tmp_path):
    count = 0

    def key(doc="", comment="", body="None", **params):
        nonlocal count
        count += 1
        path = tmp_path / f"plugin{count}.py"
        path.write_text(PLUGIN.format(doc=doc, comment=comment, body=body))
        return cell_key("task", load_plugin(f"{path}:Mine")(**params), seed=0, depth=3)

    return key


@pytest.mark.parametrize(
    ("one", "other"),
    [([1.5], [1, 5]), ([-1], [1]), ("1", 1), (1, 1.0), (True, 1), ({"a": 1}, ["a", 1])],
)
def test_different_values_have_different_keys(one, other):
    assert digest(one) != digest(other)


def test_the_order_of_parameters_is_no_difference():
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_nan_has_no_key():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_parameters_and_code_change_a_key_and_comments_do_not(key_of):
    key = key_of()
    assert key_of(doc="Another sentence.", comment="why") == key
    assert key_of(x=2.5) != key
    assert key_of(body="1") != key


def test_task_seed_and_depth_change_a_key():
    method = Registry().resolve("random")()
    base = cell_key("task", method, 0, 3)
    assert len({base, cell_key("other", method, 0, 3), cell_key("task", method, 1, 3),
                cell_key("task", method, 0, 4)}) == 4  # fmt: skip
