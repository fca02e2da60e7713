"""What a method takes and says goes into files and onto boards: bounded, and of one line."""

import math
import os
import shlex
from pathlib import Path

import pytest

from bench.errors import InputError, MethodError, reason_of
from bench.executors.events import Event, Kind
from bench.executors.messages import Notice, message_of
from bench.executors.progress import follow
from bench.executors.worker import _Events
from bench.method import Method, check_params
from bench.plan.schedule import Schedule
from bench.store.cell import Status
from bench.types import is_value
from tests.cells import cell

NO_VALUES = {
    "not finite": math.inf,
    "no number": math.nan,
    "more than 64 bits": 2**63,
    "thousands of digits": 10**5000,
    "half a letter": "caf\udce9",
    "no letter": "a\0b",
    "two lines": "a\nb",
    "a colour": "\x1b[31m",
    "a megabyte": "x" * 10**6,
    "a list": [1],
    "bytes": b"x",
    "nothing": None,
}


@pytest.mark.parametrize("value", NO_VALUES.values(), ids=NO_VALUES)
def test_what_no_file_or_board_can_hold_is_no_value(value):
    assert not is_value(value)


@pytest.mark.parametrize("value", [True, 0, -(2**63), 1.5, "", "Straße 北京", "/a path/é"])
def test_numbers_and_texts_in_any_language_are_values(value):
    assert is_value(value)


class Taking(Method):
    name = "taking"
    params = {"text": "", "number": 1}

    def index(self, corpus): ...
    def search(self, queries, k, point): ...


@pytest.mark.parametrize("given", [{"text": "caf\udce9"}, {"number": 10**400}, {"text": "a\nb"}])
def test_a_parameter_that_cannot_be_kept_is_refused_with_what_can(given):
    with pytest.raises(InputError, match="whole one of 64 bits.* can be printed") as refused:
        check_params(Taking, given)
    assert len(str(refused.value)) < 400


def test_a_reason_of_a_megabyte_and_many_lines_is_one_line():
    ended = cell().ended(Status.SKIPPED, "a\n# heading\n| b |" + "x" * 10**6)
    assert ended.reason.startswith("a # heading | b |xxx")
    assert len(ended.reason) == 1000


class WithoutTextError(Exception):
    def __str__(self):
        raise RuntimeError


def test_an_exception_whose_text_cannot_be_had_is_told_by_its_place():
    with pytest.raises(WithoutTextError) as raised:
        raise WithoutTextError
    assert reason_of(raised.value).startswith("WithoutTextError in test_values.py:")


@pytest.fixture
def pipe():
    readable, writable = os.pipe()
    yield readable, _Events(writable)
    os.close(readable)


@pytest.mark.parametrize("numbers", [(math.nan, 5), (None, None), ("a", "b"), (1, math.inf)])
def test_progress_that_is_no_number_is_named(pipe, numbers):
    with pytest.raises(MethodError, match=r"progress\(\) takes two finite numbers"):
        pipe[1].phase("fit", *numbers)


@pytest.mark.parametrize("text", [5, b"x", None, "caf\udce9", "a\n[1/1] b: recall 100 %"])
def test_a_warning_of_any_kind_arrives_as_one_line(pipe, text):
    pipe[1].warn(text)
    message = message_of(os.read(pipe[0], 5000))
    assert isinstance(message, Notice)
    assert "\n" not in message.text
    message.text.encode()


def test_the_path_of_a_log_can_be_copied_from_what_a_run_says(capsys):
    failed = cell(status=Status.FAILED, reason="why")
    events = [Event(Kind.START, failed), Event(Kind.END, failed)]
    follow(events, 1, Schedule([failed]), Path("my results/.work/logs"))
    _, _, said = capsys.readouterr().out.partition("(its log: ")
    assert shlex.split(said.partition(")")[0]) == [f"my results/.work/logs/{failed.key}.log"]
