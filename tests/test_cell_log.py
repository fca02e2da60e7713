"""A cell's log: its start and its end are kept, and a full disk ends nothing."""

import pytest

from bench.executors import supervisor as cell_log
from bench.executors.supervisor import CellLog


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Of a log that keeps ten bytes of the start and ten of the end."""
    monkeypatch.setattr(cell_log, "KEPT_BYTES", 10)
    return tmp_path / "cell.log"


def written(path, *blocks):
    log = CellLog(path)
    for block in blocks:
        log.add(block)
    log.close()
    return path.read_bytes()


def test_what_is_short_is_kept_whole(path):
    assert written(path, b"fit\n", b"index\n", b"search\n") == b"fit\nindex\nsearch\n"
    assert written(path) == b""


def test_of_what_is_long_the_start_and_the_end_are_kept_and_the_rest_is_counted(path):
    # 26 + 26 letters and 10 digits less ten at each end.
    whole = b"abcdefghijklmnopqrstuvwxyz" + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + b"0123456789"
    kept = b"abcdefghij\n[... 42 bytes left out ...]\n0123456789"
    assert written(path, whole) == kept
    assert written(path, *(whole[n : n + 1] for n in range(len(whole)))) == kept


def test_the_end_takes_no_more_memory_than_twice_what_is_kept_of_it(path):
    log = CellLog(path)
    for _ in range(1000):
        log.add(b"abcdefg")
        assert len(log._end) <= 20


def test_a_log_begins_anew_in_the_place_of_an_older_one(path):
    path.write_bytes(b"of the cell before")
    assert written(path, b"new") == b"new"


def test_the_end_of_the_output_is_known_before_the_log_is_closed_and_after(path):
    log = CellLog(path)
    assert log.end_of_output() == ""
    log.add(b"0123")
    assert log.end_of_output() == "0123"
    log.add(b"456789 then it crashed")
    assert log.end_of_output().endswith("it crashed")
    log.close()
    assert log.end_of_output().endswith("it crashed")


def test_an_end_that_is_no_text_is_read_all_the_same(path):
    log = CellLog(path)
    log.add(b"\xff!")
    assert log.end_of_output() == "\ufffd!"


def test_a_log_that_cannot_be_written_is_no_failure(tmp_path):
    log = CellLog(tmp_path / "no such folder" / "cell.log")
    log.add(b"lost")
    log.close()
    assert log.end_of_output() == ""
