"""What a GPU rounds, rounded alike on the CPU: results stay within tolerance of float32."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.method import Workspace
from bench.registry import Registry
from methods.device import denormals_as_zero, shared_threads, use_fast_layers
from methods.encoders import pretrained
from methods.encoders.embeddings import embed
from methods.encoders.pretrained import AGREEMENT, PRECISIONS, Pretrained
from tests.conftest import TOPICS

HALF_A_POINT = 0.005
STEPS = 400
TEXTS = Strings.of([*(f"All about the {topic}." for topic in TOPICS), "", "dog " * 40])


def silent(done, total):
    pass


class TF32(TorchDispatchMode):
    """Inputs of matrix products are rounded to 10 bits after the point, as tensor cores do."""

    products = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.mkldnn._linear_pointwise.default:
            args = (*map(rounded, args[:2]), *args[2:])
            self.products += 1
        return func(*args, **(kwargs or {}))


def rounded(values: torch.Tensor) -> torch.Tensor:
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & ~0x1FFF).view(torch.float32)


def test_rounding_keeps_ten_bits():
    values = torch.tensor([1.0, 1 + 2**-10, 1 + 2**-11, 1 + 3 * 2**-11, -3.1415927])
    assert rounded(values).tolist() == [1, 1 + 2**-10, 1, 1 + 2**-9, -3.140625]


def recall(task, name):
    """Overall, over all pairs of the test, after a training of a few seconds."""
    method = Registry().resolve(name)(dim=16, steps=STEPS, checks=1)
    method.fit(task.training(), seed=0, progress=silent)
    method.index(task.corpus)
    queries = task.queries_of(task.test)
    judged = task.test.rows(queries.rows)
    return judged.score(method.rank_exactly(queries, int(judged.depth.max())))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["masked-de", "standard-de"])
def test_tables_trained_with_rounded_products_find_as_much(name):
    task = load_dataset("wordnet-mammal")
    expected = recall(task, name)
    with TF32() as mode:
        found = recall(task, name)
    assert mode.products == 3 * STEPS
    assert found == pytest.approx(expected, abs=HALF_A_POINT)
    assert found > 0.1


MINILM = Pretrained("minilm", "cpu", mixed=False)


def test_texts_encoded_in_bfloat16_are_nearly_the_same_and_kept_apart(tmp_path):
    workspace = Workspace(tmp_path, device="cpu")
    single = embed(MINILM, TEXTS, workspace)
    half = embed(MINILM._replace(mixed=True), TEXTS, workspace)
    assert half.dtype == np.float32
    assert not np.array_equal(half, single)
    assert (half * single).sum(axis=1).min() > AGREEMENT
    kept = tmp_path.rglob("vectors.npy")
    assert sorted(path.parents[2].name.endswith("-bfloat16") for path in kept) == [
        False, True,
    ]  # fmt: skip
    np.testing.assert_array_equal(embed(MINILM, TEXTS, workspace), single)


def test_where_bfloat16_changes_vectors_float32_is_taken_with_a_word(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(pretrained, "AGREEMENT", 1.0)
    half = MINILM._replace(mixed=True)
    vectors = embed(half, TEXTS, Workspace(tmp_path, warn=said.append))
    np.testing.assert_array_equal(vectors, embed(MINILM, TEXTS, Workspace()))
    (text,) = said
    assert text.startswith("encoder 'minilm' is computed in float32: in bfloat16 the vectors")
    embed(half, TEXTS, Workspace(tmp_path, warn=pytest.fail))  # nothing is encoded again


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["last-layer", "full"])
def test_a_transformer_trained_in_bfloat16_is_nearly_the_same(small_text_task, tmp_path, tune):
    found = []
    for precision in PRECISIONS:
        params = {"steps": 6, "checks": 2, "batch": 8, "encoder_lr": 1e-4}
        method = Registry().resolve("standard-de")(tune=tune, precision=precision, **params)
        method.workspace = Workspace(tmp_path, device="cpu")
        method.fit(small_text_task.training(), seed=0, progress=silent)
        modules = [module for module, _ in method.encoder.modules()]
        kept = {weight.dtype for module in modules for weight in module.parameters()}
        assert kept == {torch.float32}
        found.append(method.encoder.encode_documents(small_text_task.document_texts))
    assert not np.array_equal(*found)
    assert (found[0] * found[1]).sum(axis=1).min() > 0.999


@given(
    shape=st.lists(st.integers(1, 3), min_size=0, max_size=2),
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.integers(1, 2),
    bias=st.booleans(),
)
def test_a_fast_layer_gives_what_a_layer_of_torch_gives(shape, sizes, stride, bias):
    layer = torch.nn.Linear(*sizes, bias=bias)
    if bias:
        layer.bias = torch.nn.Parameter(torch.randn(stride * sizes[1])[::stride])
    x = torch.randn(*shape, stride * sizes[0])[..., ::stride]
    model = torch.nn.Sequential(layer)
    expected = model(x).detach()
    use_fast_layers(model)
    copied = copy.deepcopy(model)
    with torch.inference_mode():
        for fast in (model, copied):
            torch.testing.assert_close(fast(x), expected)
    copied.double()
    assert copied(x.double()).dtype == torch.float64
    torch.testing.assert_close(model(x), expected)  # with its gradient, as before
    assert model(x).requires_grad


def test_threads_of_those_that_wait_are_lent_up_to_the_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    waiting, own = [1, 5, 0], torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with shared_threads(lambda: waiting.pop(0)) as share:
            seen = [torch.get_num_threads()]
            for _ in range(2):
                share()
                seen.append(torch.get_num_threads())
        assert seen == [2, 3, 1]
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(own)


def test_numbers_that_a_processor_is_slow_on_are_0_within_and_not_after():
    half = torch.tensor(torch.finfo(torch.float32).tiny) / 2
    with denormals_as_zero():
        assert half * 1 == 0
        with denormals_as_zero():
            pass
        assert half * 1 == 0
    assert half * 1 > 0
