"""Losses against automatic differentiation, optimisers against torch's, batches by hand."""

import numpy as np
import pytest
import torch

import bench
from bench.arrays.relevance import Relevance
from bench.errors import InputError
from bench.method import Workspace
from methods.encoders.geometry import to_rows, to_vectors
from methods.encoders.table import TableEncoder
from methods.trainers import learned
from methods.trainers.batches import Batches, make_batch
from methods.trainers.checkpoint import BestCheckpoint
from methods.trainers.ehi import EHI
from methods.trainers.hierarchical_start import hierarchical_start
from methods.trainers.losses import InBatchSoftmax, MaskedSoftmax, Temperature
from methods.trainers.masked import Masked
from methods.trainers.optimizers import RowAdam, RowRMSProp, RowSGD

T = 3.0


@pytest.fixture
def batch(diamond):
    queries = np.array([3, 4, 1])
    return make_batch(queries, diamond.rows(queries), negatives=np.array([5, 0]), self_weight=2.0)


def vectors(batch):
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(len(batch.queries), 4, generator=generator, requires_grad=True)
    x = torch.randn(len(batch.documents), 4, generator=generator, requires_grad=True)
    return q, x


def in_batch_reference(q, x, batch, temperature=T):
    """As the paper has it: each pair against a column for every time a document is drawn."""
    scores = temperature * q @ x.T
    copies = torch.repeat_interleave(torch.arange(len(x)), batch.log_counts.exp().round().long())
    columns = batch.pairs % len(x)
    losses = scores[:, copies].logsumexp(1)[batch.pair_rows] - scores[batch.pair_rows, columns]
    return (batch.weights * losses).mean()


def masked_reference(q, x, batch, temperature=T):
    scores = temperature * q @ x.T
    columns = batch.pairs % len(x)
    relevant = torch.zeros_like(scores, dtype=torch.bool)
    relevant[batch.pair_rows, columns] = True
    losses = []
    for row, column in zip(batch.pair_rows, columns, strict=True):
        negatives = scores[row][~relevant[row]]
        own = scores[row, column]
        losses.append(torch.cat([own[None], negatives]).logsumexp(0) - own)
    return (batch.weights * torch.stack(losses)).mean()


@pytest.mark.parametrize(
    ("loss", "reference"),
    [(InBatchSoftmax, in_batch_reference), (MaskedSoftmax, masked_reference)],
)
def test_loss_and_gradients_agree_with_autograd(batch, loss, reference):
    q, x = vectors(batch)
    expected = reference(q, x, batch)
    expected.backward()
    found = loss(Temperature(T))(q.detach(), x.detach(), batch)
    assert found.loss.item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(found.queries, q.grad, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.documents, x.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 22.0, 200.0, 1000.0, 5000.0])
@pytest.mark.parametrize("loss", [InBatchSoftmax, MaskedSoftmax])
def test_losses_are_those_of_float64_at_any_temperature(batch, loss, temperature):
    # In eighths, every score times the temperature is exact in float32: what differs is the loss.
    generator = torch.Generator().manual_seed(1)
    q, x = (
        torch.randint(-8, 9, (len(rows), 4), generator=generator) / 8
        for rows in (batch.queries, batch.documents)
    )
    x[batch.pairs[0] % len(x)] = q[0]  # one relevant document on top, above every other score
    own, others = q.double().requires_grad_(), x.double().requires_grad_()
    reference = {InBatchSoftmax: in_batch_reference, MaskedSoftmax: masked_reference}[loss]
    expected = reference(own, others, batch, temperature)
    expected.backward()
    found = loss(Temperature(temperature))(q, x, batch)
    assert found.loss.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-30)
    # Of the gradient of a relevant document, its own share is taken away from 1.
    close = {"rtol": 1e-5, "atol": 1e-6 * temperature}
    torch.testing.assert_close(found.queries.double(), own.grad, **close)
    torch.testing.assert_close(found.documents.double(), others.grad, **close)


def test_a_pair_ranked_wrongly_has_its_gradient_below_a_document_far_on_top():
    # Scores 1 and 0.1 of the relevant documents and 0.2 of the other: 200 * (0.2 - 0.1) = 20, and
    # the first is 160 above it, where float32 has no exponential.
    batch = make_batch(
        np.array([0]),
        Relevance.from_pairs(np.array([0, 0]), np.array([0, 1]), np.array([1, 1]), 1, 3),
        negatives=np.array([2]),
    )
    q, x = torch.tensor([[1.0]]), torch.tensor([[1.0], [0.1], [0.2]])
    found = MaskedSoftmax(Temperature(200.0))(q, x, batch)
    assert found.loss.item() == pytest.approx(20 / 2)
    assert found.documents[:, 0].tolist() == pytest.approx([0, -100, 100])


def test_a_query_whose_candidates_are_all_relevant_has_no_loss_and_no_gradient():
    relevance = Relevance.from_pairs(np.array([0, 1, 1]), np.array([0, 0, 1]), np.ones(3), 2, 2)
    batch = make_batch(np.arange(2), relevance)
    q, x = torch.tensor([[1.0], [1.0]]), torch.tensor([[0.5], [1.0]])
    found = MaskedSoftmax(Temperature(2.0))(q, x, batch)
    # Query 0 against document 1: softplus(2 - 1), a mean over three pairs.
    assert found.loss.item() == pytest.approx(np.log1p(np.e) / 3)
    assert found.queries[1].item() == 0


def test_a_general_document_has_one_column_that_counts_as_often_as_it_stands(batch):
    # Documents of queries 3, 4 and 1: 0 three times, 1 three times, 2 and 3 twice, 4 once; and
    # the negatives 5 and 0.
    counts = dict(zip(batch.documents.tolist(), batch.log_counts.exp().tolist(), strict=True))
    assert counts == pytest.approx({0: 4, 1: 3, 2: 2, 3: 2, 4: 1, 5: 1})


def test_pairs_point_at_their_place_in_the_score_matrix(batch):
    rows, columns = np.divmod(batch.pairs.numpy(), len(batch.documents))
    pairs = {
        (int(batch.queries[r]), int(batch.documents[c])) for r, c in zip(rows, columns, strict=True)
    }
    assert pairs == {(3, 3), (3, 1), (3, 2), (3, 0), (4, 4), (4, 3), (4, 1), (4, 2), (4, 0),
                     (1, 1), (1, 0)}  # fmt: skip


def test_weights_stress_distance_0(batch):
    assert sorted(batch.weights.tolist()) == [1] * 8 + [2] * 3


def test_chunks_ask_each_query_once_an_epoch(diamond):
    chunks = Batches(diamond, 2, np.random.default_rng(0), lambda rows: rows)
    epoch = np.concatenate([next(chunks) for _ in range(3)])
    assert sorted(epoch) == [0, 1, 2, 3, 4, 5]


def test_row_adam_is_torchs_sparse_adam():
    generator = torch.Generator().manual_seed(0)
    ours = torch.randn(7, 3, generator=generator)
    theirs = torch.nn.Parameter(ours.clone())
    adam, sparse_adam = RowAdam(ours), torch.optim.SparseAdam([theirs], lr=0.1)
    for rows in ([0, 3], [3, 5, 6], [1, 3]):
        gradient = torch.randn(len(rows), 3, generator=generator)
        adam.step(torch.tensor(rows), gradient.clone(), 0.1)
        theirs.grad = torch.sparse_coo_tensor([rows], gradient, (7, 3), check_invariants=True)
        sparse_adam.step()
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-6)


def test_row_rmsprop_is_torchs_rmsprop_over_the_length_of_the_gradient():
    # In one dimension the gradient is its length; torch's mean square begins without a correction.
    ours = torch.zeros(3, 1)
    theirs = torch.nn.Parameter(torch.zeros(1))
    rmsprop, plain = RowRMSProp(ours), torch.optim.RMSprop([theirs], alpha=0.999)
    for step, gradient in enumerate([0.5, -2.0, 1.0], start=1):
        rmsprop.step(torch.tensor([1]), torch.tensor([[gradient]]), 0.1)
        plain.param_groups[0]["lr"] = 0.1 * (1 - 0.999**step) ** 0.5
        theirs.grad = torch.tensor([gradient])
        plain.step()
    torch.testing.assert_close(ours[1], theirs.detach(), rtol=1e-4, atol=1e-6)
    assert ours[[0, 2]].tolist() == [[0], [0]]


def test_the_first_move_of_row_rmsprop_is_as_long_as_the_rate_in_any_dimension():
    for dim in (1, 3, 64):
        table = torch.zeros(2, dim)
        RowRMSProp(table).step(torch.tensor([1]), torch.ones(1, dim), 0.1)
        assert table.norm(dim=1).tolist() == pytest.approx([0, 0.1])


def test_row_sgd_moves_the_rows_it_is_given_and_no_others():
    table = torch.ones(3, 2)
    RowSGD(table).step(torch.tensor([1]), torch.tensor([[1.0, 2.0]]), 0.5)
    assert table.tolist() == [[1, 1], [0.5, 0], [1, 1]]


def test_hierarchical_start_puts_a_node_near_its_parents(diamond):
    start = hierarchical_start(diamond, dim=64, decay=0.1, seed=0)
    assert start.norm(dim=1).numpy() == pytest.approx(1)
    # Node 4 has one parent, and its noise is 0.1 ** 2 of a root's.
    assert float(start[4] @ start[3]) > 0.99
    assert float(start[5] @ start[0]) < 0.5


def test_a_table_encoder_scales_vectors_only_under_the_cosine():
    for geometry in ("cosine", "dot"):
        encoder = TableEncoder.random(4, 5, 3, geometry=geometry, seed=0)
        length = np.linalg.norm(encoder.encode_documents(None), axis=1)
        assert (length == pytest.approx(1)) is (geometry == "cosine")


def test_dot_products_of_lorentz_are_minus_the_cosh_of_hyperbolic_distances(small_task):
    encoder = TableEncoder.random(4, 4, 3, geometry="lorentz", seed=0)
    encoder.documents = encoder.queries.clone()
    q = encoder.encode_queries(small_task.queries(np.arange(4)))
    scores = q @ encoder.encode_documents(None).T
    assert q.shape == (4, 4)
    assert scores.diagonal() == pytest.approx(-np.ones(4), abs=1e-5)  # a distance of 0
    # Poincare's ball is another model of the same space, with a formula of its own.
    u = encoder.queries.numpy() / (1 + np.sqrt(1 + (encoder.queries.numpy() ** 2).sum(1)))[:, None]
    outside = 1 - (u**2).sum(1)
    apart = ((u[:, None] - u[None]) ** 2).sum(2) / np.outer(outside, outside)
    assert -scores == pytest.approx(1 + 2 * apart, rel=1e-4)


@pytest.mark.parametrize("geometry", [*Masked.choices["geometry"], "euclidean"])
@pytest.mark.parametrize("queries", [True, False])
def test_gradients_by_rows_are_those_of_autograd_in_any_geometry(geometry, queries):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(5, 3, generator=generator, requires_grad=True)
    vectors = to_vectors(rows, geometry, queries=queries)
    gradient = torch.randn(vectors.shape, generator=generator)
    vectors.backward(gradient)
    found = to_rows(gradient.clone(), rows.detach(), vectors.detach(), geometry, queries=queries)
    torch.testing.assert_close(found, rows.grad)


@pytest.mark.parametrize(
    ("loss", "reference"),
    [(InBatchSoftmax, in_batch_reference), (MaskedSoftmax, masked_reference)],
)
def test_a_learned_temperature_moves_against_the_derivative_of_the_loss(batch, loss, reference):
    q, x = (part.detach() for part in vectors(batch))
    logarithm = torch.tensor(T).log().requires_grad_()
    reference(q, x, batch, logarithm.exp()).backward()
    learned, fixed = Temperature(T, lr=0.01), Temperature(T)
    found = loss(learned)(q, x, batch)
    loss(fixed)(q, x, batch)
    assert float((q * found.queries).sum()) == pytest.approx(float(logarithm.grad), rel=1e-4)
    # Adam's first step is as long as the learning rate.
    assert learned.value == pytest.approx(T * np.exp(-0.01 * np.sign(float(logarithm.grad))))
    assert fixed.value == T


def test_a_temperature_is_not_learned_in_0_steps():
    with pytest.raises(InputError, match=r"temperature_lr is 0.01, but in 0 steps"):
        Masked(steps=0, temperature_lr=0.01)
    assert Masked.for_tables(steps=0, dim=3).temperature_lr == 0
    assert EHI(steps=0, epochs=1, temperature_lr=0.01).is_trained


@pytest.mark.parametrize(
    ("dim", "geometry", "temperature_lr"),
    [(3, "dot", 0.01), (16, "cosine", 0.01), (64, "cosine", 0)],
)
def test_masked_tables_of_few_dimensions_learn_the_temperature(dim, geometry, temperature_lr):
    trainer = Masked.for_tables(dim=dim)
    assert (trainer.geometry, trainer.temperature_lr) == (geometry, temperature_lr)


def test_a_stated_geometry_brings_its_own_defaults():
    trainer = Masked.for_tables(dim=64, geometry="lorentz")
    assert (trainer.geometry, trainer.temperature, trainer.lr) == ("lorentz", 1, 0.125)


@pytest.mark.slow
def test_masked_tables_of_three_dimensions_hold_the_tree():
    tree = bench.load("tree")
    cell = bench.evaluate("masked-de", tree)
    assert cell.points[0].recall > 0.999


def test_a_copy_of_an_encoder_is_its_own():
    encoder = TableEncoder.random(4, 5, 3, geometry="cosine", seed=0)
    copy = encoder.copy()
    copy.queries.zero_()
    assert encoder.queries.abs().sum() > 0


def test_relevance_rows_are_renumbered(diamond):
    rows = diamond.rows(np.array([3, 1]))
    assert isinstance(rows, Relevance)
    assert list(rows.documents) == [3, 1, 2, 0, 1, 0]
    assert list(rows.counts) == [4, 2]


@pytest.fixture
def scored(small_task, monkeypatch):
    """A keeper of the best encoder, with the scores of its validations; step n changes it to n."""

    def keeper(*scores, **settings):
        left = iter(scores)
        monkeypatch.setattr(BestCheckpoint, "_validate", lambda best: next(left))
        encoder = TableEncoder.random(2, 2, 1, geometry="dot", seed=0)
        checks = len(scores) - 1
        best = BestCheckpoint(
            encoder, small_task.training(), steps=checks, checks=checks, **settings
        )
        done = 0
        for step in range(1, checks + 1):
            encoder.documents.fill_(step)
            done = step
            if best.after_step(step):
                break
        return done, float(best.encoder.documents[0])

    return keeper


def test_training_stops_at_a_perfect_validation(scored):
    assert scored(0.1, 0.5, 1.0, 0.2) == (2, 2)


def test_training_that_starts_perfect_stops_at_once_and_keeps_the_start(small_task, monkeypatch):
    monkeypatch.setattr(BestCheckpoint, "_validate", lambda best: 1.0)
    encoder = TableEncoder.random(2, 2, 1, geometry="dot", seed=0)
    best = BestCheckpoint(encoder, small_task.training(), steps=100, checks=2)
    assert best.after_step(1)


def test_training_stops_after_as_many_validations_without_a_better_one_as_it_has_patience(scored):
    assert scored(0.1, 0.5, 0.4, 0.5, 0.6, patience=2) == (3, 3)
    assert scored(0.1, 0.5, 0.4, 0.5, 0.6, patience=0) == (4, 4)


def test_of_equally_good_encoders_the_later_is_kept(scored):
    assert scored(0.1, 0.5, 0.5, 0.3) == (3, 2)


def test_an_encoder_no_better_than_the_untrained_one_is_not_kept(scored):
    done, kept = scored(0.5, 0.5, 0.4, 0.5)
    assert done == 3
    assert kept not in {1, 2, 3}


def steps_of(trainer, task, monkeypatch):
    """The number of steps that a trainer takes."""
    taken = []
    step = MaskedSoftmax.__call__
    monkeypatch.setattr(MaskedSoftmax, "__call__", lambda *of: taken.append(1) or step(*of))
    trainer.train(
        task.training(), None, Workspace(device="cpu"), seed=0, progress=lambda done, total: None
    )
    return len(taken)


def test_tables_are_trained_until_validation_is_perfect(small_task, monkeypatch):
    assert steps_of(Masked(dim=16, steps=1200), small_task, monkeypatch) < 1000


def test_tables_whose_validation_would_cost_much_are_trained_to_the_end(small_task, monkeypatch):
    monkeypatch.setattr(learned, "VALIDATED_PAIRS", 10)
    assert steps_of(Masked(dim=16, steps=1200), small_task, monkeypatch) == 1000


def test_training_lasts_as_many_epochs_as_a_trainer_needs_at_the_most(small_task, monkeypatch):
    n = len(small_task.train.answered)
    trainer = Masked(dim=1, batch=n // 3, max_epochs=5, patience=0)
    assert steps_of(trainer, small_task, monkeypatch) == 15
