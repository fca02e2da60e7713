"""Where things are computed: what is chosen, that nothing of a step stays on the CPU, precision."""

import math
from contextlib import nullcontext
from itertools import islice
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from bench.cli.commands import main
from bench.errors import InputError
from bench.method import Workspace
from bench.system.device import gpu_used, wanted_device
from methods import device
from methods.device import device_of, moved_together, training_precision
from methods.encoders import towers, transformer
from methods.encoders.jagged import Jagged
from methods.encoders.last_layer import LastLayer
from methods.encoders.pretrained import Pretrained
from methods.encoders.table import TableEncoder, TableLearner
from methods.encoders.text import TextEncoder, TextLearner, TextRecipe
from methods.encoders.towers import Head, HeadShape
from methods.trainers import loop
from methods.trainers.ehi import EHI
from methods.trainers.ehi_paper import EHIPaper
from methods.trainers.loop import LossWatch
from methods.trainers.losses import InBatchSoftmax, MaskedSoftmax, Temperature
from methods.trainers.masked import Masked
from methods.trainers.optimizers import RowAdam, RowRMSProp, RowSGD
from methods.trainers.resampled import Resampled
from methods.trainers.standard import Standard
from methods.trees import start
from methods.trees.indexer import Indexer, TreeShape
from methods.trees.losses import JointLoss
from methods.trees.neighbours import Neighbours
from tests.fake_gpu import GPU, fake_gpu

CPU = torch.device("cpu")
MINILM = Pretrained("minilm", "", mixed=False)


@pytest.mark.parametrize("named", ["gpu", "cuda:", "cuda:x", "CUDA", "cuda:-1", "0"])
def test_a_device_that_is_none_is_refused_with_what_it_may_be(monkeypatch, named):
    monkeypatch.setenv("TREELINE_DEVICE", named)
    with pytest.raises(InputError, match=f"TREELINE_DEVICE is '{named}'; it takes cpu, cuda, or"):
        wanted_device()


def test_a_run_refuses_such_a_device_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_DEVICE", "gpu")
    run = [
        "run",
        "--methods",
        "random",
        "--dataset",
        "tree:H=2,W=3",
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(main, run)
    assert done.exit_code == 1
    assert "TREELINE_DEVICE is 'gpu'; it takes cpu, cuda" in done.output


@pytest.mark.parametrize("named", ["", "cpu", "cuda", "cuda:1"])
def test_a_device_may_be_named_or_left_open(monkeypatch, named):
    monkeypatch.setenv("TREELINE_DEVICE", named)
    assert wanted_device() == named


def test_cuda_is_taken_where_torch_has_it_and_the_cpu_elsewhere(monkeypatch):
    assert device_of(Workspace()) == torch.device("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of(Workspace()) == torch.device("cuda")
    assert device_of(Workspace(device="cpu")) == CPU


@pytest.mark.parametrize(("named", "there"), [("cuda", 0), ("cuda:1", 1)])
def test_a_gpu_that_is_not_there_is_refused_with_a_way_out(monkeypatch, named, there):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    with pytest.raises(InputError, match=f"the device {named} is asked for.*TREELINE_DEVICE=cpu"):
        device_of(Workspace(device=named))


def test_a_process_that_has_not_computed_on_a_gpu_says_so(monkeypatch):
    assert gpu_used() is None
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"card {number}")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda number: 512 * number)
    assert gpu_used() == f"card 1, CUDA {torch.version.cuda}"


def a_step(learner, loss, batch, device):
    """Of training; what it computed must all be on the device."""
    q, x = learner.vectors(batch)
    gradients = loss(q, x, batch.scored_on(device))
    learner.step(gradients, 0.1)
    for part in (q, x, *gradients[:3]):  # no pulls: these losses give none
        assert part.device == device
    return gradients


TABLES = {
    "masked": (
        Masked(batch=2, negatives=3),
        MaskedSoftmax(Temperature(20.0)),
        RowRMSProp,
        "cosine",
    ),
    "standard": (Standard(batch=2), InBatchSoftmax(Temperature(20.0)), RowAdam, "dot"),
    "resampled": (Resampled(batch=2, far=1), InBatchSoftmax(Temperature(20.0)), RowAdam, "dot"),
    "pretrain-finetune": (Standard(batch=2), InBatchSoftmax(Temperature(500.0)), RowSGD, "dot"),
}


def batches_of(trainer, relevance):
    rng = np.random.default_rng(0)
    if isinstance(trainer, Masked):
        return trainer._batches(relevance, rng)
    return trainer.batches(relevance, rng)


@pytest.mark.parametrize("name", TABLES)
def test_a_step_over_tables_is_taken_on_the_device(diamond, name):
    trainer, loss, optimizer, geometry = TABLES[name]
    with fake_gpu() as device:
        encoder = TableEncoder.random(6, 6, 4, geometry=geometry, seed=0)
        learner = TableLearner(encoder, optimizer, device)
        for batch in islice(batches_of(trainer, diamond), 2):
            a_step(learner, loss, batch, device)
        assert encoder.queries.device == encoder.documents.device == device
        encoder.settle()
        assert encoder.queries.device == encoder.documents.device == CPU


@pytest.mark.parametrize("left", ["tables", "moments", "batch", "scores"])
def test_what_stays_on_the_cpu_fails_a_step(diamond, left):
    with fake_gpu() as device:
        encoder = TableEncoder.random(6, 6, 4, geometry="cosine", seed=0)
        learner = TableLearner(encoder, RowAdam, device)
        loss = MaskedSoftmax(Temperature(20.0))
        batch = next(batches_of(Masked(batch=2, negatives=3), diamond))
        scored = batch.scored_on(device)
        if left == "tables":
            learner._documents._table = torch.empty(6, 4)
        elif left == "moments":
            learner._documents.optimizer.mean = torch.zeros(6, 4)
        elif left == "batch":
            scored = scored._replace(weights=batch.weights)
        else:
            loss._scores = lambda q, x: torch.empty(len(q), len(x))
        with pytest.raises(RuntimeError, match="device"):
            learner.step(loss(*learner.vectors(batch), scored), 0.1)


def test_vectors_that_move_together_arrive_as_they_were(monkeypatch):
    parts = [torch.tensor([1.5, 2.5, 3.5]), torch.arange(2), torch.arange(3, dtype=torch.int32)]
    copies = []
    monkeypatch.setattr(device, "moved", lambda part, _: copies.append(part) or part)
    arrived = moved_together(parts, GPU)
    assert len(copies) == 1
    for part, other in zip(parts, arrived, strict=True):
        assert part.dtype == other.dtype
        assert part.tolist() == other.tolist()


JOINT = {
    "ours": EHI(hard_negatives=0),
    "as printed": EHIPaper(),
    "all paths, as printed": EHIPaper(paths="all"),
    "all terms": EHI(intra_leaf_weight=0.2, balance=0.1, similarity_loss="triplet"),
}


@pytest.mark.parametrize("settings", JOINT.values(), ids=JOINT)
def test_a_step_of_encoder_and_tree_is_taken_on_the_device(diamond, settings):
    shape = TreeShape(4, 2, 2, settings.children, settings.transform)
    with fake_gpu() as device:
        tree = Indexer(shape).to(device)
        learner = TableLearner(
            TableEncoder.random(6, 6, 4, geometry="cosine", seed=0), RowAdam, device
        )
        neighbours = Neighbours(0, device)
        neighbours.refresh(np.eye(6, 4, dtype=np.float32), np.zeros(6, int))
        loss = JointLoss(tree, settings, neighbours, temperature=Temperature(20.0), steps=10)
        for batch in islice(batches_of(Standard(batch=2), diamond), 2):
            a_step(learner, loss, batch, device)
        assert all(weight.grad.device == device for weight in tree.parameters())


@pytest.mark.parametrize("children", ["own", "shared"])
def test_a_tree_takes_vectors_from_the_cpu_and_gives_leaves_back_there(children, monkeypatch):
    monkeypatch.setattr(start, "FIT_STEPS", 2)
    documents = np.ones((5, 4), np.float32)
    with fake_gpu() as device:
        tree = Indexer(TreeShape(4, 2, 2, children)).to(device)
        assert tree.leaves(torch.tensor(documents), 3).device == CPU
        paths = [np.zeros(5, np.int64)] * 3
        start._fit_to_labels(tree, documents, paths, seed=0)
        assert tree.device == device


def test_a_step_of_a_head_is_taken_on_the_device(small_text_task, monkeypatch):
    monkeypatch.setattr(Head, "prepare", lambda self, texts: np.ones((len(texts), 8), np.float32))
    rows = SimpleNamespace(numpy=lambda: np.arange(4))  # fake tensors have none
    with fake_gpu() as device:
        monkeypatch.setattr(towers, "device_of", lambda workspace: device)
        head = Head(MINILM, Workspace(), HeadShape(8, 4), seed=0)
        encoder = TextEncoder(TextRecipe("minilm", "head"), head, head)
        learner = TextLearner(encoder, small_text_task.training())
        batch = next(batches_of(Standard(batch=4), small_text_task.train))
        batch = batch._replace(queries=rows, documents=SimpleNamespace(numpy=lambda: np.arange(8)))
        a_step(learner, InBatchSoftmax(Temperature(20.0)), batch, device)
        assert all(weight.grad.device == device for weight in head.module.parameters())


class Block(torch.nn.Linear):
    def forward(self, tokens, attention_mask):
        return super().forward(tokens) + attention_mask.amax()


class Pooling(torch.nn.Module):
    def forward(self, features):
        weight = features["attention_mask"][:, :, None]
        return {"sentence_embedding": (features["token_embeddings"] * weight).sum(1)}


class Model(list):
    def get_embedding_dimension(self):
        return 8


def test_a_last_layer_computes_on_the_device(monkeypatch):
    # Autocast knows nothing of devices that are made up.
    nothing = lambda device, mixed: nullcontext()  # noqa: E731
    monkeypatch.setattr(transformer, "transformer_precision", nothing)
    offsets, tokens = np.array([0, 2, 5]), np.ones((5, 8), np.float16)
    with fake_gpu() as device:
        tower = LastLayer.__new__(LastLayer)
        tower.device, tower.encoder = device, MINILM._replace(mixed=True)
        tower.module, tower.model = Block(8, 8).to(device), Model([None, Pooling()])
        vectors = tower.forward(Jagged(offsets, tokens), np.array([1, 0]))
    assert vectors.device == device


class Loss(NamedTuple):
    """As a GPU computes it: there, and its value when it is waited for."""

    value: float
    device: torch.device = GPU


def test_losses_of_a_gpu_are_looked_at_fifty_at_a_time_and_the_step_is_named(monkeypatch):
    looks = []
    values = [*[1.0] * 72, math.nan, 1.0]

    def stack(losses):
        looks.append(len(losses))
        return torch.tensor([loss.value for loss in losses])

    monkeypatch.setattr(loop.torch, "stack", stack)
    watch = LossWatch(math.isfinite, "lr")
    for value in values:
        watch.add(Loss(value))
    assert looks == [50]
    with pytest.raises(InputError, match="the loss is nan at step 73; lower lr"):
        watch.look()
    assert looks == [50, 24]


def test_on_the_cpu_the_loss_of_a_step_is_looked_at_before_the_next():
    watch = LossWatch(math.isfinite, "lr")
    watch.add(torch.tensor(1.0))
    with pytest.raises(InputError, match="the loss is inf at step 2; lower lr"):
        watch.add(torch.tensor(math.inf))


def test_products_are_rounded_while_training_and_not_later():
    products = torch.backends.cuda.matmul
    before = products.fp32_precision
    with training_precision():
        assert products.fp32_precision == "tf32"
    assert products.fp32_precision == before != "tf32"
