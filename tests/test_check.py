"""bench check: what it finds, what it lets pass, and how it says so."""

import ctypes
import io
import json
import pickle
import subprocess
import sys
import time
import zipfile

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info

from bench.check.outcome import Verdict
from bench.check.pickles import holds_pickle
from bench.check.run import CHECKS, MethodChecks
from bench.check.threads import Watch, one_thread
from bench.errors import InputError
from bench.plan.grid import Settings
from tests.conftest import ROOT
from tests.plugins import mutants

PLUGIN = ROOT / "tests" / "plugins" / "mutants.py"
WRONG = [
    kind
    for kind in vars(mutants).values()
    if isinstance(kind, type) and getattr(kind, "caught_by", ())
]


def outcomes_of(method, folder):
    return list(MethodChecks(method, Settings(), folder).outcomes())


def failed(outcomes):
    return {outcome.check for outcome in outcomes if outcome.verdict is Verdict.FAILED}


def check(*arguments, timeout=120):
    command = [sys.executable, "-m", "bench", "check", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize("sound", [mutants.Sound, mutants.CountsForItself])
def test_a_sound_method_passes_every_check_that_applies(sound, tmp_path):
    outcomes = outcomes_of(sound, tmp_path)
    assert failed(outcomes) == set()
    passed = {outcome.check for outcome in outcomes if outcome.verdict is Verdict.PASSED}
    without_leaves = {"leaves_contain_what_is_returned"} if sound is not mutants.Sound else set()
    assert passed == set(CHECKS) - without_leaves


@pytest.mark.parametrize("mutant", WRONG, ids=lambda kind: kind.__name__)
def test_a_mutant_is_caught_by_the_check_of_that_name_and_by_no_other(mutant, tmp_path):
    assert failed(outcomes_of(mutant, tmp_path)) == set(mutant.caught_by)


def test_every_check_has_a_mutant():
    assert {name for mutant in WRONG for name in mutant.caught_by} == set(CHECKS)


def test_writing_past_numpys_guard_is_seen(tmp_path):
    class PastNumpy(mutants.Sound):
        def search(self, queries, k, point):
            rows = queries.rows
            ctypes.memset(rows.ctypes.data, 0, rows.nbytes)
            return super().search(queries, k, point)

    found = outcomes_of(PastNumpy, tmp_path)
    assert failed(found) == {"does_not_modify_its_inputs"}
    assert {each.reason for each in found if each.verdict is Verdict.FAILED} == {
        "changed queries.rows, which it was handed to read"
    }


def test_more_processor_time_than_one_thread_has_is_told(monkeypatch):
    watch = Watch()
    with one_thread():
        assert watch.exceeded() is None
        before = time.process_time()
        monkeypatch.setattr("bench.check.threads.time.process_time", lambda: before + 60)
        assert "start no threads of its own" in watch.exceeded()


def test_threads_are_as_before_after_a_check():
    before = {each["filepath"]: each["num_threads"] for each in threadpool_info()}
    with one_thread():
        assert {each["num_threads"] for each in threadpool_info()} == {1}
    assert {each["filepath"]: each["num_threads"] for each in threadpool_info()} == before


def test_an_exempt_check_is_not_made_and_keeps_its_reason(tmp_path):
    class Exempt(mutants.DearestFirst):
        exempt = {"larger_budget_never_visits_less": "settings are no budgets"}

    outcomes = outcomes_of(Exempt, tmp_path)
    assert failed(outcomes) == set()
    assert {each.reason for each in outcomes if each.verdict is Verdict.EXEMPT} == {
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


def test_a_method_that_skips_everything_was_not_checked(tmp_path):
    class Choosy(mutants.Sound):
        def skip(self, train):
            return "not today"

    outcomes = outcomes_of(Choosy, tmp_path)
    assert failed(outcomes) == {"fits_indexes_and_searches"}
    assert "hierarchy: not today; texts: not today" in outcomes[0].reason


def torch_archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return buffer.getvalue()


def saved(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def test_pickles_are_told_from_other_files(tmp_path):
    header = json.dumps({"x": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})
    header = header.ljust(0x0480)  # the length of a pickle's first two bytes
    pickles = {f"protocol-{n}": pickle.dumps({"a": [1, "b"]}, protocol=n) for n in range(6)}
    pickles |= {"model.pt": torch_archive(), "objects.npy": saved(np.array([{}, None]))}
    others = {
        "facts.json": b'{"a": [1, 2]}',
        "number.json": b"12",
        "plain.npy": saved(np.arange(3)),
        "words.txt": b"I am no pickle.",
        "weights.safetensors": len(header).to_bytes(8, "little") + header.encode(),
        "weights": len(header).to_bytes(8, "little") + header.encode(),
        "empty": b"",
    }
    for name, content in {**pickles, **others}.items():
        (tmp_path / name).write_bytes(content)
        assert holds_pickle(tmp_path / name) is (name in pickles), name


def test_the_command_prints_a_table_and_each_failure_and_fails():
    done = check(f"{PLUGIN}:DearestFirst", "random")
    assert done.returncode == 1
    assert "10  larger_budget_never_visits_less" in done.stdout
    assert "{'nprobe': 3} visits" in done.stdout
    assert "operating_points() go from cheap to dear" in done.stdout
    assert not done.stderr


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


def test_one_line_in_a_test_file_makes_every_check_a_test(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "from bench.check.pytest_plugin import contract_tests\n"
        "from tests.plugins.mutants import RepeatsTheBest\n"
        "test_contract = contract_tests(RepeatsTheBest)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir",
               str(tmp_path), str(tmp_path / "test_mine.py")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # 15 checks on 2 tasks; the hierarchy has no texts.
    assert "2 failed, 27 passed, 1 skipped" in done.stdout, done.stdout
    assert "test_contract[texts-no_duplicates]" in done.stdout
    assert "got document" in done.stdout


@pytest.mark.slow
def test_all_built_in_methods_pass_within_a_minute_of_processor_time():
    begin = psutil.Process().cpu_times()
    clock = time.perf_counter()
    done = check("--all", timeout=300)
    spent = psutil.Process().cpu_times()
    seconds = spent.children_user + spent.children_system
    seconds -= begin.children_user + begin.children_system
    assert done.returncode == 0, done.stdout
    assert "de-hnsw · k_of_the_corpus_returns_what_was_visited: a graph scores" in done.stdout
    assert min(seconds, time.perf_counter() - clock) < 60
