"""bench check: what it finds, what it lets pass, and how it says so."""

import os
import pickle
import subprocess
import sys
import time
from itertools import product

import ending
import faiss
import mutants
import numpy as np
import pandas as pd
import psutil
import pytest
from safetensors.numpy import save_file
from threadpoolctl import threadpool_info, threadpool_limits

from bench.check.apart import results_apart
from bench.check.fit_checks import SAFE_FORMS, is_safe
from bench.check.run import CHECKS, CheckStatus, MethodChecks
from bench.check.subject import Subject
from bench.check.tasks import TASKS
from bench.check.threads import Watch
from bench.errors import InputError
from bench.evaluation.answers import reason_to_skip
from bench.evaluation.fitted import training_of
from bench.plan.grid import Settings
from bench.registry import Registry
from bench.system.threads import one_thread
from tests.conftest import ROOT

PLUGIN = ROOT / "tests" / "plugins" / "mutants.py"
WRONG = [
    kind
    for kind in vars(mutants).values()
    if isinstance(kind, type) and getattr(kind, "caught_by", ())
]


def results_of(method, folder):
    checks = MethodChecks(method, Settings(), folder)
    with threadpool_limits():  # one of the mutants takes more threads, and keeps them
        return [checks.result(task, check) for task in TASKS for check in CHECKS]


def failed(results):
    return {result.check for result in results if result.status is CheckStatus.FAILED}


def check(*arguments, timeout=120):
    command = [sys.executable, "-m", "bench", "check", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize("sound", [mutants.Sound, mutants.CountsForItself])
def test_a_sound_method_passes_every_check_that_applies(sound, tmp_path):
    results = results_of(sound, tmp_path)
    assert failed(results) == set()
    passed = {result.check for result in results if result.status is CheckStatus.PASSED}
    # It prepares no queries, and its routing is counted.
    left_out = {"prepare_does_not_search", "leaves_are_chosen_before_documents_are_scored"}
    if sound is mutants.CountsForItself:
        left_out |= {"leaves_contain_what_is_returned", "leaves_stay_as_they_are"}
    assert passed == set(CHECKS) - left_out


@pytest.mark.parametrize("mutant", WRONG, ids=lambda kind: kind.__name__)
def test_a_mutant_is_caught_by_the_check_of_that_name_and_by_no_other(mutant, tmp_path):
    assert failed(results_of(mutant, tmp_path)) == set(mutant.caught_by)


def test_every_check_has_a_mutant():
    assert {name for mutant in WRONG for name in mutant.caught_by} == set(CHECKS)


def test_what_was_written_past_numpys_guard_is_named(tmp_path):
    checks = MethodChecks(mutants.WritesPastNumpysGuard, Settings(), tmp_path)
    result = checks.result("hierarchy", "does_not_modify_its_inputs")
    assert result.reason == "changed queries.rows, which it may only read"


def test_more_processor_time_than_one_thread_has_is_told(monkeypatch):
    with one_thread():
        assert Watch().exceeded() is None
        looks = iter(range(1000))
        monkeypatch.setattr("bench.check.threads._wanted", lambda: {"all": 60.0 * next(looks)})
        assert "start none of its own" in Watch().exceeded()


def test_threads_are_as_before_after_a_check():
    before = {each["filepath"]: each["num_threads"] for each in threadpool_info()}
    with one_thread():
        assert {each["num_threads"] for each in threadpool_info()} == {1}
    assert {each["filepath"]: each["num_threads"] for each in threadpool_info()} == before


def test_an_exempt_check_is_not_made_and_keeps_its_reason(tmp_path, monkeypatch):
    exempt = {"larger_budget_never_visits_less": "settings are no budgets"}
    monkeypatch.setattr(mutants.DearestFirst, "exempt", exempt)
    results = results_of(mutants.DearestFirst, tmp_path)
    assert failed(results) == set()
    assert {each.reason for each in results if each.status is CheckStatus.EXEMPT} == {
        "settings are no budgets"
    }


@pytest.mark.parametrize(
    ("exempt", "message"),
    [
        ({"fits_indexes_and_searches": "because"}, "nothing else is checked"),
        ({"no_duplicate": "why"}, "did you mean no_duplicates"),
        ({"no_duplicates": " "}, "a reason"),
    ],
)
def test_an_exemption_names_a_check_and_a_reason(exempt, message, tmp_path):
    kind = type("Exempt", (mutants.Sound,), {"exempt": exempt})
    with pytest.raises(InputError, match=message):
        MethodChecks(kind, Settings(), tmp_path)


def test_a_method_that_skips_everything_was_not_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants.Sound, "skip", lambda self, train: "not today")
    results = results_of(mutants.Sound, tmp_path)
    assert failed(results) == {"fits_indexes_and_searches"}
    assert "hierarchy: not today; texts: not today" in results[0].reason


def test_a_form_that_can_hold_no_pickle_is_known_by_its_ending_and_its_content(tmp_path):
    pickled = pickle.dumps({"a": [1, "b"]})
    np.save(tmp_path / "objects.npy", np.array([{}, None]))
    np.savez(tmp_path / "objects.npz", a=np.array([{}, None]))
    for name in ("model.pt", "weights.bin", "facts", *(f"a{form}" for form in SAFE_FORMS)):
        (tmp_path / name).write_bytes(pickled)
    for file in tmp_path.iterdir():
        assert not is_safe(file), file.name
    np.save(tmp_path / "plain.npy", np.arange(3))
    np.savez(tmp_path / "plain.npz", a=np.arange(3))
    save_file({"x": np.zeros(2)}, tmp_path / "weights.safetensors")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "table.parquet")
    faiss.write_index(faiss.IndexFlatIP(2), str(tmp_path / "index.faiss"))
    (tmp_path / "facts.json").write_text('{"a": [1, 2]}')
    (tmp_path / "words.txt").write_text("I am no pickle.")
    safe = [file for file in tmp_path.iterdir() if is_safe(file)]
    assert {file.suffix for file in safe} == set(SAFE_FORMS)


ENDS = {
    "ExitsAtOnce": "ends the process with exit code 0; does it call os._exit()?",
    "KillsItself": "ends the process by SIGKILL",
    "Exits": "raises SystemExit: 0",
    "Interrupts": "raises KeyboardInterrupt",
    "Hangs": "takes longer than 3 s",
    "Stops": "takes longer than 3 s",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_method_that_ends_its_process_or_never_ends_has_failed(name, tmp_path):
    checks = MethodChecks(getattr(ending, name), Settings(), tmp_path)
    results = results_apart(checks, tmp_path, timeout_s=3)
    assert {(each.check, each.task) for each in results} == {*product(CHECKS, TASKS)}
    (failure,) = {each.reason for each in results if each.status is CheckStatus.FAILED}
    assert ENDS[name] in failure
    assert failed(results) == {"fits_indexes_and_searches"}


def test_checks_that_were_made_before_the_process_ended_are_kept(tmp_path):
    checks = MethodChecks(ending.ExitsWhereItLoads, Settings(), tmp_path)
    results = results_apart(checks, tmp_path, timeout_s=60)
    assert failed(results) == {"save_load_round_trip"}
    done = [each.status for each in results]
    assert done[: 4 * len(TASKS)] == [CheckStatus.PASSED] * 4 * len(TASKS)
    assert done[4 * len(TASKS) + 1 :] == [CheckStatus.NOT_APPLICABLE] * (20 * len(TASKS) - 1)


@pytest.mark.parametrize("leaves", [ending.LeavesAChild, ending.LeavesAThread])
def test_what_a_method_leaves_running_is_not_waited_for(leaves, tmp_path):
    begin = time.monotonic()
    checks = MethodChecks(leaves, Settings(), tmp_path)
    results_apart(checks, tmp_path, timeout_s=60)
    assert time.monotonic() - begin < 45
    assert not [each for each in psutil.Process().children() if each.status() != "zombie"]


@pytest.mark.slow
def test_a_method_that_exits_takes_no_other_method_with_it():
    plugin = ROOT / "tests" / "plugins" / "ending.py"
    done = check("random", f"{plugin}:ExitsAtOnce", f"{PLUGIN}:Sound", f"{plugin}:KillsItself")
    assert done.returncode == 1
    assert "[3/4] sound: 22 ok, 2 n/a" in done.stdout
    assert "ExitsAtOnce · fits_indexes_and_searches: on hierarchy: ends the process" in done.stdout
    assert "KillsItself · fits_indexes_and_searches" in done.stdout
    assert not done.stderr


@pytest.mark.slow
def test_the_command_prints_a_table_and_each_failure_and_fails():
    done = check(f"{PLUGIN}:DearestFirst", "random")
    assert done.returncode == 1
    assert "10  larger_budget_never_visits_less" in done.stdout
    assert "{'nprobe': 3} visits" in done.stdout
    assert "operating_points() must be in order of cost" in done.stdout
    assert not done.stderr


@pytest.mark.slow
def test_the_command_succeeds_where_nothing_fails_and_gives_the_reasons_of_the_rest():
    done = check(ROOT / "examples" / "popularity.py:Popularity")
    assert done.returncode == 0
    assert "popularity · save_load_round_trip: it does not save its fit" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a method"),
        (("maskd-de",), "did you mean masked-de"),
        (("absent.py:Class",), "there is no file"),
        (("random", "--set", "width=3"), "no chosen method has this parameter"),
    ],
)
def test_what_cannot_be_checked_is_one_clear_line(arguments, message):
    done = check(*arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_one_line_in_a_test_file_makes_every_check_a_test(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "from bench.check.pytest_plugin import contract_tests\n"
        "from mutants import RepeatsTheBest\n"
        "test_contract = contract_tests(RepeatsTheBest)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir",
               str(tmp_path), str(tmp_path / "test_mine.py")]  # fmt: skip
    beside = {**os.environ, "PYTHONPATH": str(PLUGIN.parent)}
    done = subprocess.run(command, cwd=ROOT, env=beside, capture_output=True, text=True)
    # 24 checks on 2 tasks: no texts in the hierarchy, nothing large of texts, and two that apply
    # to neither.
    assert "2 failed, 40 passed, 6 skipped" in done.stdout, done.stdout
    assert "test_contract[texts-no_duplicates]" in done.stdout
    assert "got document" in done.stdout


@pytest.mark.parametrize("name", Registry().built_ins())
def test_a_built_in_method_has_a_row_on_a_small_task(name, tmp_path):
    method = Registry().resolve(name)
    subjects = [Subject(method, Settings(), make(), tmp_path) for make in TASKS.values()]
    training = [training_of(one.task, sees_test=method.sees_test) for one in subjects]
    reasons = [
        reason_to_skip(one.make(), data) for one, data in zip(subjects, training, strict=True)
    ]
    assert None in reasons


@pytest.mark.slow
def test_all_built_in_methods_pass_within_two_minutes_of_processor_time():
    begin = psutil.Process().cpu_times()
    clock = time.perf_counter()
    done = check("--all", timeout=300)
    spent = psutil.Process().cpu_times()
    seconds = spent.children_user + spent.children_system
    seconds -= begin.children_user + begin.children_system
    assert done.returncode == 0, done.stdout
    assert "de-hnsw · k_of_the_corpus_returns_what_was_visited: a graph scores" in done.stdout
    assert min(seconds, time.perf_counter() - clock) < 120
