"""Readers of text datasets: BEIR folders, ESCI, Natural Questions."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bench.system.files
from bench.data.cards import cards
from bench.data.load import READY, load_dataset, state_of
from bench.data.readers import beir, esci, jsonl, nq320k
from bench.data.readers.cache import cached
from bench.data.readers.nq320k import pages, title_key
from bench.errors import InputError
from bench.experiment import measure
from bench.measures.ranking import MEASURES, gains_of_rankings
from bench.store.cell import Status
from bench.task.files import load_task, save_task
from tests.conftest import ROOT
from tests.running import experiment

LEAFY = f"{ROOT / 'tests' / 'plugins' / 'leafy.py'}:Leafy"
READ_APART = """
import sys
from pathlib import Path
from bench.data.readers import cache, jsonl
hashed = []
sha256_of = cache.sha256_of
cache.sha256_of = lambda path: (hashed.append(path), sha256_of(path))[1]
jsonl.read(Path(sys.argv[1]))
print(len(hashed), "pandas" in sys.modules)
"""
DOCUMENTS = [
    {"_id": "d0", "title": "Cats", "text": "purr"},
    {"_id": "d1", "title": "", "text": "dogs bark"},
    {"_id": "d2", "title": "", "text": " "},
    {"_id": "d3", "title": "Äpfel", "text": "süß 🍎", "metadata": {"source": [1, None]}},
]
QUERIES = [{"_id": f"q{i}", "text": f"question {i}"} for i in range(6)]
TRAIN = [("q0", "d0", 1), ("q1", "d1", 1), ("q2", "d0", 1)]
TEST = [("q4", "d0", 1), ("q4", "d3", 2), ("q5", "d3", 0)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("TREELINE_CACHE", str(folder))
    return folder


def lines(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def qrels(path, rows, header="query-id\tcorpus-id\tscore\n"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(header + "".join("\t".join(map(str, row)) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path):
    """Four documents, six queries, three training pairs, two grades in the test."""
    folder = tmp_path / "small"
    folder.mkdir()
    lines(folder / "corpus.jsonl", DOCUMENTS)
    lines(folder / "queries.jsonl", QUERIES)
    qrels(folder / "qrels" / "train.tsv", TRAIN)
    qrels(folder / "qrels" / "test.tsv", TEST)
    return folder


def pairs(task, relevance):
    """(query, document, distance) of every pair, by name."""
    return {
        (task.query_names[q], task.document_names[d], int(h))
        for q, d, h in zip(relevance.queries, relevance.documents, relevance.distances, strict=True)
    }


class TestLines:
    def read(self, tmp_path, text):
        path = tmp_path / "corpus.jsonl"
        path.write_bytes(text)
        return jsonl.read(path)

    def test_a_text_is_title_blank_text_without_blanks_around(self, tmp_path):
        read = jsonl.read(lines(tmp_path / "corpus.jsonl", DOCUMENTS))
        assert list(read.names) == ["d0", "d1", "d2", "d3"]
        assert list(read.texts) == ["Cats purr", "dogs bark", "", "Äpfel süß 🍎"]

    def test_a_title_may_be_missing_or_null(self, tmp_path):
        read = self.read(tmp_path, b'{"_id":"a","text":"x"}\n{"_id":"b","title":null,"text":"y"}\n')
        assert list(read.texts) == ["x", "y"]

    def test_blank_lines_line_ends_of_windows_and_no_last_line_end_are_fine(self, tmp_path):
        read = self.read(tmp_path, b'{"_id":"a","text":"x"}\r\n\r\n  \n{"_id":"b","text":"y"}')
        assert list(read.names) == ["a", "b"]

    def test_ids_may_be_whole_numbers(self, tmp_path):
        read = self.read(tmp_path, b'{"_id":7,"text":"x"}\n{"_id":"8","text":"y","title":"T"}\n')
        assert list(read.names) == ["7", "8"]
        assert list(read.texts) == ["x", "T y"]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (b"hello", "is not JSON: Expecting value"),
            (b'{"_id": "b", "text": ', "is not JSON"),
            (b"[1, 2]", r"must be a JSON object .* it is \[1, 2\]"),
            (b"null", "must be a JSON object .* it is null"),
            (b'{"text": "x"}', 'the field "_id" is missing; it must be a string'),
            (b'{"_id": null, "text": "x"}', 'the field "_id" is missing'),
            (b'{"_id": 1.5, "text": "x"}', 'the field "_id" is 1.5'),
            (b'{"_id": true, "text": "x"}', 'the field "_id" is true'),
            (b'{"_id": "b"}', 'the field "text" is missing'),
            (b'{"_id": "b", "text": 3}', 'the field "text" is 3'),
            (b'{"_id": "b", "title": 3, "text": ""}', 'the field "title" is 3'),
            (b'{"_id": "b", "text": "caf\xe9"}', "is not UTF-8: .* at byte 26"),
            (b'{"_id": "b\xff", "text": ""}', "is not UTF-8"),
            (b'{"_id": "b", "text": "\\ud800"}', "half of a surrogate pair"),
        ],
    )
    @pytest.mark.parametrize("above", [0, 2])
    def test_a_bad_line_is_named_by_file_and_number(self, tmp_path, line, message, above):
        good = b"".join(b'{"_id":"%d","text":"x"}\n' % i for i in range(above))
        with pytest.raises(InputError, match=rf"corpus\.jsonl, line {above + 1}\b.*{message}"):
            self.read(tmp_path, good + line + b'\n{"_id":"z","text":"x"}\n')

    def test_a_bad_line_deep_in_a_file_has_its_number(self, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl, "BLOCK", 100)
        good = b"".join(b'{"_id":"%d","text":"x"}\n' % i for i in range(1000))
        with pytest.raises(InputError, match="line 1001: it is not JSON"):
            self.read(tmp_path, good + b"oh\n")

    def test_a_line_longer_than_a_block_is_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl, "BLOCK", 100)
        rows = [{"_id": str(i), "text": "word " * i} for i in range(200)]
        read = jsonl.read(lines(tmp_path / "corpus.jsonl", rows))
        assert list(read.texts) == [row["text"].strip() for row in rows]

    def test_blocks_keep_the_order_of_the_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl, "BLOCK", 1000)
        rows = [{"_id": str(i), "text": f"text {i}"} for i in range(5000)]
        read = jsonl.read(lines(tmp_path / "corpus.jsonl", rows))
        assert list(read.names) == [str(i) for i in range(5000)]

    def test_an_id_that_comes_twice_is_named(self, tmp_path):
        with pytest.raises(InputError, match="the id 'b' twice, as entries 2 and 4"):
            jsonl.read(
                lines(tmp_path / "c.jsonl", [{"_id": i, "text": ""} for i in ("a", "b", "c", "b")])
            )

    def test_an_empty_id_is_an_id_and_the_one_that_comes_twice_is_named(self, tmp_path):
        rows = [{"_id": i, "text": ""} for i in ("a1", "", "b1", "a2", "b1")]
        with pytest.raises(InputError, match="the id 'b1' twice, as entries 3 and 5"):
            jsonl.read(lines(tmp_path / "c.jsonl", rows))
        assert len(jsonl.read(lines(tmp_path / "d.jsonl", rows[:4])).names) == 4

    def test_an_empty_file_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"corpus\.jsonl is empty"):
            self.read(tmp_path, b"\n")

    def test_a_gzipped_file_is_read_where_the_plain_one_is_not_there(self, tmp_path):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        assert list(jsonl.read(path).names) == ["d0", "d1", "d2", "d3"]

    def test_a_gzipped_file_that_ends_early_is_damaged(self, tmp_path):
        packed = gzip.compress(json.dumps(DOCUMENTS[0]).encode() * 100)
        (tmp_path / "corpus.jsonl.gz").write_bytes(packed[:-20])
        with pytest.raises(InputError, match=r"corpus\.jsonl\.gz.* damaged"):
            jsonl.read(tmp_path / "corpus.jsonl")

    def test_a_line_that_does_not_end_is_refused_before_it_fills_memory(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(jsonl, "LONGEST_LINE", 5 << 20)
        text = b'{"_id":"a","text":"x"}\n' + b"\0" * (40 << 20)
        (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(text, 1))
        with pytest.raises(InputError, match=r"gz, line 2 has more than 5,242,880 bytes; it needs"):
            jsonl.read(tmp_path / "corpus.jsonl")

    def test_a_folder_in_the_place_of_a_file_is_not_that_file(self, tmp_path):
        (tmp_path / "corpus.jsonl").mkdir()
        with pytest.raises(InputError, match=r"there is no .*corpus\.jsonl, and no corpus"):
            jsonl.read(tmp_path / "corpus.jsonl")

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match=r"there is no .*corpus\.jsonl.* corpus\.jsonl\.gz"):
            jsonl.read(tmp_path / "corpus.jsonl")


class TestCache:
    def test_a_second_read_parses_nothing(self, tmp_path, monkeypatch):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        first = jsonl.read(path)
        monkeypatch.setattr(jsonl, "_parsed", None)
        assert jsonl.read(path).texts.digest == first.texts.digest

    def test_a_changed_file_is_read_again(self, tmp_path):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        jsonl.read(path)
        lines(path, DOCUMENTS[:2])
        assert len(jsonl.read(path).names) == 2

    def test_a_file_of_other_content_is_read_again_whatever_its_size_and_time(self, tmp_path):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        before = path.stat()
        jsonl.read(path)
        path.write_bytes(path.read_bytes().replace(b"dogs", b"cats"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert jsonl.read(path).texts[1] == "cats bark"

    def test_a_file_that_changes_while_it_is_read_is_not_kept(self, tmp_path, cache):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        with pytest.raises(InputError, match=r"corpus\.jsonl changed while it was read; run"):
            cached([path], "test", lambda folder: path.write_text("other"))
        assert not list(cache.rglob("complete.json"))

    def test_a_file_that_changes_and_has_its_size_and_time_set_back_is_not_kept(self, tmp_path):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        before = path.stat()

        def change(_folder):
            time.sleep(0.02)  # times of files are no finer than a tick of the kernel
            path.write_bytes(path.read_bytes().replace(b"dogs", b"cats"))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        with pytest.raises(InputError, match="changed while it was read"):
            cached([path], "test", change)

    def test_a_file_is_hashed_once_and_read_without_pandas(self, tmp_path):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        done = subprocess.run(
            [sys.executable, "-c", READ_APART, str(path)],
            cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "TREELINE_CACHE": str(tmp_path / "cache")},
        )  # fmt: skip
        assert done.stdout.split() == ["1", "False"]

    @pytest.mark.parametrize("content", [lambda size: b"", lambda size: b"\0" * size])
    def test_what_is_damaged_is_made_again_with_a_word(self, tmp_path, cache, capsys, content):
        path = lines(tmp_path / "corpus.jsonl", DOCUMENTS)
        jsonl.read(path)
        (damaged,) = cache.glob("texts/*/lines.texts.utf8")
        damaged.write_bytes(content(damaged.stat().st_size))
        assert jsonl.read(path).texts[1] == "dogs bark"
        assert f"{damaged} is not as it was written; it is made again" in capsys.readouterr().out

    def test_what_fails_leaves_nothing(self, tmp_path, cache):
        with pytest.raises(InputError):
            jsonl.read(lines(tmp_path / "corpus.jsonl", [{"_id": "a"}]))
        assert [path.suffix for path in cache.glob("texts/*")] == [".lock"]

    def test_a_full_disk_is_told_apart_from_a_bad_file(self, tmp_path):
        def write(folder):
            raise OSError(28, "No space left on device")

        with pytest.raises(InputError, match="No space left.*TREELINE_CACHE"):
            cached([lines(tmp_path / "a", [])], "test", write)


class TestBeir:
    def test_scores_from_the_highest_on_are_distances_and_gains(self, folder):
        task = beir.read("small", folder)
        assert pairs(task, task.test.relevance) == {("q4", "d3", 0), ("q4", "d0", 1)}
        assert (task.test.gains, task.test.cut, task.test.least_gain) == ((2, 1), 100, 1)

    def test_names_and_texts(self, folder):
        task = beir.read("small", folder)
        assert list(task.query_names) == [f"q{i}" for i in range(6)]
        assert task.document_texts[3] == "Äpfel süß 🍎"
        assert task.query_texts[4] == "question 4"

    def test_validation_is_drawn_from_training_and_leaves_it(self, folder):
        task = beir.read("small", folder)
        train, validation = pairs(task, task.train), pairs(task, task.validation.relevance)
        assert (len(train), len(validation)) == (2, 1)
        assert train | validation == {(query, document, 0) for query, document, _ in TRAIN}
        assert task.validation.seen is None

    def test_the_draw_is_the_same_each_time(self, folder):
        assert beir.read("small", folder).digest == beir.read("small", folder).digest

    def test_validation_has_a_share_and_a_most(self, folder):
        task = beir.read("small", folder, validation_share=0.7)
        assert len(task.validation.relevance.answered) == 2
        task = beir.read("small", folder, validation_share=0.7, validation_most=1)
        assert len(task.validation.relevance.answered) == 1

    def test_a_named_validation_split_leaves_training_whole(self, folder):
        qrels(folder / "qrels" / "dev.tsv", [("q3", "d1", 1)])
        task = beir.read("small", folder, validation="dev")
        assert pairs(task, task.validation.relevance) == {("q3", "d1", 0)}
        assert task.train.n_pairs == 3

    def test_held_out_training_queries_are_the_test_and_not_trained_on(self, folder):
        task = beir.read("small", folder, heldout_queries=1)
        parts = task.train, task.validation.relevance, task.test.relevance
        assert [part.n_pairs for part in parts] == [1, 1, 1]
        assert len(set.union(*(pairs(task, part) for part in parts))) == 3

    @pytest.mark.parametrize("count", [-1, 4])
    def test_no_more_queries_can_be_held_out_than_there_are(self, folder, count):
        with pytest.raises(InputError, match=f"hold {count} queries out of training, which has 3"):
            beir.read("small", folder, heldout_queries=count)

    def test_grades_below_the_least_gain_are_not_counted_by_recall(self, folder):
        assert beir.read("small", folder, least_gain=2).test.least_gain == 2
        with pytest.raises(InputError, match="no test score of 3 or more; the best is 2"):
            beir.read("small", folder, least_gain=3)

    @pytest.mark.parametrize("rows", [[], [("q4", "absent", 1)], [("q4", "d0", 0)]])
    def test_a_test_split_with_nothing_relevant_is_refused(self, folder, rows):
        qrels(folder / "qrels" / "test.tsv", rows)
        with pytest.raises(InputError, match="small has no relevant pair left to test on"):
            beir.read("small", folder, most_missing=1.0)

    def test_a_relevant_document_is_seen_if_it_was_a_training_positive(self, folder):
        qrels(folder / "qrels" / "dev.tsv", [("q3", "d1", 1)])
        task = beir.read("small", folder, validation="dev")
        names = [task.document_names[row] for row in task.test.relevance.documents]
        assert dict(zip(names, task.test.seen.tolist(), strict=True)) == {"d0": True, "d3": False}
        assert "positive of a training pair" in task.seen

    def test_without_training_pairs_nothing_is_trained_and_a_note_says_so(self, folder):
        (folder / "qrels" / "train.tsv").unlink()
        task = beir.read("small", folder)
        assert task.train.n_pairs == task.validation.relevance.n_pairs == 0
        assert task.test.relevance.n_pairs == 2
        assert "There are no training pairs: no small/qrels/train.tsv." in task.notes
        assert any("There is no validation" in note for note in task.notes)
        assert not any("0 training queries" in note for note in task.notes)

    def test_empty_documents_are_kept_and_counted(self, folder):
        task = beir.read("small", folder)
        assert task.document_texts[2] == ""
        assert "Documents with an empty text, kept: 1." in task.notes

    def test_scores_of_zero_and_queries_without_an_answer_are_counted(self, folder):
        notes = beir.read("small", folder).notes
        assert "Judgements of the test split with a score of 0 or less, not relevant: 1." in notes
        assert "Queries of the test split without a relevant document, not asked: 1." in notes

    def test_a_pair_judged_twice_alike_counts_once(self, folder):
        qrels(folder / "qrels" / "test.tsv", [*TEST, TEST[0]])
        assert beir.read("small", folder).test.relevance.n_pairs == 2

    def test_a_pair_judged_twice_otherwise_is_named(self, folder):
        qrels(folder / "qrels" / "test.tsv", [*TEST, ("q4", "d0", 2)])
        with pytest.raises(
            InputError, match=r"test\.tsv judges query 'q4' and document 'd0' twice.* 1 and 2"
        ):
            beir.read("small", folder)

    @pytest.mark.parametrize("ending", beir.ENDINGS)
    @pytest.mark.parametrize(
        "text",
        [
            "q4 Q0 d0 1\nq4  Q0 d3\t2\nq5 Q0 d3 0\n",
            "q4\t0\td0\t1\nq4\t0\td3\t2\n",
            "query-id\tcorpus-id\tscore\nq4\td0\t1\nq4\td3\t2\n",
        ],
    )
    def test_judgements_in_beirs_and_trecs_form_are_read_under_each_ending(
        self, folder, ending, text
    ):
        (folder / "qrels" / "test.tsv").unlink()
        content = gzip.compress(text.encode()) if ending.endswith(".gz") else text.encode()
        (folder / "qrels" / f"test{ending}").write_bytes(content)
        task = beir.read("small", folder)
        assert pairs(task, task.test.relevance) == {("q4", "d3", 0), ("q4", "d0", 1)}

    def test_quotes_around_a_name_are_no_part_of_it(self, folder):
        rows = 'query-id\tcorpus-id\tscore\n"q4"\t"d0"\t"1"\n'
        (folder / "qrels" / "test.tsv").write_text(rows)
        task = beir.read("small", folder)
        assert pairs(task, task.test.relevance) == {("q4", "d0", 0)}

    def test_names_that_look_like_numbers_or_nothing_stay_names(self, folder):
        lines(folder / "corpus.jsonl", [{"_id": i, "text": "x"} for i in ("007", "7", "NA")])
        qrels(folder / "qrels" / "train.tsv", [("q0", "7", 1)])
        qrels(folder / "qrels" / "test.tsv", [("q4", "007", "1.0"), ("q4", "NA", 1)])
        task = beir.read("small", folder)
        assert pairs(task, task.test.relevance) == {("q4", "007", 0), ("q4", "NA", 0)}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("query-id\tscore\nq4\t1\n", "line 1 has no column corpus-id"),
            (
                "q4\td0\t1\n",
                "line 1 is a judgement already; write query-id, corpus-id, score above",
            ),
            ("query-id,corpus-id,score\nq4,d0,1\n", "line 1 has commas between, and no tabs"),
            ("q4 Q0 d0 1 12.5 tag\n", "line 1 has six values, as a run .* has, and no judgement"),
            ("q4\td0\n", "line 1 has no .*'q4.td0'.* TREC's has .* query 0 document grade"),
            ('query-id\tcorpus-id\tscore\nq4\t"d0\t1\nq4\td3\t1\n', "line 2: .* ends with a quote"),
            ("query-id\tcorpus-id\tscore\nq4\td0\tgood\n", "line 2: the score must be .* 'good'"),
            ("query-id\tcorpus-id\tscore\nq4\td0\t1\nq4\td3\t0.5\n", "line 3: .* '0.5'"),
            ("query-id\tcorpus-id\tscore\nq4\td0\tinf\n", "line 2: .* 'inf'"),
            ("query-id\tcorpus-id\tscore\n\nq4\td0\n", "line 3 has 2 values for the 3 columns"),
            ("query-id\tcorpus-id\tscore\nq4\t\t1\n", "line 2: a value is missing"),
            ("query-id\tcorpus-id\tscore\nq4\td0\t1\t7\n", "line 2 has 4 values"),
            ("q4 Q0 d0 1\nq4 Q0 d3\n", "line 2 has 3 values for the 4 columns"),
            ("q4 Q0 d0 0.5\n", "line 1: the score must be .* '0.5'"),
            ("", "line 1 has no column"),
        ],
    )
    def test_corrupt_judgements_are_named(self, folder, text, message):
        (folder / "qrels" / "test.tsv").write_text(text)
        with pytest.raises(InputError, match=rf"test\.tsv.*{message}"):
            beir.read("small", folder)

    def test_judgements_that_are_not_utf_8(self, folder):
        (folder / "qrels" / "test.tsv").write_bytes(b"query-id\tcorpus-id\tscore\nq\xe9\td0\t1\n")
        with pytest.raises(InputError, match=r"test\.tsv, line 2 is not UTF-8"):
            beir.read("small", folder)

    def test_a_split_that_is_not_there_is_told_what_is(self, folder):
        with pytest.raises(InputError, match=r"dev\.tsv.*qrels has test\.tsv, train\.tsv"):
            beir.read("small", folder, test="dev")

    def test_a_folder_with_dev_alone_says_how_to_test_on_it(self, folder):
        shutil.rmtree(folder / "qrels")
        qrels(folder / "qrels" / "dev.tsv", TEST)
        with pytest.raises(InputError, match=rf"no .*test\.tsv.* split: beir:{folder},test=dev"):
            load_dataset(f"beir:{folder}")
        assert load_dataset(f"beir:{folder},test=dev").test.relevance.n_pairs == 2

    def test_a_users_own_dev_split_is_the_validation_and_files_that_are_not_read_are_named(
        self, folder
    ):
        qrels(folder / "qrels" / "dev.tsv", [("q3", "d1", 1)])
        for name in ("extra.tsv", "test.csv", "test.qrels"):
            qrels(folder / "qrels" / name, [("q3", "d1", 1)])
        task = load_dataset(f"beir:{folder}")
        assert pairs(task, task.validation.relevance) == {("q3", "d1", 0)}
        assert {
            "Validation is the split dev.",
            "Not read, of qrels: extra.tsv, test.csv, test.qrels.",
        } <= {*task.notes}
        heldout = load_dataset(f"beir:{folder},heldout_queries=1")
        assert "Not read, of qrels: extra.tsv, test.csv, test.qrels, test.tsv." in heldout.notes
        drawn = load_dataset(f"beir:{folder},validation=")
        assert pairs(drawn, drawn.validation.relevance) <= {(q, d, 0) for q, d, _ in TRAIN}

    def test_a_split_for_validation_whose_queries_are_all_tested_is_told(self, folder):
        shutil.copy(folder / "qrels" / "test.tsv", folder / "qrels" / "dev.tsv")
        notes = load_dataset(f"beir:{folder}").notes
        assert "No query is left of the split dev for validation." in notes
        assert "Validation is the split dev." not in notes
        with pytest.raises(InputError, match="has test for validation and for the test; name two"):
            load_dataset(f"beir:{folder},validation=test")

    def test_topics_that_are_passed_over_are_named(self, folder):
        (folder / "topics.tsv").write_text("q1\ta fox\n")
        told = "Queries are those of queries.jsonl; not read: topics.tsv."
        assert told in load_dataset(f"beir:{folder}").notes

    def test_an_option_that_there_is_not_is_told_from_a_path(self, folder):
        for typed, told in (
            (f"beir:{folder},dev=x", "dataset beir takes .*; got 'dev=x'"),
            (f"beir:{folder},name=", "name= is empty"),
        ):
            with pytest.raises(InputError, match=told):
                load_dataset(typed)
        assert load_dataset(f"beir:{folder}, name=mine").name == "beir-mine"

    def test_topics_of_a_folder_beside_it_are_queries_and_splits_too(self, folder):
        more = folder.with_name("later")
        (more / "qrels").mkdir(parents=True)
        lines(more / "queries.jsonl", [{"_id": "q9", "text": "ninth"}])
        qrels(more / "qrels" / "next.tsv", [("q9", "d1", 1)])
        task = beir.read("small", folder, validation="test", test="next", topics="later")
        assert pairs(task, task.test.relevance) == {("q9", "d1", 0)}
        assert task.query_texts[task.query_names.index("q9")] == "ninth"
        lines(more / "queries.jsonl", [{"_id": "q1", "text": "again"}])
        with pytest.raises(InputError, match=rf"{more}/queries.jsonl has the id 'q1' twice"):
            beir.read("small", folder, test="next", topics="later")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("topics.tsv", "q1\tfirst one\nq9\tninth &amp; last\n"),
            (
                "topics.txt",
                "<top>\n<num> Number: q1\n<title> first one\n<desc> Description: no\n</top>\n"
                "<top>\n<num> Number: q9 <title> Topic: ninth &amp; last\n</top>\n",
            ),
            (
                "topics.xml.gz",
                '<topics><topic number="q1"><query>first\none</query><question>?</question></topic>'
                '<topic number="q9"><title>ninth &amp; last</title></topic></topics>',
            ),
        ],
    )
    def test_queries_in_trecs_forms(self, folder, name, text):
        (folder / "queries.jsonl").unlink()
        content = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
        (folder / name).write_bytes(content)
        shutil.rmtree(folder / "qrels")
        (folder / "qrels").mkdir()
        (folder / "qrels" / "test.txt").write_text("q1 0 d1 1\nq9 0 d2 2\n")
        task = load_dataset(f"beir:{folder},least_gain=2")
        last = "ninth &amp; last" if name == "topics.tsv" else "ninth & last"
        assert list(task.query_names) == ["q1", "q9"]
        assert list(task.query_texts) == ["first one", last]
        assert task.test.least_gain == 2

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "holds no topic"),
            ("q1\tone\nq1\ttwo\n", "has the id 'q1' twice"),
            ("q1\n", "line 1 has 1 values"),
            ("<top><title>one</title></top>", "topic 1 has no number"),
            ("<top><num>1 <desc>one</top>", "topic 1 has no text"),
        ],
    )
    def test_topics_that_are_malformed(self, folder, text, said):
        (folder / "queries.jsonl").unlink()
        (folder / "topics.txt").write_text(text)
        with pytest.raises(InputError, match=said):
            load_dataset(f"beir:{folder}")

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match="there is no folder .*absent"):
            load_dataset("beir:absent", tmp_path)

    def test_an_option_that_is_mistyped_is_told_which_there_are(self, folder):
        with pytest.raises(InputError, match=r"takes .* validation=TEXT; got 'vaildation=dev'"):
            load_dataset(f"beir:{folder},vaildation=dev")

    def test_a_folder_of_the_users_is_read_by_its_path(self, folder):
        task = load_dataset(f"beir:{folder}")
        assert (task.name, len(task.document_names)) == ("beir-small", 4)


class TestMissing:
    """Judgements that name documents or queries which are not there."""

    STRANGE = [("q0", "x", 1), ("q4", "y", 2), ("nobody", "d0", 1)]

    @pytest.fixture
    def task(self, folder):
        qrels(folder / "qrels" / "test.tsv", [*TEST, *self.STRANGE])
        return beir.read("small", folder, most_missing=0.6)

    def test_they_are_refused_above_a_share_with_examples_and_the_way_out(self, folder):
        qrels(folder / "qrels" / "test.tsv", [*TEST, *self.STRANGE])
        with pytest.raises(
            InputError,
            match=r"3 of 5 relevant judgements \(60\.0%\) name what is not there: query 'nobody'; "
            r"document 'x', 'y'\. At most 10% may: .* most_missing=1",
        ):
            beir.read("small", folder)

    def test_up_to_the_share_they_are_told_as_a_warning(self, task):
        (warning,) = (note for note in task.notes if note.startswith("Warning"))
        assert "3 of 5 relevant judgements (60.0%) name what is not there" in warning

    def test_their_queries_are_asked_and_count_0_and_what_is_there_counts_in_part(self, task):
        assert list(task.queries_of(task.test).names) == ["q0", "q4", "nobody"]
        asked = task.test.rows(task.test.relevance.answered)
        best = np.array([[0, 1, 2, 3], [3, 0, 1, 2], [0, 1, 2, 3]])  # q4: d3 and d0 first
        gains = gains_of_rankings(asked.ranked(best), asked.relevance, asked.pair_gains)
        assert MEASURES["R@10"].of(gains).tolist() == [0, 2 / 3, 0]
        ideal = 2 + 2 / np.log2(3) + 1 / np.log2(4)  # y has gain 2, and is not there
        assert MEASURES["nDCG@10"].of(gains) == pytest.approx([0, (2 + 1 / np.log2(3)) / ideal, 0])

    def test_they_are_no_part_of_training_and_are_counted_there(self, folder):
        qrels(folder / "qrels" / "train.tsv", [*TRAIN, ("q0", "x", 1), ("nobody", "d0", 1)])
        task = beir.read("small", folder)
        assert task.train.n_pairs + task.validation.relevance.n_pairs == 3
        split = "Judgements of the train split left out"
        assert f"{split}, their document is not there: 1." in task.notes
        assert f"{split}, their query is not there: 1." in task.notes

    def test_the_saved_task_is_the_same(self, task, tmp_path):
        assert load_task(save_task(task, tmp_path / "tasks")).digest == task.digest

    @pytest.mark.slow
    def test_a_method_with_leaves_and_the_oracle_are_measured(self, folder, task, tmp_path):
        dataset = f"beir:{folder},most_missing=1"
        asked = experiment("oracle", dataset, plugins=(LEAFY,), out=tmp_path / "out")
        cells = {cell.method: cell for cell in measure(asked)}
        # q4 finds 2 of 3; q0 and nobody find nothing.
        assert cells["oracle"].points[0].ranking["R@10"].mean == pytest.approx(2 / 9)
        assert {cell.status for cell in cells.values()} == {Status.OK}
        assert cells["leafy"].n_queries == 3


class TestIdentical:
    """Documents with the id of a query."""

    DOCUMENTS = [
        {"_id": "a", "title": "T", "text": " apple pie "},  # the query without the title
        {"_id": "b", "title": "", "text": "bread"},  # the query
        {"_id": "7", "title": "", "text": "another text"},  # a number by chance
        {"_id": "c", "title": "", "text": "not only cake"},  # the query is its end alone
        {"_id": "near", "title": "", "text": "answer"},
    ]
    QUERIES = [("a", "apple pie"), ("b", "bread"), ("7", "seven"), ("c", "cake")]
    JUDGED = [(name, "near", 1) for name, _ in QUERIES]

    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "own"
        folder.mkdir()
        lines(folder / "corpus.jsonl", self.DOCUMENTS)
        lines(folder / "queries.jsonl", [{"_id": i, "text": text} for i, text in self.QUERIES])
        qrels(folder / "qrels" / "test.tsv", self.JUDGED)
        return folder

    def left(self, task):
        return (
            set()
            if task.test.removed is None
            else {q for q, _, _ in pairs(task, task.test.removed)}
        )

    def test_a_querys_own_document_is_left_out_where_id_and_text_are_equal(self, folder):
        task = beir.read("own", folder)
        assert self.left(task) == {"a", "b"}
        assert (
            "Documents with the id and the text of test queries, left out of the ranking of that "
            "query: 2." in task.notes
        )
        assert (
            "Documents with the id of test queries and another text, kept; BEIR's evaluator leaves "
            "them out: 2." in task.notes
        )

    @pytest.mark.parametrize(("choice", "left"), [("always", {*"ab7c"}), ("never", set())])
    def test_an_option_leaves_out_all_or_none(self, folder, choice, left):
        assert self.left(beir.read("own", folder, ignore_identical_ids=choice)) == left
        typed = load_dataset(f"beir:{folder},ignore_identical_ids={choice}")
        assert self.left(typed) == left
        assert typed.name == f"beir-own,ignore_identical_ids={choice}"

    def test_another_choice_is_refused(self, folder):
        with pytest.raises(InputError, match="takes same-text, always, never; got 'yes'"):
            beir.read("own", folder, ignore_identical_ids="yes")

    def test_an_own_document_that_is_judged_relevant_is_kept_and_that_is_told(self, folder):
        qrels(folder / "qrels" / "test.tsv", [*self.JUDGED, ("b", "b", 1)])
        task = beir.read("own", folder)
        assert self.left(task) == {"a"}
        assert any("judged relevant to it and kept" in note for note in task.notes)
        assert self.left(beir.read("own", folder, ignore_identical_ids="always")) == {*"ab7c"}

    def test_a_ranking_is_read_one_deeper_and_what_stands_below_moves_up(self, folder):
        test = beir.read("own", folder).test
        asked = test.rows(test.relevance.answered[:2])
        assert asked.depth.tolist() == [101, 101]
        ids = np.array([[0, 4, 1], [1, 4, 0]])  # the own document first, then the answer
        assert asked.ranked(ids).tolist() == [[4, 1, -1], [4, 0, -1]]
        assert asked.score(ids) == 1.0

    def test_an_option_without_an_effect_leaves_the_digest_as_it_was(self, folder):
        qrels(folder / "qrels" / "test.tsv", [("7", "near", 1)])
        same, never = (
            beir.read("own", folder, ignore_identical_ids=each) for each in ("same-text", "never")
        )
        assert same.digest == never.digest

    def test_a_validation_query_leaves_its_own_document_out_too(self, folder):
        qrels(folder / "qrels" / "dev.tsv", [("b", "near", 1)])
        qrels(folder / "qrels" / "test.tsv", [("7", "near", 1)])
        task = beir.read("own", folder, validation="dev")
        assert pairs(task, task.validation.removed) == {("b", "b", 0)}
        assert task.test.removed is None


EXAMPLES = {
    "example_id": [0, 1, 2, 3, 4, 5],
    "query": ["red shoe", "red shoe", "hat", "hat", "coat", "rojo"],
    "query_id": [1, 1, 2, 2, 3, 4],
    "product_id": ["A", "B", "A", "C", "D", "A"],
    "product_locale": ["us", "us", "us", "us", "us", "es"],
    "esci_label": ["E", "S", "C", "I", "E", "E"],
    "small_version": [1, 1, 1, 1, 0, 1],
    "large_version": [1] * 6,
    "split": ["test", "test", "test", "test", "train", "test"],
}
PRODUCTS = {
    "product_id": ["Z", "B", "A", "A", "C"],
    "product_title": ["not judged", " Shoes ", "Red shoe", "Zapato", None],
    "product_brand": ["", "Acme", None, "", None],
    "product_locale": ["us", "us", "us", "es", "us"],
}


class TestEsci:
    @pytest.fixture
    def folder(self, tmp_path):
        pq.write_table(pa.table(EXAMPLES), tmp_path / esci.EXAMPLES)
        pq.write_table(pa.table(PRODUCTS), tmp_path / esci.PRODUCTS)
        return tmp_path

    def test_exact_is_distance_0_and_substitute_1(self, folder):
        task = esci.read("esci", folder)
        assert pairs(task, task.test.relevance) == {("1", "A", 0), ("1", "B", 1)}
        assert task.test.gains == (100, 10)
        assert any("0.01, here 0" in note for note in task.notes)

    def test_complement_and_irrelevant_are_counted(self, folder):
        notes = esci.read("esci", folder).notes
        assert "Judgements of the test split with a score of 0 or less, not relevant: 2." in notes
        assert "Queries of the test split without a relevant document, not asked: 1." in notes

    def test_the_corpus_is_what_the_reduced_version_of_the_locale_names(self, folder):
        task = esci.read("esci", folder)
        assert list(task.document_names) == ["B", "A", "C"]
        assert list(task.document_texts) == ["Shoes", "Red shoe", ""]
        assert list(task.query_texts) == ["red shoe", "hat"]

    def test_a_text_may_have_more_fields(self, folder):
        task = esci.read("esci", folder, fields=["product_title", "product_brand"])
        assert list(task.document_texts) == ["Shoes  Acme", "Red shoe", ""]

    def test_missing_columns_are_named_with_those_found(self, folder):
        short = pa.table(EXAMPLES).drop_columns(["esci_label", "split"])
        pq.write_table(short, folder / esci.EXAMPLES)
        with pytest.raises(
            InputError, match=r"examples\.parquet has no column esci_label and no column split; it"
        ):
            esci.read("esci", folder)

    def test_missing_columns_of_the_products(self, folder):
        pq.write_table(pa.table(PRODUCTS).drop_columns("product_title"), folder / esci.PRODUCTS)
        with pytest.raises(InputError, match=r"products\.parquet has no column product_title"):
            esci.read("esci", folder)

    def test_what_is_not_parquet(self, folder):
        for file in (esci.EXAMPLES, esci.PRODUCTS):
            (folder / file).write_text("version https://git-lfs.github.com/spec/v1\n")
            with pytest.raises(InputError, match=f"cannot read .*{file}"):
                esci.read("esci", folder)
            pq.write_table(pa.table(EXAMPLES), folder / esci.EXAMPLES)

    def test_a_file_that_is_not_there(self, folder):
        (folder / esci.PRODUCTS).unlink()
        with pytest.raises(InputError, match=r"cannot read .*products\.parquet"):
            esci.read("esci", folder)

    def test_a_folder_in_the_place_of_a_file_is_refused(self, folder):
        (folder / esci.EXAMPLES).rename(folder / "part-0.parquet")
        (folder / esci.EXAMPLES).mkdir()
        (folder / "part-0.parquet").rename(folder / esci.EXAMPLES / "part-0.parquet")
        with pytest.raises(InputError, match="cannot read .*examples.parquet: .*directory"):
            esci.read("esci", folder)

    def test_a_small_file_that_unpacks_to_more_than_memory_is_refused(self, folder, monkeypatch):
        monkeypatch.setattr(bench.system.files, "ALWAYS", 1 << 20)
        equal = pa.table({"query_id": np.zeros(1_000_000, np.int64)})
        pq.write_table(equal, folder / esci.EXAMPLES)
        with pytest.raises(InputError, match=r"examples\.parquet has .* unpacks to 8,000,000 or"):
            esci.read("esci", folder)

    def test_an_unknown_label_is_named(self, folder):
        odd = EXAMPLES | {"esci_label": ["E", "S", "exact", "I", "E", "E"]}
        pq.write_table(pa.table(odd), folder / esci.EXAMPLES)
        with pytest.raises(InputError, match="label 'exact'; known are E, S, C, I"):
            esci.read("esci", folder)

    def test_a_locale_without_rows(self, folder):
        with pytest.raises(InputError, match="no row with small_version 1 of the locale 'jp'"):
            esci.read("esci", folder, locale="jp")

    def test_the_published_sample(self, data_dir, tmp_path):
        sample = pd.read_csv(data_dir / "esci-sample" / "examples.csv")
        sample.to_parquet(tmp_path / esci.EXAMPLES)
        sample[list(PRODUCTS.keys() & set(sample))].drop_duplicates("product_id").to_parquet(
            tmp_path / esci.PRODUCTS
        )
        task = esci.read("esci-sample", tmp_path)
        # 701 rows, 576 of them of the reduced version; 485 E to train on; 3 E and 6 S to test.
        assert (len(task.query_names), len(task.document_names)) == (126, 576)
        assert task.train.n_pairs + task.validation.relevance.n_pairs == 485
        assert np.bincount(task.test.relevance.distances).tolist() == [3, 6]

    @pytest.mark.parametrize(
        ("column", "values", "message"),
        [
            ("query_id", [1, None, 2, 2, 3, 4], "a row of the locale 'us' without query_id"),
            ("product_id", ["A", None, "A", "C", "D", "A"], "without product_id"),
            ("query", [["red"]] * 6, "the column query is list<"),
            ("split", [b"test"] * 6, "the column split is binary, not texts or numbers"),
        ],
    )
    def test_an_odd_column_is_named(self, folder, column, values, message):
        pq.write_table(pa.table(EXAMPLES | {column: values}), folder / esci.EXAMPLES)
        with pytest.raises(InputError, match=rf"{esci.EXAMPLES}.*{message}"):
            esci.read("esci", folder)


PAGE = "Trade Winds - Wikipedia <H1> Trade Winds </H1> <P> They blow . </P> <Table> east </Table> \
<Ul> <Li> west </Li> </Ul> <Ul> <Li> see also </Li> </Ul> Retrieved from"


def question(number, text=PAGE, **fields):
    return {
        "example_id": number,
        "question_text": f"question {number}",
        "document_text": text,
        "document_url": "https://example.org",
        "annotations": [],
    } | fields


class TestNaturalQuestions:
    @pytest.fixture
    def folder(self, tmp_path):
        other = PAGE.replace("Trade Winds </H1>", "Élan </H1>")
        lines(tmp_path / nq320k.TRAIN[0], [question(1), question(2, other), question(3)])
        tokens = [{"token": token, "html_token": False} for token in other.split()]
        dev = question(-9, None, document_title="ELAN", document_tokens=tokens)
        (tmp_path / f"{nq320k.DEVELOPMENT[1]}.gz").write_bytes(
            gzip.compress(json.dumps(dev).encode())
        )
        return tmp_path

    def test_a_document_is_title_abstract_and_content_up_to_the_last_list_but_one(self, folder):
        page = next(pages(folder / nq320k.TRAIN[0]))
        assert page.title == "Trade Winds"
        assert page.text == "Trade Winds They blow . east west"

    def test_pages_with_the_same_title_are_one_document(self, folder):
        task = nq320k.read("nq", folder)
        assert list(task.document_names) == ["Trade Winds", "Élan"]
        assert list(task.query_names) == ["1", "2", "3", "-9"]

    def test_the_test_is_the_development_questions(self, folder):
        task = nq320k.read("nq", folder)
        assert pairs(task, task.test.relevance) == {("-9", "Élan", 0)}
        parts = task.train, task.validation.relevance
        assert set.union(*(pairs(task, part) for part in parts)) == {
            ("1", "Trade Winds", 0), ("2", "Élan", 0), ("3", "Trade Winds", 0),
        }  # fmt: skip

    def test_a_second_read_maps_what_the_first_wrote(self, folder, monkeypatch):
        first = nq320k.read("nq", folder)
        monkeypatch.setattr(nq320k, "pages", None)
        assert nq320k.read("nq", folder).digest == first.digest

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Élan", "elan"),
            (" J.R.R.  Tolkien ", "J . R . R . Tolkien"),
            ("Rock 'n' Roll", "rock ' n ' roll"),
            ("東京 Tower", "東 京 tower"),
        ],
    )
    def test_titles_that_are_the_same(self, one, other):
        assert title_key(one) == title_key(other)

    @pytest.mark.parametrize(("one", "other"), [("C", "C++"), ("Mars", "Mars II")])
    def test_titles_that_are_not(self, one, other):
        assert title_key(one) != title_key(other)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("{", "line 1: it is not JSON"),
            (
                '{"question_text": "x"}',
                "line 1: it is no line of Natural Questions: 'document_tokens'",
            ),
            (json.dumps(question(1, "no heading")), "line 1: it has no title"),
        ],
    )
    def test_a_bad_line_is_named(self, folder, line, message):
        (folder / nq320k.TRAIN[0]).write_text(line + "\n")
        with pytest.raises(InputError, match=message):
            nq320k.read("nq", folder)

    def test_a_file_that_is_not_there(self, folder):
        (folder / nq320k.TRAIN[0]).unlink()
        with pytest.raises(InputError, match=r"no .*/simplified-nq-train\.jsonl, and no "):
            nq320k.read("nq", folder)

    def test_the_published_ids_have_as_many_documents_as_the_card_says(self, data_dir):
        folder, counts = data_dir / "nq320k-ids", cards()["nq320k"].counts
        documents = (folder / "docid_kmeans_k30_c30.tsv").read_text().splitlines()
        asked = (folder / "nq_dev_doc_newid.tsv").read_text().splitlines()
        assert len({line.split("\t")[0] for line in documents}) == counts["documents"]
        assert len({line.split("\t")[1] for line in asked}) == counts["test_queries"]


MSMARCO_SLICES = [
    "msmarco-slice",
    "msmarco-slice-heldout",
    "msmarco-slice-dl19",
    "msmarco-slice-dl20",
]


def real(name, data_dir):
    """A dataset, or a visible skip where its files are not on this machine."""
    if (state := state_of(cards()[name], data_dir)) != READY:
        pytest.skip(f"{name}: {state}")
    return load_dataset(name, data_dir)


class TestRealData:
    @pytest.mark.parametrize(
        "name",
        ["scifact", "fiqa-slice", "insuranceqa", *MSMARCO_SLICES],
    )
    def test_a_dataset_has_the_counts_of_its_card(self, name, data_dir):
        task = real(name, data_dir)  # compares the counts
        assert len(task.query_texts) == len(task.query_names)
        assert not set(task.train.answered) & set(task.test.relevance.answered)
        assert not set(task.train.answered) & set(task.validation.relevance.answered)

    def test_two_thirds_of_scifacts_test_queries_have_a_training_positive(self, data_dir):
        task = load_dataset("scifact", data_dir)
        seen = np.unique(task.test.relevance.queries[task.test.seen])
        assert len(seen) == 185  # of 300; 196 before validation is taken out of training

    def test_a_few_of_insuranceqas_test_queries_have_a_training_positive(self, data_dir):
        task = real("insuranceqa", data_dir)
        assert len(task.train.answered) == 12_889
        assert len(task.validation.relevance.answered) == 2_000
        seen = np.unique(task.test.relevance.queries[task.test.seen])
        assert len(seen) == 70  # of 2,000

    def test_dl19_counts_grade_2_as_relevant_and_gains_the_grade(self, data_dir):
        test = load_dataset("msmarco-slice", data_dir).test
        assert np.bincount(test.relevance.distances).tolist() == [697, 1804, 1601]
        assert (test.gains, test.least_gain) == ((3, 2, 1), 2)

    def test_each_year_of_the_track_is_the_validation_of_the_other(self, data_dir):
        nineteen, twenty = (real(f"msmarco-slice-dl{year}", data_dir) for year in (19, 20))
        for one, other in ((nineteen, twenty), (twenty, nineteen)):
            assert pairs(one, one.validation.relevance) == pairs(other, other.test.relevance)
            assert (one.validation.gains, one.validation.least_gain) == ((3, 2, 1), 2)
            assert len(one.train.answered) == 11_992
        assert np.bincount(twenty.test.relevance.distances).tolist() == [482, 641, 1241]
        asked = {task.test.relevance.answered.tobytes() for task in (nineteen, twenty)}
        assert len(asked) == 2
        assert sum(len(task.test.relevance.answered) for task in (nineteen, twenty)) == 97

    def test_the_tracks_own_judgements_say_the_same(self, data_dir, tmp_path):
        folder = tmp_path / "dl19"
        (folder / "qrels").mkdir(parents=True)
        source = data_dir / "msmarco-slice"
        for file in ("corpus.jsonl", "queries.jsonl"):
            (folder / file).symlink_to(source / file)
        (folder / "qrels" / "test.txt").symlink_to(source / "2019qrels-pass.txt")
        own, cards_own = beir.read("a", folder), load_dataset("msmarco-slice", data_dir)
        assert pairs(own, own.test.relevance) == pairs(cards_own, cards_own.test.relevance)

    def test_numbers_that_coincide_are_told_and_can_be_left_out_as_beirs_evaluator_does(
        self, data_dir
    ):
        task = load_dataset("fiqa-slice", data_dir)
        assert task.test.removed is None
        told = "another text, kept; BEIR's evaluator leaves them out: 15."
        assert any(note.endswith(told) for note in task.notes)
        as_beir = load_dataset("fiqa-slice:ignore_identical_ids=always", data_dir)
        assert as_beir.test.removed.n_pairs == 15

    def test_a_slice_says_that_it_is_one(self, data_dir):
        for name in ("fiqa-slice", *MSMARCO_SLICES):
            assert any("not comparable" in note for note in load_dataset(name, data_dir).notes)


@pytest.mark.parametrize("name", ["scifact", "esci", "nq320k"])
def test_a_dataset_that_is_not_here_says_where_it_looked_and_what_to_run(
    name, tmp_path, monkeypatch
):
    monkeypatch.delenv("TREELINE_DATA", raising=False)
    with pytest.raises(InputError, match=rf"{tmp_path}/{name}, .*bench fetch {name}"):
        load_dataset(name, tmp_path)


MEASURE = """
import resource, sys
from pathlib import Path
from bench.data.readers import jsonl
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert len(jsonl.read(Path(sys.argv[1])).names) == 300_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_reading_takes_less_memory_than_the_file_is_large(tmp_path):
    path, text = tmp_path / "corpus.jsonl", "about a thousand bytes of text. " * 32
    with path.open("w") as file:
        file.writelines(f'{{"_id": "{i}", "text": "{text}"}}\n' for i in range(300_000))
    assert path.stat().st_size > 300e6
    run = [sys.executable, "-c", MEASURE, str(path)]
    grown = int(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout)
    assert grown * 1024 < 250e6


class TestSplits:
    def test_queries_of_the_test_are_not_trained_on_and_that_is_told(self, folder):
        qrels(folder / "qrels" / "train.tsv", [*TRAIN, ("q4", "d1", 1)])
        task = beir.read("small", folder)
        both = np.concatenate([task.train.answered, task.validation.relevance.answered])
        assert 4 not in both
        assert (
            "Queries of the training split left out, they are in the test split: 1." in task.notes
        )

    def test_a_validation_that_is_all_test_is_drawn_from_training_instead(self, folder):
        qrels(folder / "qrels" / "dev.tsv", [("q4", "d0", 1)])
        task = beir.read("small", folder, validation="dev")
        assert len(task.validation.relevance.answered) == 1
        assert 4 not in task.validation.relevance.answered
