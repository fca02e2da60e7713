"""What a cell says of the GPU that it used."""

import pytest

from bench.evaluation import cell as evaluation
from bench.evaluation import fitted as fits
from bench.evaluation.fitted import FittedCache
from bench.registry import Registry
from bench.report.dataset_page import places
from tests.cells import cell


def silent(done, total):
    pass


@pytest.fixture
def fit(small_task, tmp_path):
    def call(name="standard-de"):
        method = Registry().resolve(name)(dim=4, steps=2)
        return FittedCache(tmp_path, small_task.digest).fit(
            method, small_task.training(), 0, silent
        )

    return call


def test_a_fitted_state_that_is_loaded_was_made_on_the_gpu_that_made_it(fit, monkeypatch):
    monkeypatch.setattr(fits, "gpu_used", lambda: "a card, CUDA 13.0")
    assert not fit().shared
    monkeypatch.setattr(fits, "gpu_used", lambda: None)
    again = fit()
    assert again.shared
    assert again.gpu == "a card, CUDA 13.0"


def test_a_fitted_state_made_on_the_cpu_names_no_gpu(fit):
    assert fit().gpu is None
    assert fit().gpu is None


@pytest.mark.parametrize(
    ("used", "of_fit", "said"), [(None, None, None), ("a", None, "a"), (None, "b", "b")]
)
def test_a_cell_names_the_gpu_that_it_or_its_fit_used_and_no_other(monkeypatch, used, of_fit, said):
    monkeypatch.setattr(evaluation, "gpu_used", lambda: used)
    blank = cell()
    machine = evaluation.origin(blank, of_fit).machine
    assert machine.get("gpu") == said
    assert "gpu" not in blank.provenance.machine, "what is planned is left as it is"


def test_boards_name_the_gpu_beside_the_cpu():
    origin = cell().provenance
    on_gpu = origin.model_copy(update={"machine": origin.machine | {"gpu": "a card, CUDA 13.0"}})
    (place,) = places([cell(provenance=on_gpu)])
    assert ", 1 threads, a card, CUDA 13.0 (commit" in place
    (place,) = places([cell()])
    assert "CUDA" not in place
