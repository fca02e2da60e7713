"""Why a cell's process ended without a word."""

import signal

import pytest

from bench.executors.exit_reason import status_and_reason
from bench.store.cell import Status

CRASH = """Fatal Python error: Segmentation fault

Thread 0x01 (most recent call first):
  File "/lib/threading.py", line 9 in wait

Current thread 0x02 (most recent call first):
  File "/site/faiss/swig.py", line 11 in search
  File "/home/me/mine.py", line 22 in scan
  File "/home/me/mine.py", line 33 in search
  File "/bench/executors/worker.py", line 44 in main

Extension modules: numpy
"""


def test_sigkill_is_called_lack_of_memory_with_the_doubt_that_there_is():
    status, reason = status_and_reason(-signal.SIGKILL, "")
    assert status is Status.OUT_OF_MEMORY
    assert reason.startswith("killed by the system, most likely for memory")


def test_a_crash_names_the_signal_and_the_innermost_calls_of_its_thread():
    assert status_and_reason(-signal.SIGSEGV, f"epoch 3\n{CRASH}") == (
        Status.FAILED,
        "its process crashed with signal SIGSEGV in search (swig.py:11), called from "
        "scan (mine.py:22), called from search (mine.py:33)",
    )


@pytest.mark.parametrize(
    ("printed", "told"),
    [("", "signal SIGTERM"), ("epoch 3\nfree(): invalid\n", "signal SIGTERM: free(): invalid")],
)
def test_without_a_report_a_crash_is_told_with_the_last_line(printed, told):
    assert status_and_reason(-signal.SIGTERM, printed)[1] == f"its process crashed with {told}"


def test_a_signal_without_a_name_is_told_by_its_number():
    assert "signal 40" in status_and_reason(-40, "")[1]


def test_an_exit_code_is_told_with_the_last_line_cut_at_300_characters():
    status, reason = status_and_reason(3, f"first\n{'x' * 400}\n\n")
    assert (status, reason) == (
        Status.FAILED,
        f"its process ended with exit code 3: {'x' * 300}",
    )


def test_an_exit_without_a_result_and_without_an_error_asks_for_os_exit():
    assert status_and_reason(0, "")[1] == (
        "its process ended with exit code 0 before it was measured; does it call os._exit()?"
    )
