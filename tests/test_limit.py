"""LIMIT: every k of n documents are the answer to one query, as tables and as texts."""

import math
import re
from itertools import combinations

import pytest
from Stemmer import Stemmer

import bench
from bench.data.load import load_dataset
from bench.data.readers.limit_words import FIRST_NAMES, LAST_NAMES, THINGS
from bench.errors import InputError


def answers(task):
    """The documents of each query, by name."""
    relevance = task.test.relevance
    return [
        {task.document_names[document] for document in relevance.rows([query]).documents}
        for query in range(relevance.n_queries)
    ]


@pytest.mark.parametrize(("n", "k"), [(5, 2), (5, 3), (3, 3), (4, 1)])
def test_every_k_documents_are_the_answer_to_one_query(n, k):
    task = load_dataset(f"limit:n={n},k={k}")
    every = list(combinations(map(str, range(n)), k))
    assert answers(task) == [set(some) for some in every]
    assert list(task.query_names) == ["+".join(some) for some in every]


def test_what_is_trained_on_is_what_is_tested():
    for name in ("limit:n=6,k=2", "limit-text:n=6,k=2"):
        task = load_dataset(name)
        assert set(task.train.codes) == set(task.test.relevance.codes)
        assert set(task.train.codes) == set(task.validation.relevance.codes)
        assert any("same pairs" in note for note in task.notes)


def test_the_people_who_like_what_is_asked_for_are_the_answer():
    task = load_dataset("limit-text:n=6,k=2")
    for query, found in zip(task.query_texts, answers(task), strict=True):
        thing = re.fullmatch(r"Who likes (\w+)\?", query)[1]
        liking = [text for text in task.document_texts if re.search(rf"\b{thing}\b", text)]
        assert {" ".join(text.split()[:2]) for text in liking} == found
        assert len(liking) == 2


def test_each_of_the_46_people_likes_45_things():
    task = load_dataset("limit-text")
    assert len(task.query_names) == math.comb(46, 2) == 1035
    for text in task.document_texts:
        assert len(re.split(", | and ", text)) == 45


def test_texts_are_always_the_same():
    one, other = (load_dataset("limit-text:n=8,k=3") for _ in range(2))
    assert one.digest == other.digest


def test_no_two_words_of_the_lists_have_one_stem():
    stem = Stemmer("english").stemWord
    words = [word.lower() for word in (*FIRST_NAMES, *LAST_NAMES, *THINGS)]
    assert len({stem(word) for word in words}) == len(words)


def test_words_alone_find_who_likes_what():
    cell = bench.evaluate("bm25", load_dataset("limit-text:n=12,k=2"))
    assert cell.points[-1].recall == 1


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("limit:n=3,k=4", "k is from 1 to n; got n=3, k=4"),
        ("limit:k=0", "k is from 1 to n; got n=46, k=0"),
        ("limit:n=-5", "k is from 1 to n; got n=-5, k=2"),
        ("limit:n=many", "takes k=NUMBER, n=NUMBER; got 'n=many'"),
        ("limit:k=1.5", "takes k=NUMBER, n=NUMBER; got 'k=1.5'"),
        (
            "limit:n=2000,k=2",
            "has 1,999,000 queries of 2 documents each; it holds at most 2,000,000 pairs of both: "
            "with k=2 take n up to 1,414",
        ),
        ("limit:n=999999999,k=400000000", r"about 10\^292,285,248 queries .* k up to 2,000,000"),
        ("limit-text:n=60", "1,770 things to like, .* it has 1,505 of both: with k=2 take n up to"),
        ("limit-text:n=2000,k=2000", "2,000 people; it has 1,505 of both: take k up to 1,505, or"),
    ],
)
def test_numbers_that_make_no_dataset_are_told_with_the_way_out(dataset, says):
    with pytest.raises(InputError, match=says):
        load_dataset(dataset)


def test_the_largest_n_that_an_error_names_is_accepted():
    assert len(load_dataset("limit-text:n=55,k=2").query_names) == 1485
    assert 2 * math.comb(1414, 2) <= 2_000_000 < 2 * math.comb(1415, 2)
