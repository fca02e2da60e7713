"""Strings in one buffer: a list that does not fill memory."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.arrays.strings import Strings, StringsWriter, Taken

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12)


@given(TEXTS)
def test_they_are_the_list_that_they_were_made_of(values):
    strings = Strings.of(values)
    assert list(strings) == values
    assert [strings[i] for i in range(len(values))] == values
    assert list(strings[1:5]) == values[1:5]
    assert list(strings.take(np.arange(len(values))[::-1])) == values[::-1]


@given(TEXTS, TEXTS)
def test_the_digest_tells_them_apart(left, right):
    assert (Strings.of(left).digest == Strings.of(right).digest) is (left == right)


def test_the_digest_of_a_part_is_that_of_the_same_strings():
    assert Strings.of(["a", "b", "c"])[1:].digest == Strings.of(["b", "c"]).digest


def test_past_the_end_is_an_index_error():
    with pytest.raises(IndexError):
        Strings.of(["a"])[1]


def test_written_piece_by_piece_they_are_mapped_whole(tmp_path):
    with StringsWriter(tmp_path / "names") as writer:
        writer.append(pa.array(["à", ""]))
        writer.append(pa.array([], pa.string()))
        writer.append(pa.array(["skipped", "犬"])[1:])
    strings = Strings.open(tmp_path / "names")
    assert list(strings) == ["à", "", "犬"]
    assert isinstance(strings.data, np.memmap)


@pytest.mark.parametrize("values", [[], [""], ["a", "b"]])
def test_saved_strings_are_opened_alike(tmp_path, values):
    Strings.of(values).save(tmp_path / "texts")
    assert list(Strings.open(tmp_path / "texts")) == values


def test_they_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Strings.of(["abc"]).data[0] = 0


def test_taken_strings_are_looked_up_when_asked_for():
    taken = Taken(Strings.of(["a", "b", "c"]), np.array([2, 0, 2]))
    assert list(taken) == ["c", "a", "c"]
    assert list(taken[1:]) == ["a", "c"]
    with pytest.raises(IndexError):
        taken[3]
