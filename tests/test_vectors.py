"""Tasks of vectors: one's own and generated ones, searched as they are within a memory ceiling."""

import gzip
import os
import pickle

import numpy as np
import pytest

from bench.data.load import load_dataset
from bench.data.readers import vectors
from bench.errors import InputError
from bench.task.files import load_task, require_same_vectors, save_task
from tests.running import cells_of


@pytest.fixture
def folder(tmp_path):
    """Twelve unit vectors, each the answer to the query that equals it."""
    own = tmp_path / "own"
    own.mkdir()
    np.save(own / "documents.npy", np.eye(12, dtype=np.float32))
    np.save(own / "queries.npy", np.eye(12, dtype=np.float16))
    np.save(own / "answers.npy", np.arange(12))
    return own


def test_queries_without_an_answer_are_counted(folder):
    assert "not asked" not in " ".join(vectors.read("own", folder).notes)
    np.save(folder / "answers.npy", np.where(np.arange(12) < 3, -1, np.arange(12)))
    assert "Queries without an answer, not asked: 3." in vectors.read("own", folder).notes


FORMS = {
    "float64": lambda array: array.astype(np.float64),
    "float32, column by column (Fortran order)": np.asfortranarray,
    "float32 in another machine's order of bytes": lambda array: array.astype(">f4"),
    "int8": lambda array: np.round(10 * array).astype(np.int8),
    "uint64": lambda array: np.round(abs(10 * array)).astype(np.uint64),
}


@pytest.mark.parametrize("form", FORMS)
def test_other_numbers_and_orders_are_converted_and_told(folder, form):
    given = FORMS[form](np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32))
    np.save(folder / "documents.npy", given)
    np.save(folder / "queries.npy", given)
    task = vectors.read("own", folder)
    expected = f"documents.npy holds {form}; a copy in float32, row by row, is searched."
    assert expected in task.notes
    for part in (task.document_vectors.array, task.query_vectors.array):
        assert part.dtype == np.float32
        assert part.flags.c_contiguous
        assert np.array_equal(part, given)
    assert np.array_equal(np.load(folder / "documents.npy"), given)  # the user's stays


def test_half_precision_is_kept_and_told(folder):
    task = vectors.read("own", folder)
    assert task.query_vectors.path == folder / "queries.npy"
    assert (
        "queries.npy holds float16, which is searched as it is, in half the memory." in task.notes
    )
    np.save(folder / "queries.npy", np.asfortranarray(np.eye(12)[:, ::-1].astype(">f2")))
    task = vectors.read("own", folder)
    assert task.query_vectors.array.dtype == np.float16
    assert np.array_equal(task.query_vectors.array, np.eye(12)[:, ::-1])


def test_without_answers_the_nearest_documents_are_the_answers(folder, monkeypatch):
    rng = np.random.default_rng(1)
    documents, queries = rng.normal(size=(70, 4)), rng.normal(size=(30, 4))
    np.save(folder / "documents.npy", documents.astype(np.float32))
    np.save(folder / "queries.npy", queries.astype(np.float32))
    (folder / "answers.npy").unlink()
    monkeypatch.setattr("bench.data.readers.vector_files.AT_ONCE", 16)  # in several blocks
    monkeypatch.setattr("bench.data.readers.vector_files.ASKED_AT_ONCE", 7)
    task = vectors.read("own", folder, nearest=3)
    assert any("the 3 documents nearest to a query by dot product" in each for each in task.notes)
    nearest = np.sort(np.argsort(-queries @ documents.T, axis=1)[:, :3], axis=1)
    test = task.test.relevance
    assert len(test.answered) == 28
    for query in test.answered:
        assert test.documents[test.queries == query].tolist() == nearest[query].tolist()
    assert not (folder / "answers.npy").exists()


def test_exact_search_finds_all_of_the_answers_that_exact_search_gave(folder, bench, tmp_path):
    (folder / "answers.npy").unlink()
    done = bench("--methods", "zero-shot-de", "--dataset", f"vectors:{folder},nearest=1")
    assert done.returncode == 0, done.stderr
    (cell,) = cells_of(tmp_path / "out")
    assert cell.points[0].ranking["MRR@10"].mean == 1


def test_a_single_query_with_its_answer_is_measured(folder):
    np.save(folder / "queries.npy", np.ones((1, 12), np.float32))
    np.save(folder / "answers.npy", [[3]])
    assert load_dataset(f"vectors:{folder}").test.relevance.documents.tolist() == [3]


@pytest.mark.parametrize("nearest", [101, 0, -1])
def test_a_number_of_nearest_documents_that_makes_no_sense_is_refused(folder, nearest):
    with pytest.raises(InputError, match="and own has answers.npy|has answers.npy; leave the one"):
        vectors.read("own", folder, nearest=nearest)
    (folder / "answers.npy").unlink()
    np.save(folder / "documents.npy", np.ones((200, 12), np.float32))
    with pytest.raises(InputError, match=f"nearest takes 1 to 100 documents, got {nearest}"):
        vectors.read("own", folder, nearest=nearest)


def test_rows_have_the_names_of_a_file(folder):
    names = [f"doc {row}" for row in range(12)]
    (folder / "documents.txt").write_text("\n".join(names))
    (folder / "queries.txt.gz").write_bytes(gzip.compress(b"q\r\n" + b"".join(
        f"q{row}\n".encode() for row in range(11))))  # fmt: skip
    task = vectors.read("own", folder)
    assert [*task.document_names] == names
    assert [*task.query_names] == ["q", *(f"q{row}" for row in range(11))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\nb\n", "has 2 lines, and documents.npy has 12 rows"),
        ("a\n\n" + "c\n" * 10, "line 2 is empty"),
        (
            "".join(f"{row % 11}\n" for row in range(12)),
            "has the id '0' twice, as entries 1 and 12",
        ),
        (b"\xff\n", "is not UTF-8|not in UTF-8"),
    ],
)
def test_names_that_do_not_fit_are_refused(folder, text, says):
    (folder / "documents.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=f"documents.txt.*({says})"):
        vectors.read("own", folder)


def test_the_number_of_validation_queries_is_told(folder):
    said = "Validation is 1 of the queries, drawn with a fixed seed; the other 11 are the test."
    assert said in vectors.read("own", folder).notes
    np.save(folder / "answers.npy", np.where(np.arange(12) < 10, np.arange(12), -1))
    notes = vectors.read("own", folder).notes
    assert any("There is no validation, for which 11 queries are needed" in each for each in notes)


def test_a_query_finds_the_document_that_answers_it(folder, bench, tmp_path):
    done = bench("--methods", "zero-shot-de", "--dataset", f"vectors:{folder}")
    assert done.returncode == 0, done.stderr
    (cell,) = cells_of(tmp_path / "out")
    assert cell.n_queries == 11  # one of twelve is validation
    assert cell.points[0].ranking["MRR@10"].mean == 1


def test_the_task_is_mapped_and_its_file_is_not_copied(folder, tmp_path):
    task = load_dataset(f"vectors:{folder}")
    saved = save_task(task, tmp_path / "tasks")
    again = load_task(saved)
    assert again.digest == task.digest
    assert (saved / "documents.vectors.npy").samefile(folder / "documents.npy")
    assert isinstance(again.corpus.vectors, np.memmap)
    assert np.array_equal(again.corpus.vectors, np.eye(12))
    assert np.array_equal(again.queries(np.array([3, 1])).vectors, np.eye(12)[[3, 1]])


def test_other_vectors_are_another_task(folder):
    before = load_dataset(f"vectors:{folder}").digest
    np.save(folder / "queries.npy", np.eye(12, dtype=np.float32)[::-1])
    assert load_dataset(f"vectors:{folder}").digest != before


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        ("documents", np.eye(12) > 0, "must hold .n, dim. numbers, .* it holds bool of shape"),
        (
            "documents",
            np.eye(12) * 1e39,
            r"row 0 holds 1e\+39, which is no finite number in float32",
        ),
        ("documents", np.full((12, 12), np.nan), "row 0 holds nan, which is no finite number"),
        ("documents", np.ones((0, 12)), r"it holds float64 of shape \(0, 12\)"),
        ("documents", np.ones(12, np.float32), r"float32 of shape \(12,\)"),
        (
            "documents",
            np.full((12, 12), np.inf, np.float32),
            "row 0 holds a value that is not finite",
        ),
        ("queries", np.ones((12, 5), np.float32), "documents have 12 dimensions, queries have 5"),
        (
            "answers",
            np.arange(11),
            r"\[12 queries\] or \[\.\., r\], it holds int64 of shape \(11,\)",
        ),
        ("answers", np.arange(12) + 1, "names document 12; documents.npy has rows 0 to 11"),
        (
            "answers",
            np.arange(12, dtype=np.uint64) - np.uint64(1),
            "names document 18446744073709551615",
        ),
        ("answers", np.full(12, -1), "at least one query needs a relevant document"),
        ("answers", np.ones(12), "must hold whole numbers"),
        ("answers", np.ones(12, "m8[s]"), "must hold whole numbers"),
    ],
)
def test_what_cannot_be_searched_is_named(folder, part, content, says):
    np.save(folder / f"{part}.npy", content)
    with pytest.raises(InputError, match=says):
        load_dataset(f"vectors:{folder}")


def test_a_missing_file_and_one_of_another_form_are_named(folder):
    (folder / "queries.npy").write_text("0.1 0.2")
    with pytest.raises(InputError, match=r"queries\.npy is not a NumPy file of vectors"):
        load_dataset(f"vectors:{folder}")
    (folder / "queries.npy").unlink()
    with pytest.raises(InputError, match=r"lacks queries\.npy; a folder of vectors holds"):
        load_dataset(f"vectors:{folder}")


@pytest.mark.parametrize("part", ["documents", "answers"])
@pytest.mark.parametrize(
    "write",
    [
        lambda file: np.savez(file, np.eye(12, dtype=np.float32)),
        lambda file: np.save(file, np.array([{}, []], object), allow_pickle=True),
        lambda file: file.write(pickle.dumps(np.eye(12))),
        lambda file: file.write(b"\x93NUMPY\x01\x00v\x00" + b"\0" * 500),
        lambda file: np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 12)}
        ),
    ],
    ids=["npz", "objects", "pickle", "zeros", "longer-than-the-file"],
)
def test_a_file_that_is_an_array_by_its_name_alone_is_named(folder, part, write):
    with (folder / f"{part}.npy").open("wb") as file:
        write(file)
    with pytest.raises(InputError, match=rf"{part}\.npy is not a NumPy file of"):
        load_dataset(f"vectors:{folder}")


def test_a_folder_in_the_place_of_an_array_is_named(folder):
    (folder / "answers.npy").unlink()
    (folder / "answers.npy").mkdir()
    with pytest.raises(InputError, match=r"answers\.npy is not a NumPy file of answers"):
        load_dataset(f"vectors:{folder}")


def test_a_file_that_changed_to_the_same_size_and_time_is_told(folder, tmp_path):
    saved = save_task(load_dataset(f"vectors:{folder}"), tmp_path / "tasks")
    before = (folder / "documents.npy").stat()
    np.save(folder / "documents.npy", np.eye(12, dtype=np.float32)[::-1])
    os.utime(folder / "documents.npy", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(InputError, match=r"documents\.npy changed since the run began"):
        require_same_vectors(saved)


def test_generated_vectors_are_unit_and_lie_in_clusters():
    task = load_dataset("clusters:n=3000,queries=110,dim=16")
    documents = task.corpus.vectors
    assert documents.shape == (3000, 16)
    np.testing.assert_allclose(np.linalg.norm(documents, axis=1), 1, rtol=1e-5)
    similar = documents @ documents.T
    # Of independent directions in 16 dimensions one pair in 16,000 is so much alike.
    assert (similar[np.triu_indices(3000, 1)] > 0.8).mean() > 5e-4
    assert len(task.test.relevance.answered) == 100
    assert len(task.validation.relevance.answered) == 10


def test_a_generated_document_does_not_depend_on_how_many_there_are():
    few, many = (load_dataset(f"clusters:n={n},queries=22,dim=8") for n in (500, 70_000))
    assert np.array_equal(few.corpus.vectors, many.corpus.vectors[:500])
    assert few.digest != many.digest


def test_sizes_that_cannot_be_generated_are_refused():
    with pytest.raises(InputError, match=r"n from 100 to 1,000,000,000 .* got n=5"):
        load_dataset("clusters:n=5")


def test_a_ceiling_is_kept_that_vectors_and_leaves_together_exceed(bench, tmp_path):
    done = bench(
        "--methods",
        "zero-shot-de+faiss-ivf",
        "--dataset",
        "clusters:n=250000,queries=110,dim=256",  # 256 MB of vectors, as much in leaves
        "--set",
        "nlist=100",
        "--memory",
        "512MiB",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = cells_of(tmp_path / "out")
    assert cell.cost.ceiling_mb == pytest.approx(512 * 2**20 / 1e6)
    assert cell.cost.peak_mb < cell.cost.ceiling_mb
    assert cell.points[-1].ranking["R@100"].mean > 0.9


@pytest.mark.parametrize(
    ("size", "says"),
    [("much", "takes a size such as 8GiB"), ("1MB", "less than a cell needs to begin, 512MiB")],
)
def test_a_ceiling_that_makes_no_sense_is_refused(bench, size, says):
    done = bench("--methods", "random", "--memory", size)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_ceiling_that_jobs_leave_too_little_of_is_refused(bench):
    done = bench("--methods", "random", "--memory", "1GiB", "--jobs", "4")
    assert done.returncode == 2
    assert "--memory is shared by --jobs 4: each cell needs 512MiB" in done.stderr


def test_a_file_that_was_written_again_is_linked_again(folder, tmp_path):
    task = load_dataset(f"vectors:{folder}")
    saved = save_task(task, tmp_path / "tasks")
    before = (saved / "task.json").read_text()
    np.save(folder / "documents.npy", np.eye(12, dtype=np.float32))
    again = load_dataset(f"vectors:{folder}")
    assert again.digest == task.digest
    assert save_task(again, tmp_path / "tasks") == saved
    assert (saved / "task.json").read_text() != before  # its stamp is another


def test_a_file_that_changed_while_it_was_searched_is_told(folder, tmp_path):
    saved = save_task(load_dataset(f"vectors:{folder}"), tmp_path / "tasks")
    require_same_vectors(saved)
    np.save(folder / "documents.npy", np.eye(12, dtype=np.float32)[::-1])
    with pytest.raises(InputError, match=r"documents\.npy changed since the run began"):
        require_same_vectors(saved)


def test_vectors_whose_products_overflow_fail_the_cell(folder, bench, tmp_path):
    for part in ("documents", "queries"):
        np.save(folder / f"{part}.npy", np.eye(12, dtype=np.float32) * 1e25)
    done = bench("--methods", "zero-shot-de", "--dataset", f"vectors:{folder}")
    assert done.returncode == 1
    assert "an infinite score; the contract has scores that float32 can hold" in done.stdout


def test_an_option_that_is_given_twice_is_refused():
    with pytest.raises(InputError, match="n is given twice in 'n=500,n=600'"):
        load_dataset("clusters:n=500,n=600")


def test_a_ceiling_of_cells_here_is_not_one_of_a_cluster(bench):
    done = bench("--methods", "random", "--memory", "1GiB", "--executor", "ray")
    assert "--needs memory_gb=NUMBER" in done.stderr
