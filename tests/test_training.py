"""Losses against automatic differentiation, optimisers against torch's, batches by hand."""

import numpy as np
import pytest
import torch

from bench.arrays.relevance import Relevance
from methods.encoders.table import TableEncoder
from methods.trainers.batches import make_batch, query_chunks
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


def in_batch_reference(q, x, batch):
    """As the paper has it: each pair against a column for every time a document is drawn."""
    scores = T * q @ x.T
    copies = torch.repeat_interleave(torch.arange(len(x)), batch.log_counts.exp().round().long())
    columns = batch.pairs % len(x)
    losses = scores[:, copies].logsumexp(1)[batch.pair_rows] - scores[batch.pair_rows, columns]
    return (batch.weights * losses).mean()


def masked_reference(q, x, batch):
    scores = T * q @ x.T
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
    chunks = query_chunks(diamond, 2, np.random.default_rng(0))
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
