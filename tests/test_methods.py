"""The built-in methods fulfil the contract on a small task."""

import time

import numpy as np
import pytest

from bench.errors import InputError
from bench.method import Workspace
from bench.registry import Registry
from bench.versions.keys import fit_key
from methods.indexes.exact import top_k
from methods.trainers.masked import Masked
from methods.trainers.pretrain_finetune import PretrainFinetune
from methods.trainers.standard import Standard
from tests.searching import searcher_of

REGISTRY = Registry()
QUICK = {"steps": 200, "dim": 8, "finetune_steps": 50, "branching": 4, "epochs": 3}


def silent(done, total):
    pass


def made(name, **params):
    method = REGISTRY.resolve(name)
    quick = {key: value for key, value in QUICK.items() if key in method.params}
    return method(**{**quick, **params})


def fitted(task, name, seed=0, **params):
    method = made(name, **params)
    method.fit(
        task.training(task.test.relevance if method.sees_test else None), seed=seed, progress=silent
    )
    method.index(task.corpus)
    return method


@pytest.fixture(params=[*REGISTRY.built_ins(), "masked-de+scann", "constructed-de+hnsw"])
def name(request):
    return request.param


READERS = {"zero-shot-de", "hit-de", "hit-dot-de", "bm25", "dsi", "nci", "names-in-names"}
"""Methods that need texts."""


@pytest.fixture
def task(name, small_task, small_text_task):
    return small_text_task if name in READERS else small_task


def test_searches_the_whole_task_at_every_point(task, name):
    method = fitted(task, name)
    searcher = searcher_of(method, task, 3)
    costs = []
    for point in method.operating_points():
        run = searcher.run(point, silent)
        assert run.ids.shape == (len(task.test.relevance.answered), 3)
        summary = run.summary
        costs.append(summary.mean_visited if method.scores_documents else summary.routing)
    assert costs == sorted(costs), "points are in order of cost"


def test_is_deterministic_under_a_seed(task, name):
    runs = []
    few = {"steps": 40} if "steps" in made(name).params else {}
    for _ in range(2):
        method = fitted(task, name, seed=3, **few)
        point = method.operating_points()[-1]
        runs.append(searcher_of(method, task, 3).run(point, silent))
    np.testing.assert_array_equal(runs[0].ids, runs[1].ids)
    np.testing.assert_array_equal(runs[0].scores, runs[1].scores)


@pytest.mark.parametrize("name", [name for name in REGISTRY.names() if made(name).keeps_fit])
def test_a_saved_fit_searches_alike(task, name, tmp_path):
    method = fitted(task, name)
    method.save(tmp_path)
    loaded = made(name)
    loaded.load(tmp_path)
    loaded.index(task.corpus)
    point = method.operating_points()[-1]
    first, second = (searcher_of(m, task, 3).run(point, silent) for m in (method, loaded))
    np.testing.assert_array_equal(first.ids, second.ids)


def test_asked_for_more_than_there_is_it_returns_each_document_once(task, name):
    method = fitted(task, name)
    run = searcher_of(method, task, 50).run(method.operating_points()[-1], silent)
    for row in run.ids:
        real = row[row >= 0]
        assert len(set(real)) == len(real)


@pytest.mark.parametrize("index", ["faiss-ivf", "scann"])
def test_probing_every_leaf_is_exact_search(small_task, index):
    exact = fitted(small_task, "masked-de")
    leaves = fitted(small_task, f"masked-de+{index}")
    expected = searcher_of(exact, small_task, 3).run({}, silent)
    run = searcher_of(leaves, small_task, 3).run(leaves.operating_points()[-1], silent)
    assert run.summary.mean_visited == 21
    np.testing.assert_allclose(run.scores, expected.scores, rtol=1e-5)


def test_twin_documents_do_not_confuse_scanns_leaves():
    from methods.indexes.base import Guide
    from methods.indexes.scann import ScaNN

    rng = np.random.default_rng(0)
    documents = np.repeat(rng.standard_normal((10, 8)).astype(np.float32), 6, axis=0)
    index = ScaNN(nlist=30)  # more leaves than distinct vectors: centroids are twins
    index.lay_out(documents, 30, Guide(documents[:0], None))
    queries = rng.standard_normal((40, 8)).astype(np.float32)
    for nprobe in (1, 4, 9):
        result = index.search(queries, 60, {"nprobe": nprobe})
        for ids, leaves in zip(result.ids, result.leaves, strict=True):
            expected = np.flatnonzero(np.isin(index.partition(), leaves))
            assert sorted(ids[ids >= 0]) == list(expected)


def test_the_oracle_finds_everything_and_random_next_to_nothing(small_task):
    relevance = small_task.test.relevance
    for name, share in (("oracle", 1.0), ("random", 0.4)):
        method = fitted(small_task, name)
        run = searcher_of(method, small_task, 3).run({}, silent)
        found = [set(relevance.documents[relevance.queries == q]) for q in range(21)]
        hits = sum(
            len(set(ids[: len(s)]) & s) for ids, s in zip(run.ids.tolist(), found, strict=True)
        )
        assert (hits / relevance.n_pairs >= share) is (name == "oracle")


def test_only_the_oracle_is_handed_the_test(small_task):
    assert small_task.training().test is None
    assert [name for name in REGISTRY.names() if REGISTRY.resolve(name).sees_test] == ["oracle"]


def validated(encoder, training):
    documents = encoder.encode_documents(training.document_texts)
    return training.validation_score(
        lambda queries, k: top_k(encoder.encode_queries(queries), documents, k)[1]
    )


def test_masked_training_holds_a_small_tree(small_task):
    encoder = Masked(dim=8, steps=400, start="hierarchy").train(
        small_task.training(), None, Workspace(), seed=0, progress=silent
    )
    assert validated(encoder, small_task.training()) > 0.95


def test_finetuning_never_ends_below_its_start_on_validation(small_task):
    training = small_task.training()
    standard = Standard(dim=3, steps=100).train(
        training, None, Workspace(), seed=0, progress=silent
    )
    before = standard.queries.clone()
    tuned = PretrainFinetune(dim=3, steps=100, far=1, finetune_lr=0.03, finetune_steps=60).train(
        training, standard, Workspace(), seed=0, progress=silent
    )
    assert validated(tuned, training) >= validated(standard, training)
    assert (standard.queries == before).all(), "the shared start is not changed"


def test_finetuning_that_diverges_names_the_rate_to_lower(small_task):
    wild = PretrainFinetune(dim=3, steps=100, far=1, finetune_lr=1.0, finetune_steps=60)
    with pytest.raises(InputError, match="the loss is nan at step .*; lower finetune_lr"):
        wild.train(small_task.training(), None, Workspace(), seed=0, progress=silent)


def test_rows_that_differ_by_index_alone_share_one_fit(small_task):
    keys = {
        name: fit_key(small_task.digest, made(name), 0)
        for name in ("standard-de", "exact", "de-scann", "de-hnsw", "de-faiss-ivf", "masked-de")
    }
    assert len(set(keys.values())) == 2
    warm_start = made("pretrain-finetune-de").warm_start(small_task.training())
    assert fit_key(small_task.digest, warm_start, 0) == keys["standard-de"]


def test_the_number_of_leaves_is_chosen_on_validation_within_the_budget(small_text_task):
    fixed = fitted(small_text_task, "de-faiss-ivf", steps=1, nlist=7).operating_points()[-1]
    assert fixed == {"nlist": 7, "nprobe": 7}
    # With 20 centroids to score for 24 documents, 80 % of the work buys no leaf; few leaves do.
    chosen = fitted(small_text_task, "de-faiss-ivf", steps=1, budget=0.8).operating_points()[-1]
    assert chosen["nlist"] < 20


def slow_to_prepare(task):
    class Slow(REGISTRY.resolve("random")):
        def prepare(self, queries):
            time.sleep(0.2)

    method = Slow()
    method.fit(task.training(), seed=0, progress=silent)
    method.index(task.corpus)
    return searcher_of(method, task, 3)


def test_encoding_texts_of_queries_once_is_not_part_of_the_speed_of_search(small_text_task):
    searcher = slow_to_prepare(small_text_task)
    assert searcher.run({}, silent).summary.seconds < 0.1
    assert searcher.encoding.seconds >= 0.2
    assert searcher.run({}, silent).summary.seconds >= 0.2, "they were encoded before"


def test_where_there_is_nothing_to_encode_preparing_is_part_of_the_search(small_task):
    searcher = slow_to_prepare(small_task)
    assert searcher.run({}, silent).summary.seconds >= 0.2
    assert searcher.encoding.seconds == 0


@pytest.mark.parametrize(
    "name",
    ["de-faiss-ivf", "de-faiss-ivf-2", "de-scann-soar", "de-optimist", "de-learned-router"],
)
def test_more_leaves_than_documents_are_refused_and_never_capped(small_task, name):
    with pytest.raises(InputError, match="nlist=22 asks for more leaves than .* documents, 21; "):
        fitted(small_task, name, steps=1, nlist=22)
