"""Losses against automatic differentiation, optimisers against torch's, batches by hand."""

import numpy as np
import pytest
import torch

from bench.arrays.relevance import Relevance
from methods.encoders.table import TableEncoder
from methods.trainers.batches import Batches, make_batch
from methods.trainers.hierarchical_start import hierarchical_start
from methods.trainers.losses import InBatchSoftmax, MaskedSoftmax
from methods.trainers.optimizers import RowAdam, RowSGD

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
    found = loss(T)(q.detach(), x.detach(), batch)
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
    found = loss(temperature)(q, x, batch)
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
    found = MaskedSoftmax(200.0)(q, x, batch)
    assert found.loss.item() == pytest.approx(20 / 2)
    assert found.documents[:, 0].tolist() == pytest.approx([0, -100, 100])


def test_a_query_whose_candidates_are_all_relevant_has_no_loss_and_no_gradient():
    relevance = Relevance.from_pairs(np.array([0, 1, 1]), np.array([0, 0, 1]), np.ones(3), 2, 2)
    batch = make_batch(np.arange(2), relevance)
    q, x = torch.tensor([[1.0], [1.0]]), torch.tensor([[0.5], [1.0]])
    found = MaskedSoftmax(2.0)(q, x, batch)
    # Query 0 against document 1: softplus(2 - 1), a mean over three pairs.
    assert found.loss.item() == pytest.approx(np.log1p(np.e) / 3)
    assert found.queries[1].item() == 0


def test_the_score_buffer_is_reused_for_smaller_batches(diamond):
    loss = MaskedSoftmax(T)
    small = make_batch(np.array([1]), diamond.rows(np.array([1])), negatives=np.array([5]))
    large = make_batch(np.arange(6), diamond)
    q, x = vectors(small)
    first = loss(q.detach(), x.detach(), small)
    loss(*(v.detach() for v in vectors(large)), large)
    again = loss(q.detach(), x.detach(), small)
    torch.testing.assert_close(first.queries, again.queries)


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
    for cosine in (True, False):
        encoder = TableEncoder.random(4, 5, 3, cosine=cosine, seed=0)
        length = np.linalg.norm(encoder.encode_documents(None), axis=1)
        assert (length == pytest.approx(1)) is cosine


def test_a_copy_of_an_encoder_is_its_own():
    encoder = TableEncoder.random(4, 5, 3, cosine=True, seed=0)
    copy = encoder.copy()
    copy.queries.zero_()
    assert encoder.queries.abs().sum() > 0


def test_relevance_rows_are_renumbered(diamond):
    rows = diamond.rows(np.array([3, 1]))
    assert isinstance(rows, Relevance)
    assert list(rows.documents) == [3, 1, 2, 0, 1, 0]
    assert list(rows.counts) == [4, 2]
