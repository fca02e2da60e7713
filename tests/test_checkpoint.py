"""A training that is cut goes on where it was: every trainer, and what is left on disk."""

import dataclasses
import json
import math
import os
import random
import signal
import zlib
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
import torch

from bench.arrays.strings import Strings
from bench.errors import InputError
from bench.evaluation.fitted import FittedCache
from bench.method import Checkpoint, Method, Workspace, checkpoint
from bench.method.training_state import array_of, packed
from bench.registry import Registry
from bench.store.run_file import read_run
from bench.system.kept import MARKER, keep, trusting_from
from methods.catalog import TRAINERS
from methods.trainers.checkpoint import BestCheckpoint
from methods.trainers.loop import LossWatch
from methods.trees.checkpoint import TreeCheckpoint
from tests.running import processes_of, start, wait_for
from tests.searching import searcher_of

QUICK = {
    "steps": 10,
    "finetune_steps": 10,
    "checks": 5,
    "dim": 8,
    "branching": 4,
    "batch": 4,
    "refresh": 1,
    "epochs": 0,
    "far": 1,
    "finetune_lr": 0.5,
    "finetune_temperature": 5.0,
}
WITHOUT_STEPS = {"zero-shot-de", "constructed-de", "interval-de", "hope"}
"""Trainers that have nothing to go on from."""


@pytest.fixture
def every_step(monkeypatch):
    """A checkpoint after each step, and a score on validation that goes up and down.

    That of the start is the lowest, so that what is trained is kept.
    """

    def score(best):
        vectors = best._training.encode_documents(best._data.document_texts)
        return zlib.crc32(np.ascontiguousarray(vectors)) / 2**32 if hasattr(best, "score") else -1.0

    monkeypatch.setattr(checkpoint, "EVERY_S", 0.0)
    monkeypatch.setattr(BestCheckpoint, "_validate", score)
    monkeypatch.setattr(TreeCheckpoint, "_validate", score)


def silent(done, total):
    pass


def made(trainer, cache, **params):
    found = Registry().resolve(f"{trainer}+exact")
    index = "learned-tree" if found.trainer_type.learns_tree else "exact"
    found = Registry().resolve(f"{trainer}+{index}")
    quick = {key: value for key, value in QUICK.items() if key in found.params}
    method = found(**{**quick, **params})
    method.workspace = Workspace(cache)
    return method


def fit(method, task, fits=None):
    return FittedCache(fits, task.digest).fit(method, task.training(), 0, silent)


def ids_of(method, task):
    method.index(task.corpus)
    searcher = searcher_of(method, task, 10)
    return [searcher.run(point, silent).ids.tolist() for point in method.operating_points()]


def saved(method, folder):
    folder.mkdir()
    method.save(folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def killed(work, after):
    """Whether ``work`` is killed, in a process of its own, when it has kept its state so often."""
    child = os.fork()
    if not child:
        torch.set_num_threads(1)  # a child has none of the threads that its parent computes with
        write, kept = Checkpoint.keep, []

        def watched(self, state):
            write(self, state)
            kept.append(1)
            if len(kept) == after:
                os.kill(os.getpid(), signal.SIGKILL)

        Checkpoint.keep = watched
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def last_state(work):
    """All that the last training in ``work`` changed, and the numbers of the steps in ``work``."""
    last = []

    def watched(_self, state):
        arrays = []
        last[:] = [json.dumps(packed(state, arrays)), [array_of(each).copy() for each in arrays]]
        steps.append(state["step"])

    steps = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "keep", watched)
        work()
    return last, steps


def require_same_after_kills(trainer, task, tmp_path, after=(2, 3), **params):
    """Train without a cut, and killed three times after a random number ``after`` of steps."""
    fits, cache, draw = tmp_path / "fits", tmp_path / "cache", random.Random(trainer)
    fits.mkdir()
    uncut, cut = made(trainer, cache, **params), made(trainer, cache, **params)
    expected, every = last_state(lambda: fit(uncut, task))
    first = made(trainer, cache, **params).warm_start(task.training())
    if first is not None:  # it has a test of its own
        fit(first, task, fits)
    for _ in range(3):
        work = partial(fit, made(trainer, cache, **params), task, fits)
        assert killed(work, draw.choice(after)) == (trainer not in WITHOUT_STEPS)
    found, left = last_state(lambda: fit(cut, task, fits))
    assert len(left) <= len(every) - 3 * min(after) or trainer in WITHOUT_STEPS
    assert found[:1] == expected[:1]
    for one, other in zip(found[1:], expected[1:], strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert saved(cut, tmp_path / "cut") == saved(uncut, tmp_path / "uncut")
    assert ids_of(cut, task) == ids_of(uncut, task)
    assert not list(fits.glob("*.checkpoint"))


@pytest.mark.parametrize("trainer", TRAINERS)
def test_tables_cut_at_random_steps_end_as_those_of_an_uncut_run(
    trainer, small_task, tmp_path, every_step
):
    if made(trainer, tmp_path).skip(small_task.training()):
        pytest.skip("it reads texts")
    require_same_after_kills(trainer, small_task, tmp_path)


@pytest.fixture(scope="module")
def sentences(small_text_task):
    """Texts that are long enough to be used as queries, as EHI does with sentences."""
    texts = [f"{text} That is all there is." for text in small_text_task.document_texts]
    return dataclasses.replace(small_text_task, document_texts=Strings.of(texts))


@pytest.mark.parametrize("trainer", TRAINERS)
def test_heads_cut_at_random_steps_end_as_those_of_an_uncut_run(
    trainer, sentences, tmp_path, every_step
):
    if made(trainer, tmp_path).skip(sentences.training()):
        pytest.skip("it makes tables")
    require_same_after_kills(trainer, sentences, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["last-layer", "full"])
def test_transformers_cut_at_random_steps_end_as_those_of_an_uncut_run(
    tune, sentences, tmp_path, every_step
):
    require_same_after_kills("standard-de", sentences, tmp_path, (1,), tune=tune, steps=4)


def state_of(value):
    """A state in the form that a plugin without PyTorch has."""
    return {"step": 0, "weights": np.full(3, value), "rng": np.random.default_rng(value)}


def left_by(path, *states):
    """The file that trainings of these states left, one after another."""
    kept = Checkpoint(path)
    for state in states:
        kept.restore(state)
        kept.keep(state)
    return path


def test_arrays_numbers_and_generators_are_restored(tmp_path, every_step):
    state = state_of(1)
    state["rng"].random(5)
    path = left_by(tmp_path / "a.checkpoint", {**state, "step": 7})
    again = state_of(2)
    weights = again["weights"]
    Checkpoint(path).restore(again)
    assert again["step"] == 7
    assert weights.tolist() == [1, 1, 1], "in place: others may hold the same array"
    assert again["rng"].random() == state["rng"].random()


def test_modules_and_optimisers_are_restored(tmp_path, every_step):
    def training(seed):
        torch.manual_seed(seed)
        module = torch.nn.Linear(3, 2)
        return {"module": module, "optimizer": torch.optim.AdamW(module.parameters())}

    def step(state):
        state["optimizer"].zero_grad()
        state["module"](torch.ones(3)).sum().backward()
        state["optimizer"].step()
        return state["module"].weight.detach().clone()

    state, again = training(0), training(1)
    step(state)
    Checkpoint(left_by(tmp_path / "a.checkpoint", state)).restore(again)
    assert torch.equal(step(again), step(state))


def test_each_training_of_a_fit_gets_its_own_state(tmp_path, every_step):
    path = left_by(tmp_path / "a.checkpoint", state_of(1), state_of(2))
    resumed = Checkpoint(path)
    first, second = state_of(3), state_of(4)
    resumed.restore(first)
    resumed.restore(second)
    assert first["weights"].tolist() == [3, 3, 3], "the second training was cut, not this one"
    assert second["weights"].tolist() == [2, 2, 2]


def test_a_second_training_never_goes_on_from_the_first_of_the_same_process(tmp_path, every_step):
    kept, second = Checkpoint(tmp_path / "a.checkpoint"), state_of(2)
    first = state_of(1)
    kept.restore(first)
    kept.keep(first)
    kept.restore(second)
    assert second["weights"].tolist() == [2, 2, 2]


def test_a_checkpoint_is_written_once_in_a_while(tmp_path):
    path = left_by(tmp_path / "a.checkpoint", state_of(1))
    assert not path.exists()
    assert checkpoint.EVERY_S < 60


@pytest.mark.parametrize("damage", ["cut short", "a byte", "empty", "gone"])
def test_a_damaged_checkpoint_begins_anew_with_a_word(tmp_path, every_step, damage):
    path, said, state = tmp_path / "a.checkpoint", [], state_of(2)
    file = left_by(path, state_of(1)) / "arrays.npz"
    content = file.read_bytes()
    place = content.index(np.full(3, 1).tobytes())
    damaged = {
        "cut short": content[:-40],
        "a byte": content[:place] + b"\2" + content[place + 1 :],
        "empty": b"",
    }
    file.unlink() if damage == "gone" else file.write_bytes(damaged[damage])
    Checkpoint(path, said.append).restore(state)
    assert state["weights"].tolist() == [2, 2, 2]
    assert said == [f"{file} is not as it was written; it is made again"]


def test_a_checkpoint_of_another_treeline_begins_anew_with_a_word(tmp_path, every_step):
    path, said, state = tmp_path / "a.checkpoint", [], state_of(2)
    keep(path, lambda folder: (folder / "state.bin").write_bytes(b"another"))
    Checkpoint(path, said.append).restore(state)
    assert state["weights"].tolist() == [2, 2, 2]
    assert said[0].startswith(f"{path} cannot be read")
    assert said[0].endswith("training begins anew")


def test_a_checkpoint_of_another_form_is_removed_with_a_way_out(tmp_path, every_step):
    path = left_by(tmp_path / "a.checkpoint", state_of(1))
    with pytest.raises(InputError, match=r"another form.*KeyError.*more.*run it again"):
        Checkpoint(path).restore({**state_of(2), "more": 1})
    assert not path.exists()


def test_a_full_disk_ends_no_training(tmp_path, every_step, monkeypatch):
    said = []
    kept = Checkpoint(tmp_path / "a.checkpoint", said.append)

    def full(*_arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    kept.restore(state_of(1))
    kept.keep(state_of(1))
    assert "No space left on device" in said[0]


def test_what_cannot_be_kept_is_named():
    with pytest.raises(TypeError, match=r"state\.batches is .*a generator cannot be kept"):
        Checkpoint().restore({"batches": (each for each in [1])})


def test_an_array_of_objects_is_refused():
    with pytest.raises(TypeError, match=r"state\.names is .* a ndarray cannot be kept"):
        Checkpoint().restore({"names": np.array(["a", None])})


def test_one_array_in_two_places_is_refused():
    weights = np.ones(3)
    with pytest.raises(TypeError, match=r"state\.best is an array that stands in the state before"):
        Checkpoint().restore({"weights": weights, "best": weights})


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    small_task, tmp_path, every_step, monkeypatch
):
    savez, written = np.savez, []

    def cut(file, *arrays):
        written.append(file)
        if len(written) == 5:
            file.write_bytes(b"PK")
            os.kill(os.getpid(), signal.SIGKILL)
        savez(file, *arrays)

    monkeypatch.setattr(np, "savez", cut)
    assert killed(partial(fit, made("masked-de", tmp_path), small_task, tmp_path), 10)
    _, steps = last_state(lambda: fit(made("masked-de", tmp_path), small_task, tmp_path))
    assert steps[0] == 5, "the fourth was kept, the fifth was cut"


def test_seconds_of_training_are_those_before_the_cut_too(small_task, tmp_path, every_step):
    assert killed(partial(fit, made("masked-de", tmp_path), small_task, tmp_path), 3)
    (path,) = tmp_path.glob("*.checkpoint")
    before = Checkpoint(path).seconds
    assert before > 0
    method = made("masked-de", tmp_path)
    said = []
    method.workspace = method.workspace._replace(warn=said.append)
    found = fit(method, small_task, tmp_path)
    assert found.seconds == pytest.approx(before + found.spent)
    assert said[0].startswith("training goes on where it was cut, after ")


def test_fresh_takes_no_checkpoint(small_task, tmp_path, every_step):
    assert killed(partial(fit, made("masked-de", tmp_path), small_task, tmp_path), 3)
    (path,) = tmp_path.glob("*.checkpoint")
    with trusting_from((path / MARKER).stat().st_mtime + 1):
        _, steps = last_state(lambda: fit(made("masked-de", tmp_path), small_task, tmp_path))
    assert steps[0] == 1


class Drawing(Method):
    """A plugin as CONTRIBUTING.md has it, without PyTorch."""

    name = "drawing"
    params: ClassVar = {"steps": 9}

    def fit(self, train, *, seed, progress):
        weights, rng = np.zeros(3), np.random.default_rng(seed)
        state = {"step": 0, "weights": weights, "best": weights.copy(), "rng": rng}
        self.workspace.checkpoint.restore(state)
        while state["step"] < self.values["steps"]:
            weights += rng.normal(size=3)
            if weights.sum() > state["best"].sum():
                state["best"] = weights.copy()
            state["step"] += 1
            self.workspace.checkpoint.keep(state)
        self.drawn = state["best"]

    def save(self, folder):
        np.save(folder / "drawn.npy", self.drawn)

    def load(self, folder):
        self.drawn = np.load(folder / "drawn.npy")

    def index(self, corpus):
        raise NotImplementedError

    search = index


@pytest.mark.slow  # three processes are begun and killed
def test_a_plugin_goes_on_with_two_calls(small_task, tmp_path, every_step):
    uncut, cut = Drawing(), Drawing()
    fit(uncut, small_task)
    for after in (2, 1, 3):
        assert killed(partial(fit, Drawing(), small_task, tmp_path), after)
    _, steps = last_state(lambda: fit(cut, small_task, tmp_path))
    assert steps == [7, 8, 9]
    assert cut.drawn.tolist() == uncut.drawn.tolist()


def test_other_parameters_take_no_checkpoint(small_task, tmp_path, every_step):
    assert killed(partial(fit, made("masked-de", tmp_path), small_task, tmp_path), 3)
    other = made("masked-de", tmp_path, lr=0.01)
    _, steps = last_state(lambda: fit(other, small_task, tmp_path))
    assert steps[0] == 1


def test_the_step_of_a_loss_that_is_no_number_counts_those_before_the_cut(tmp_path, every_step):
    watch, again = LossWatch(math.isfinite, "lr"), LossWatch(math.isfinite, "lr")
    watch.add(torch.tensor(1.0))
    Checkpoint(left_by(tmp_path / "a.checkpoint", {"watch": watch})).restore({"watch": again})
    with pytest.raises(InputError, match="the loss is nan at step 2; lower lr"):
        again.add(torch.tensor(math.nan))


@pytest.mark.slow
def test_a_killed_run_goes_on_in_the_middle_of_its_training(tmp_path):
    plugin = tmp_path / "often.py"
    plugin.write_text(
        "from bench.method import checkpoint\n"
        "from methods.catalog import compose\n"
        "checkpoint.EVERY_S = 0.05\n"
        "class Often(compose('often', 'masked-de', 'exact')):\n"
        "    pass\n"
    )
    asked = ("--methods", "", "--dataset", "tree:H=4,W=3", "--set", "often.steps=3000")
    asked += ("--plugin", f"{plugin}:Often")
    uncut, cut = tmp_path / "uncut", tmp_path / "cut"
    assert start(uncut, *asked).wait(300) == 0

    def checkpoints():
        return {
            file: file.stat().st_mtime for file in cut.glob(f".work/fits/*.checkpoint/{MARKER}")
        }

    def is_other_than(before):
        return bool(set(checkpoints().items()) - set(before.items()))

    for _ in range(2):
        before = checkpoints()
        run = start(cut, *asked)
        wait_for(partial(is_other_than, before))
        run.kill()
        run.wait()
        wait_for(lambda: not processes_of(cut))
    said, _ = start(cut, *asked).communicate(timeout=300)
    assert "training goes on where it was cut, after" in said
    ids = [
        [point.ids.tolist() for point in read_run(path)]
        for out in (uncut, cut)
        for path in out.glob("runs/*/often/*/run.parquet")
    ]
    assert len(ids) == 2
    assert ids[0] == ids[1]
