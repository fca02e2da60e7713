"""HyperLex: reading it, scoring its pairs, and how well scores agree with people's."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from bench.data.load import load_dataset
from bench.data.readers import hyperlex
from bench.data.readers.wordnet import read_graph
from bench.errors import InputError, MethodError
from bench.evaluation import word_pairs as similarity_scores
from bench.evaluation.word_pairs import score_pairs
from bench.measures import word_pairs as measures
from bench.measures.word_pairs import best_of, correlation, rank_scores
from bench.method import Method

HEADER = "WORD1 WORD2 POS TYPE AVG_SCORE AVG_SCORE_0_10 STD SCORES..\n"
DOG_ANIMAL = "dog Animal N hyp-1 5.50 9.17 0.4 6 5\n"
ANIMAL_DOG = "animal dog N rhyp-1 1.00 1.67 0.1 1 1 1\n"
RUN_MOVE = "run move V hyp-1 4.00 6.67 1.0 4\n"
SPLITS = {
    "dev random": DOG_ANIMAL,
    "test random": ANIMAL_DOG + "\n",
    "dev lexical": RUN_MOVE,
    "test lexical": ANIMAL_DOG + DOG_ANIMAL,
}


@pytest.fixture
def folder(tmp_path):
    """Three pairs over five nouns: entity above beast, a frank and a run; dog below beast."""
    nouns = {
        "name": ["entity.n.01", "beast.n.01", "dog.n.01", "frank.n.01", "run.n.01"],
        "lemmas": ["entity", "beast|animal", "dog|domestic_dog", "frank|Dog|dog", "run"],
        "parents": pa.array([[], [0], [1], [0], [0]], pa.list_(pa.int32())),
    }
    pq.write_table(pa.table(nouns), tmp_path / "nouns.parquet")
    (tmp_path / hyperlex.ALL).write_text(HEADER + DOG_ANIMAL + ANIMAL_DOG + RUN_MOVE)
    for split, lines in SPLITS.items():
        path = tmp_path / hyperlex.SPLITS[split]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + lines)
    return tmp_path


def read(folder):
    return hyperlex.read("small", folder, folder / "nouns.parquet", 8)


class TestReader:
    def test_a_pair_has_every_sense_of_its_words(self, folder):
        pairs = read(folder).similarity
        assert list(pairs.indptr) == [0, 2, 4, 4]
        senses = list(zip(pairs.queries.tolist(), pairs.documents.tolist(), strict=True))
        assert senses == [(2, 1), (3, 1), (1, 2), (1, 3)]

    def test_scores_are_those_of_people_from_0_to_6(self, folder):
        assert list(read(folder).similarity.gold) == [5.5, 1.0, 4.0]

    def test_subsets_name_the_pairs_of_the_splits(self, folder):
        subsets = read(folder).similarity.subsets
        assert {name: mask.tolist() for name, mask in subsets.items()} == {
            "nouns": [True, True, False],
            "all": [True, True, True],
            "dev random": [True, False, False],
            "test random": [False, True, False],
            "dev lexical": [False, False, True],
            "test lexical": [True, True, False],
        }
        assert list(subsets) == ["nouns", "all", *SPLITS]

    def test_it_trains_on_the_whole_graph_and_has_no_search_test(self, folder):
        task = read(folder)
        # Five nodes, four links and dog below entity.
        assert (task.train.n_pairs, task.test.relevance.n_pairs) == (10, 0)
        assert task.test.relevance.n_queries == 5
        assert task.training().pairs_only

    def test_notes_say_what_has_no_score(self, folder):
        notes = " ".join(read(folder).notes)
        assert "the 1 pairs of verbs are scored through nouns of the same spelling" in notes
        assert "1 of 3 pairs (0 of the nouns)" in notes

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (HEADER.replace("AVG_SCORE ", "MEAN ") + DOG_ANIMAL, "line 1 has no column AVG_SCORE"),
            ("", "line 1 has no column WORD1"),
            (HEADER, "has no pairs"),
            (HEADER + DOG_ANIMAL.replace("5.50", "high"), "line 2: AVG_SCORE .* got 'high'"),
            (HEADER + DOG_ANIMAL.replace("5.50", "nan"), "line 2: AVG_SCORE .* got 'nan'"),
            (HEADER + DOG_ANIMAL.replace("5.50", "9.17"), "from 0 to 6, got '9.17'"),
            (HEADER + DOG_ANIMAL + "dog animal\n", "line 3 has 2 values"),
            (HEADER + DOG_ANIMAL + RUN_MOVE + DOG_ANIMAL, "line 4: the pair 'dog Animal N' is"),
            (HEADER.encode() + b"caf\xe9 place N hyp 1\n", "line 2 is not UTF-8"),
        ],
    )
    def test_what_is_no_list_of_pairs_is_refused_by_line(self, folder, text, message):
        content = text if isinstance(text, bytes) else text.encode()
        (folder / hyperlex.ALL).write_bytes(content)
        with pytest.raises(InputError, match=rf"hyperlex-all\.txt.* {message}"):
            read(folder)

    def test_a_pair_of_a_split_that_is_not_in_the_whole_is_refused(self, folder):
        path = folder / hyperlex.SPLITS["dev lexical"]
        path.write_text(HEADER + RUN_MOVE + RUN_MOVE.replace("V", "N"))
        with pytest.raises(InputError, match=r"dev_all_lexical\.txt, line 3: .*'run move N'"):
            read(folder)

    def test_a_missing_split_is_named(self, folder):
        (folder / hyperlex.SPLITS["test random"]).unlink()
        with pytest.raises(InputError, match="cannot read .*test_all_random"):
            read(folder)


@pytest.fixture(scope="module")
def released(data_dir):
    return load_dataset("hyperlex", data_dir)


class TestReleased:
    def test_subsets_have_the_published_sizes(self, released):
        sizes = {name: int(mask.sum()) for name, mask in released.similarity.subsets.items()}
        assert sizes == {
            "nouns": 2163, "all": 2616, "dev random": 130, "test random": 655,
            "dev lexical": 85, "test lexical": 269,
        }  # fmt: skip

    def test_every_noun_is_in_the_graph(self, released):
        pairs = released.similarity
        empty = np.diff(pairs.indptr) == 0
        assert not (empty & pairs.subsets["nouns"]).any()
        assert empty.sum() == 247


class TestMeasures:
    def test_the_best_of_each_range_and_nothing_of_an_empty_one(self):
        best = best_of(np.array([1.0, 3.0, 2.0]), np.array([0, 0, 2, 2, 3, 3]))
        np.testing.assert_array_equal(best, [np.nan, 3, np.nan, 2, np.nan])

    def test_the_best_of_ranges_that_are_all_empty(self):
        assert np.isnan(best_of(np.empty(0), np.array([0, 0, 0]))).all()

    def test_a_rank_counts_what_scores_higher_and_half_of_the_ties(self):
        sampled = np.array([[5.0, 4.0, 4.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
        scores, queries = np.array([4.0, 9.0, 0.0, 2.0]), np.array([0, 0, 1, 1])
        ranks = np.exp(-rank_scores(scores, queries, sampled))
        np.testing.assert_allclose(ranks, [1 + 1 + 2 / 2, 1, 1 + 4 / 2, 1])

    def test_rho_of_pairs_with_ties(self):
        # Ranks 1.5 1.5 3 against 1 2 3: 1.5 / sqrt(1.5 * 2).
        assert self.rho([1, 1, 2], [1, 2, 3]) == pytest.approx(1.5 / np.sqrt(3))

    def test_no_score_counts_as_the_lowest(self):
        assert self.rho([np.nan, -7, 3], [0, 1, 2]) == pytest.approx(1)
        assert self.rho([np.nan, -7, 3], [2, 1, 0]) == pytest.approx(-1)

    def test_pairs_outside_the_mask_do_not_count(self):
        mask = np.array([True, True, True, False])
        found = self.of([1, 2, 3, 0], [1, 2, 3, 9], mask)
        assert (found.rho, found.n) == (pytest.approx(1), 3)

    def test_a_score_that_says_nothing_has_no_rho(self):
        constant = self.of([5, 5, 5], [1, 2, 3])
        assert constant.rho is constant.low is constant.high is None
        assert self.rho([1, 2, 3], [1, 2, 3], np.zeros(3, bool)) is None

    def test_each_resample_is_ranked_anew(self):
        rng = np.random.default_rng(0)
        left, right = rng.integers(0, 5, (2, 6, 40)).astype(float)
        expected = [stats.spearmanr(a, b).statistic for a, b in zip(left, right, strict=True)]
        np.testing.assert_allclose(measures._rank_correlations(left, right), expected)

    def test_the_interval_narrows_with_more_pairs(self):
        rng = np.random.default_rng(0)
        gold = rng.normal(size=2000)
        predicted = gold + rng.normal(size=2000)
        few, many = (self.of(predicted[:n], gold[:n]) for n in (100, 2000))
        assert many.low < many.rho < many.high
        # By Fisher's approximation 2 * 1.96 * (1 - rho²) / sqrt(n): 0.05 at rho 0.68.
        assert many.high - many.low == pytest.approx(0.05, rel=0.3)
        assert few.high - few.low > 3 * (many.high - many.low)

    def rho(self, predicted, gold, mask=None):
        return self.of(predicted, gold, mask).rho

    def of(self, predicted, gold, mask=None):
        mask = np.ones(len(gold), bool) if mask is None else mask
        predicted, gold = np.array(predicted, float)[mask], np.array(gold, float)[mask]
        return correlation(predicted, gold, score="score", subset="all")


class Tens(Method):
    """Scores a pair by ten times the query's number and the document's."""

    name = "tens"

    def index(self, corpus): ...

    def search(self, queries, k, point): ...

    def score(self, queries, documents):
        self.largest = max(getattr(self, "largest", 0), len(documents))
        self.writeable = queries.rows.flags.writeable or documents.flags.writeable
        assert len(queries.names) == len(documents)
        return 10 * queries.rows + documents


class TestScores:
    def test_the_score_is_that_of_the_best_senses(self, folder):
        scores = score_pairs(Tens(), read(folder), lambda done, total: None)
        np.testing.assert_array_equal(scores["score"], [31, 13, np.nan])

    def test_the_rank_is_among_the_documents_of_the_same_query(self, folder):
        scores = score_pairs(Tens(), read(folder), lambda done, total: None)
        # All five documents are sampled, 0 to 4 from the lowest; a document ties with itself.
        np.testing.assert_allclose(scores["log-rank"], [-np.log(4.5), -np.log(2.5), np.nan])

    def test_blocks_bound_what_is_scored_at_once_and_change_nothing(self, folder, monkeypatch):
        task, method = read(folder), Tens()
        whole = score_pairs(Tens(), task, lambda done, total: None)
        monkeypatch.setattr(similarity_scores, "BLOCK", 5)
        for name, scores in score_pairs(method, task, lambda done, total: None).items():
            np.testing.assert_array_equal(scores, whole[name])
        assert method.largest == 5

    def test_progress_runs_to_its_end(self, folder):
        told = []
        score_pairs(Tens(), read(folder), lambda done, total: told.append((done, total)))
        # Four pairs of senses, and three queries with five documents each.
        assert told == [(4, 19), (19, 19)]

    def test_a_method_cannot_change_what_it_is_handed(self, folder):
        method = Tens()
        score_pairs(method, read(folder), lambda done, total: None)
        assert not method.writeable

    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            (lambda q, d: np.where(d == 1, np.nan, 1.0), "NaN for query 'dog.n.01' .*'beast.n.01'"),
            (lambda q, d: np.ones((len(d), 1)), r"return 4 scores .* shape \(4, 1\)"),
            (lambda q, d: np.full(len(d), "good"), "return 4 scores"),
        ],
    )
    def test_what_are_no_scores_breaks_the_contract(self, folder, answer, message):
        method = Tens()
        method.score = answer
        with pytest.raises(MethodError, match=message):
            score_pairs(method, read(folder), lambda done, total: None)

    def test_a_task_without_words_is_refused(self, small_task):
        with pytest.raises(InputError, match="small has no pairs of words"):
            score_pairs(Tens(), small_task, lambda done, total: None)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("parents", None, "parents"),
        ("name", ["entity.n.01", None, "dog.n.01"], "a value is missing"),
        ("name", ["entity.n.01", "entity.n.01", "dog.n.01"], "a name is there twice"),
        ("parents", [[], [0], [3]], "a parent is none of its 3 rows"),
        ("parents", [[], [0], [-1]], "a parent is none of its 3 rows"),
        ("parents", [[], [0], [None]], "a value is missing"),
        ("lemmas", [[1], [2], [3]], "Unsupported cast from list"),
    ],
)
def test_a_graph_of_another_form_is_refused(tmp_path, column, values, message):
    columns = {"name": list("abc"), "lemmas": list("abc"), "parents": [[], [0], [1]]}
    columns[column] = values
    path = tmp_path / "nouns.parquet"
    pq.write_table(pa.table({k: v for k, v in columns.items() if v is not None}), path)
    with pytest.raises(InputError, match=rf"noun graph cannot be read: .*{message}"):
        read_graph(path)


def test_a_graph_without_rows_is_refused(tmp_path):
    path = tmp_path / "nouns.parquet"
    empty = {"name": pa.array([], pa.string()), "lemmas": pa.array([], pa.string())}
    pq.write_table(pa.table(empty | {"parents": pa.array([], pa.list_(pa.int32()))}), path)
    with pytest.raises(InputError, match="cannot be read: .*it has no rows"):
        read_graph(path)
