"""EHI as printed: the settings of table 2, the triplets of Algorithm 1, and data that they suit."""

import dataclasses

import numpy as np
import pytest
import torch

from bench.data.cards import cards
from bench.errors import InputError
from bench.method import Workspace
from bench.plan.grid import Settings, settled
from bench.registry import Registry
from bench.task import Relevance
from methods.encoders.text import TextLearner
from methods.trainers.ehi_paper import EHIPaper
from methods.trees.indexer import Indexer, TreeShape
from methods.trees.triplets import make_triplets
from tests.test_ehi import joint_loss

# arXiv 2310.08891, table 2. The numbers of documents are those of the whole collections.
SCIFACT = {
    "batch": 64, "leaves": 40, "documents": 5_183, "encoder": 4e-4, "classifier": 0.016,
    "lambdas": (0.2, 0.8, 0.2),
}  # fmt: skip
FIQA = {
    "batch": 64, "leaves": 5_000, "documents": 57_638, "encoder": 2e-4, "classifier": 9e-4,
    "lambdas": (0.03, 0.46, 0.54),
}  # fmt: skip
MSMARCO = {
    "batch": 4_096, "leaves": 7_000, "documents": 8_841_823, "encoder": 2.5e-8, "classifier": 8e-3,
    "lambdas": (0.11, 0.84, 0.6),
}  # fmt: skip
NQ320K = {
    "batch": 1_024, "leaves": 1_000, "documents": 109_739, "encoder": 1e-4, "classifier": 4e-4,
    "lambdas": (0.2, 0.4, 0.11),
}  # fmt: skip
PRINTED = {
    "scifact": SCIFACT,
    "fiqa": FIQA,
    "fiqa-slice": FIQA,
    "msmarco": MSMARCO,
    "msmarco-dl19": MSMARCO,
    "msmarco-slice": MSMARCO,
    "msmarco-slice-dl19": MSMARCO,
    "msmarco-slice-dl20": MSMARCO,
    "msmarco-slice-heldout": MSMARCO,
    "nq320k": NQ320K,
}
PAPER = Registry().resolve("ehi-paper")


def on(task, card, *texts):
    """The hyper-parameters of ehi-paper on a dataset."""
    return settled(PAPER, dataclasses.replace(task, defaults=card.defaults), Settings.parse(texts))


@pytest.mark.parametrize("name", PRINTED)
def test_a_card_has_the_settings_that_are_printed_for_its_dataset(name, small_text_task):
    values, printed, card = on(small_text_task, cards()[name]), PRINTED[name], cards()[name]
    leaves = printed["leaves"] * card.counts["documents"] / printed["documents"]
    assert values["branching"] ** values["height"] == round(leaves)
    assert values["batch"] == printed["batch"]
    assert (values["lr"], values["encoder_lr"]) == (printed["encoder"],) * 2
    assert values["indexer_lr"] == printed["classifier"]
    terms = ("similarity", "indexing", "intra_leaf")
    assert tuple(values[f"{term}_weight"] for term in terms) == printed["lambdas"]
    everywhere = {"margin": 0.3, "threshold": 0.9, "epochs": 100, "refresh": 5, "corpus_pairs": 0}
    assert {name: values[name] for name in everywhere} == everywhere


def test_a_dataset_of_which_nothing_is_printed_is_skipped_with_the_way_out(small_text_task):
    for card in cards().values():
        if card.name not in PRINTED:
            assert on(small_text_task, card)["branching"] == 0, card.name
    data = small_text_task.training()
    reason = EHIPaper().skip(data)
    assert "prints settings for SciFact, FiQA, MS MARCO and NQ320k, and none for" in reason
    assert "--set ehi-paper.branching=NUMBER" in reason
    assert reason.endswith("SciFact's other settings where the dataset's card has none")
    assert EHIPaper(branching=4, batch=6).skip(data) is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"branching": 25}, "its 25 leaves are more than the 24 documents; --set ehi-paper.branch"),
        ({"branching": 4, "height": 3}, "its 64 leaves are more than the 24 documents"),
        ({"branching": 4, "batch": 4096}, "its batch of 4,096 queries is more than the 8 that"),
        ({"branching": 4, "tune": "none"}, "with --tune none nothing is learned jointly"),
    ],
)
def test_printed_settings_that_do_not_fit_the_data_are_a_reason_to_skip(
    values, reason, small_text_task
):
    found = EHIPaper(**{"batch": 6, **values}).skip(small_text_task.training())
    assert found.startswith(reason)


@pytest.mark.parametrize("tune", ["head", "last-layer", "full"])
def test_nothing_is_trained_where_no_training_pair_exists(tune, small_text_task):
    nothing = small_text_task.train.where(np.zeros(small_text_task.train.n_pairs, bool))
    data = dataclasses.replace(small_text_task, train=nothing).training()
    assert "no training pairs" in EHIPaper(branching=4, tune=tune).skip(data)


def test_the_last_layer_is_trained_with_the_tree(small_text_task, tmp_path, monkeypatch):
    method = PAPER(tune="last-layer", branching=4, batch=4, epochs=1, checkpoint_budget=1.0)
    method.workspace = Workspace(tmp_path)
    step, moved = TextLearner.step, []

    def watched(learner, gradients, rate):
        block = learner._encoder.queries.module
        before = [weight.clone() for weight in block.parameters()]
        step(learner, gradients, rate)
        moved.append(not all(map(torch.equal, before, block.parameters())))

    monkeypatch.setattr(TextLearner, "step", watched)
    method.fit(small_text_task.training(), seed=0, progress=lambda _done, _total: None)
    assert moved
    assert all(moved)
    assert method.encoder.tree.shape.n_leaves == 4


def test_a_softmax_in_the_place_of_triplets_is_refused():
    with pytest.raises(InputError, match="similarity_loss is one of triplet, got 'softmax'"):
        EHIPaper(similarity_loss="softmax")


def drawn(hard=((), ()), anywhere=(), seed=0):
    """Query 7 answered by documents 1 and 4, query 8 by 4, query 9 by 6."""
    relevant = Relevance.from_pairs(
        np.array([0, 0, 1, 2]), np.array([1, 4, 4, 6]), np.zeros(4, int), 3, 10
    )
    hard = tuple(np.array(part, np.int64) for part in hard)
    rng = np.random.default_rng(seed)
    return make_triplets(np.array([7, 8, 9]), relevant, hard, np.array(anywhere, np.int64), rng)


def negatives(batch):
    """For vectors and for paths, the pairs of a query and its negative."""
    documents, queries = batch.documents.tolist(), batch.queries.tolist()
    return [
        {(queries[r], documents[c]) for r, c in of_term.nonzero().tolist()}
        for of_term in batch.negatives
    ]


def test_each_query_has_one_of_its_relevant_documents():
    chosen = set()
    for seed in range(20):
        batch = drawn(seed=seed)
        columns = batch.pairs % len(batch.documents)
        assert batch.pair_rows.tolist() == [0, 1, 2]
        assert (batch.pairs // len(batch.documents)).tolist() == [0, 1, 2]
        first, *others = batch.documents[columns].tolist()
        assert others == [4, 6]
        chosen.add(first)
    assert chosen == {1, 4}


def test_a_document_drawn_for_another_query_is_no_negative_where_it_is_relevant():
    for seed in range(20):
        batch = drawn(seed=seed)
        expected = {(7, 6), (8, 6), (9, 4)}
        if 1 in batch.documents:
            expected |= {(8, 1), (9, 1)}
        assert negatives(batch) == [expected, expected]


def test_a_hard_negative_is_one_of_its_own_query_in_the_similarity_term_alone():
    without = negatives(drawn())
    of_vectors, of_paths = negatives(drawn(hard=([0, 2], [2, 3])))
    assert of_vectors == without[0] | {(7, 2), (9, 3)}
    assert of_paths == without[1]
    # Document 6 was drawn for query 9 too: it stays a negative of the others in all terms.
    assert negatives(drawn(hard=([0], [6]))) == without


def test_documents_from_anywhere_are_negatives_of_all_in_all_terms():
    for of_term, without in zip(negatives(drawn(anywhere=[0])), negatives(drawn()), strict=True):
        assert of_term == without | {(7, 0), (8, 0), (9, 0)}


def test_the_path_terms_do_not_move_with_a_hard_negative():
    torch.manual_seed(0)
    settings = EHIPaper(similarity_weight=0.0, intra_leaf_weight=0.5, branching=3)
    batch = drawn(hard=([0, 2], [2, 3]))
    x = torch.nn.functional.normalize(torch.randn(len(batch.documents), 4), dim=1)
    q = torch.nn.functional.normalize(torch.randn(3, 4), dim=1)
    tree = Indexer(TreeShape(4, 3, 1, "shared"), 0)
    found = joint_loss(tree, settings)(q, x, batch)
    hard = np.isin(batch.documents.numpy(), [2, 3])
    assert found.documents[~hard].abs().sum() > 0
    assert found.documents[hard].abs().sum() == 0


def test_a_batch_keeps_its_negatives_on_a_device():
    batch = drawn(hard=([0], [2])).scored_on(torch.device("cpu"))
    assert batch.negatives.shape == (2, 3, len(batch.documents))


def test_the_loss_is_that_of_algorithm_1_by_loops():
    torch.manual_seed(0)
    settings = EHIPaper(branching=3, height=2, similarity_weight=0.7, threshold=0.5)
    batch = drawn(hard=([0, 2], [2, 3]))
    x = torch.nn.functional.normalize(torch.randn(len(batch.documents), 4), dim=1)
    q = torch.nn.functional.normalize(torch.randn(3, 4), dim=1)
    tree = Indexer(TreeShape(4, 3, 2, "shared", transform=True), 0)
    of_q, of_x = tree.path_embedding(q).detach(), tree.path_embedding(x).detach()
    found = joint_loss(tree, settings)(q, x, batch)
    place = {document: column for column, document in enumerate(batch.documents.tolist())}
    answers = {0: {1, 4}, 1: {4}, 2: {6}}
    own = batch.documents[batch.pairs % len(batch.documents)].tolist()
    hard = {0: 2, 2: 3}

    def triplet(a, positive, negative):
        return max(0.0, float(a @ negative - a @ positive) + 0.3)

    total = 0.0
    for i, d_i in enumerate(own):
        others = {d_j for j, d_j in enumerate(own) if j != i and d_j not in answers[i]}
        compared = [*others, hard[i]] if i in hard else list(others)
        d = place[d_i]
        similar = [triplet(q[i], x[d], x[place[other]]) for other in compared]
        indexing = [triplet(of_q[i], of_x[d], of_x[place[other]]) for other in others]
        apart = [
            triplet(of_x[d], of_x[d], of_x[place[other]])
            for other in others
            if x[d] @ x[place[other]] < 0.5
        ]
        terms = ((0.7, similar), (0.8, indexing), (0.2, apart))
        total += sum(weight * np.mean(values) for weight, values in terms if values)
    assert found.loss.item() == pytest.approx(total / 3, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "table", "rows", "some"),
    [
        ("msmarco", 3, 43, {"HNSW": {"MRR@10": 28.9}, "ColBERT-v2": {"MRR@10": 39.7}}),
        ("msmarco-dl19", 4, 17, {"RepCONC": {"MRR@10": 66.8}, "CCSA": {"nDCG@10": 58.3}}),
        (
            "nq320k",
            5,
            22,
            {
                "DSI (XXL)": {"R@10": 70.3},
                "SEAL (large)": {"R@10": 81.24, "R@100": 91.93},
                "NCI (base)": {"R@10": 85.2, "R@100": 92.42},
            },
        ),
    ],
)
def test_a_card_has_every_row_of_the_papers_table_on_its_dataset(name, table, rows, some):
    reported = [row for row in cards()[name].reported if f", table {table}" in row.source]
    values = {row.method: row.values for row in reported}
    assert len(values) == len(reported) == rows
    assert {method: values[method] for method in some} == some
    (ehi, *_) = [row for row in reported if row.method == "EHI (distilbert-cos)"]
    assert ehi.parameters == "66M"
