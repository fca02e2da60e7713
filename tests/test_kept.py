"""What is kept to save work: durable before it appears, verified when it is opened."""

import json
import os
import subprocess
import sys
import time

import pytest
from filelock import FileLock

import bench.system.files
from bench.errors import InputError
from bench.evaluation.fitted import FittedCache
from bench.method import Workspace
from bench.registry import Registry
from bench.system.kept import is_whole, keep, made_once, n_waiting, trusting_from


@pytest.fixture
def made(tmp_path):
    """Makes a folder unless it is kept; returns it, and how often it was made."""
    calls = []

    def call():
        def write(folder):
            calls.append(folder)
            (folder / "part").mkdir()
            (folder / "part" / "a").write_text("content")

        return made_once(tmp_path / "kept", write, "a test"), len(calls)

    return call


def test_a_folder_is_made_once(made):
    made()
    folder, times = made()
    assert times == 1
    assert (folder / "part" / "a").read_text() == "content"


@pytest.mark.parametrize("file", ["part/a", "complete.json"])
@pytest.mark.parametrize("content", [None, b"", b"\0" * 7, b"kontent"])
def test_a_damaged_folder_is_made_again_with_a_word(made, capsys, file, content):
    folder, _ = made()
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    assert made() == (folder, 2)
    assert (folder / "part" / "a").read_text() == "content"
    assert capsys.readouterr().out == (
        f"{folder / file} is not as it was written; it is made again\n"
    )


def test_every_file_is_on_the_disk_before_the_folder_has_its_name(made, tmp_path, monkeypatch):
    synced = []

    def record(path):
        synced.append(path.relative_to(tmp_path).as_posix())
        assert (tmp_path / "kept").exists() == (path == tmp_path)

    monkeypatch.setattr(bench.system.files, "sync", record)
    made()
    inside = ["complete.json", "part", "part/a"]
    assert synced == [*(f"kept.partial/{name}" for name in inside), "kept.partial", "."]


def test_a_kill_between_the_marker_and_the_move_leaves_what_can_be_resumed(tmp_path):
    def write(folder):
        (folder / "a").write_text("whole")

    keep(tmp_path / "kept", write, resumes=True)
    (tmp_path / "kept").rename(tmp_path / "kept.partial")
    keep(tmp_path / "kept", write, resumes=True)
    assert is_whole(tmp_path / "kept")


def test_what_fails_leaves_nothing_and_what_resumes_leaves_what_it_has(tmp_path):
    def write(folder):
        (folder / "a").write_text("half")
        raise KeyboardInterrupt

    for resumes in (False, True):
        with pytest.raises(KeyboardInterrupt):
            keep(tmp_path / "kept", write, resumes=resumes)
        assert (tmp_path / "kept.partial").exists() == resumes
        assert not is_whole(tmp_path / "kept")


def test_what_was_made_before_a_moment_is_made_again_without_a_word(made, capsys):
    folder, _ = made()
    os.utime(folder / "complete.json", (1, 1))
    with trusting_from(2):
        assert made()[1] == 2
        assert made()[1] == 2
    assert not capsys.readouterr().out


def test_what_was_cut_short_before_a_moment_is_begun_again(tmp_path):
    partial = tmp_path / "kept.partial"
    partial.mkdir()
    (partial / "half").write_text("half")
    os.utime(partial, (1, 1))
    found = []
    with trusting_from(2):
        keep(tmp_path / "kept", lambda folder: found.extend(folder.iterdir()), resumes=True)
    assert not found


def test_a_method_without_a_cache_is_told_so():
    with pytest.raises(InputError, match="vectors are kept on disk, and there is no cache"):
        Workspace().made_once("place", None, "vectors")


@pytest.fixture
def fit(small_task, tmp_path):
    """A function that fits a method over a folder of fitted states; and what was said."""
    said = []

    def call():
        method = Registry().resolve("standard-de")(dim=4, steps=2)
        method.workspace = Workspace(warn=said.append)
        fitted = FittedCache(tmp_path, small_task.digest)
        return fitted.fit(method, small_task.training(), 0, lambda _done, _total: None)

    return call, said


def test_a_damaged_fitted_state_is_fitted_again_with_a_word(fit, tmp_path):
    call, said = fit
    assert not call().shared
    assert call().shared
    (file,) = tmp_path.glob("*/*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1  # one bit of one weight
    file.write_bytes(content)
    assert not call().shared
    assert said == [f"{file} is not as it was written; it is made again"]
    assert call().shared


def test_under_fresh_a_fitted_state_of_before_is_fitted_again(fit, tmp_path):
    call, _ = fit
    call()
    (marker,) = tmp_path.glob("*/complete.json")
    assert "fit.json" in json.loads(marker.read_text())
    with trusting_from(time.time() + 1):
        assert not call().shared


def test_processes_that_wait_for_a_folder_are_counted_and_those_that_were_killed_are_not(tmp_path):
    counted = []

    def write(folder):
        killed = tmp_path / "kept.waits-1"
        killed.touch()
        with FileLock(tmp_path / "kept.waits-2"), FileLock(tmp_path / "other.waits-3"):
            counted.append(n_waiting(tmp_path / "kept"))
        assert not killed.exists()
        counted.append(n_waiting(tmp_path / "kept"))

    made_once(tmp_path / "kept", write, "a test")
    assert counted == [1, 0]


def test_a_process_that_waits_says_so_and_takes_it_back(tmp_path):
    waiter = [
        sys.executable,
        "-c",
        "import sys, pathlib; from bench.system.kept import made_once;"
        "made_once(pathlib.Path(sys.argv[1]), lambda folder: None, 'a test')",
        str(tmp_path / "kept"),
    ]

    def write(folder):
        nonlocal process
        process = subprocess.Popen(waiter)
        for _ in range(600):
            if n_waiting(tmp_path / "kept"):
                return
            time.sleep(0.05)
        pytest.fail("nobody waits")

    process = None
    made_once(tmp_path / "kept", write, "a test")
    assert process.wait(60) == 0
    assert not list(tmp_path.glob("*.waits-*"))
