"""Identifiers, the beam that writes them, its work, and rows that score no document."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import bench
from bench.check.tasks import text_task
from bench.errors import InputError, MethodError
from bench.evaluation.answers import Indexed
from bench.evaluation.search import Searcher
from bench.measures.budget import UNLIMITED, Budget
from bench.method import Method, SearchResult, Workspace, no_progress
from bench.report.points import most_visited, shares_text
from bench.report.rows import chosen_points, rows_of
from methods.generative.beam import Writer, Written, ranked
from methods.generative.decoder import Decoder, DecoderShape
from methods.generative.dsi import DSI
from methods.generative.identifiers import Identifiers, hierarchical
from methods.generative.nci import NCI
from methods.generative.training import Best, Examples, Schedule, repeats, train

SMALL = {"branching": 4, "width": 16, "decoder_epochs": 3, "decoder_batch": 8, "checks": 2}


def unit(n, seed=0, dim=8):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def written_out(identifiers):
    """The digits of each document, by a walk of the trie."""
    found = {}
    waiting = [(0, ())]
    for node, digits in waiting:
        for digit, code in enumerate(identifiers.children[node].tolist()):
            if code >= identifiers.n_nodes:
                found[code - identifiers.n_nodes] = (*digits, digit)
            elif code >= 0:
                waiting.append((code, (*digits, digit)))
    return [found[owner] for owner in identifiers.owners.tolist()]


def decoder_of(identifiers, adapter=0, seed=0, layers=2):
    depth, branching = identifiers.paths().digits.shape[1], identifiers.children.shape[1]
    return Decoder(DecoderShape(8, 16, layers, branching, depth, adapter), seed)


class TestIdentifiers:
    def test_each_document_has_one_and_none_begins_another(self):
        digits = written_out(hierarchical(unit(200), 4, seed=0))
        assert len({*digits}) == 200
        assert not [a for a in digits for b in digits if a != b and b[: len(a)] == a]

    def test_near_documents_begin_alike(self):
        centres = unit(4, dim=32)
        vectors = np.repeat(centres, 10, axis=0) + 0.01 * unit(40, 1, dim=32)
        begin = np.array([each[0] for each in written_out(hierarchical(vectors, 4, seed=0))])
        assert [len({*begin[at : at + 10]}) for at in (0, 10, 20, 30)] == [1, 1, 1, 1]
        assert len({*begin}) == 4

    def test_equal_documents_share_theirs_and_are_counted(self):
        vectors = unit(9)
        vectors[[3, 5, 8]] = vectors[0]
        identifiers = hierarchical(vectors, 2, seed=0)
        assert identifiers.n_identifiers == 6
        assert identifiers.n_sharing == 4
        (shared,) = [row for row in identifiers.documents().tolist() if row[1] >= 0]
        assert shared == [0, 3, 5, 8]

    def test_paths_are_those_of_a_walk(self):
        identifiers = hierarchical(unit(60), 3, seed=1)
        paths, walked = identifiers.paths(), written_out(identifiers)
        for document, owner in enumerate(identifiers.owners):
            digits, nodes = paths.digits[owner], paths.nodes[owner]
            assert tuple(digits[digits >= 0]) == walked[document]
            inner = nodes[nodes >= 0]
            assert inner[0] == 0
            assert all(
                identifiers.children[a, d] == b
                for a, b, d in zip(inner[:-1], inner[1:], digits[: len(inner) - 1], strict=True)
            )
        assert (paths.beginnings[0] == -1).all()

    def test_one_document_is_one_digit(self):
        identifiers = hierarchical(unit(1), 4, seed=0)
        assert written_out(identifiers) == [(0,)]

    def test_documents_that_clustering_leaves_together_are_divided_evenly(self, monkeypatch):
        from methods.generative import identifiers as module

        same = lambda vectors, k, seed: np.ones((k, vectors.shape[1]), np.float32)  # noqa: E731
        monkeypatch.setattr(module, "spherical_kmeans", same)
        assert len({*written_out(hierarchical(unit(10), 3, seed=0))}) == 10


class TestBeam:
    @pytest.mark.parametrize("adapter", [0, 2])
    def test_a_beam_of_all_finds_each_identifier_by_its_probability(self, adapter):
        identifiers = hierarchical(unit(30), 3, seed=0)
        decoder, queries = decoder_of(identifiers, adapter), unit(4, 1)
        written = Writer(decoder, identifiers).write(queries, 30)
        assert np.sort(written.identifiers).tolist() == [list(range(30))] * 4
        np.testing.assert_allclose(np.exp(written.log_probs).sum(1), 1, rtol=1e-5)
        paths = identifiers.paths()
        for row, identifier in ((0, 0), (2, 17)):
            digits, nodes = paths.digits[identifier], paths.nodes[identifier]
            logits = decoder(
                torch.tensor(queries[row : row + 1]), torch.tensor(digits)[None].clamp_min(0)
            )[0]
            total = 0.0
            for level, (digit, node) in enumerate(zip(digits, nodes, strict=True)):
                if digit >= 0:
                    there = torch.tensor(identifiers.children[node] >= 0)
                    total += (
                        logits[level].masked_fill(~there, -math.inf).log_softmax(0)[digit].item()
                    )
            place = written.identifiers[row].tolist().index(identifier)
            assert written.log_probs[row, place] == pytest.approx(total, abs=1e-4)

    def test_a_beam_that_is_wider_than_there_are_identifiers_ends_in_none(self):
        identifiers = hierarchical(unit(5), 2, seed=0)
        written = Writer(decoder_of(identifiers), identifiers).write(unit(3, 1), 9)
        assert (written.identifiers >= 0).sum(1).tolist() == [5, 5, 5]
        ids, scores = ranked(written, identifiers.documents(), 9)
        assert (ids[:, 5:] == -1).all()
        assert (scores[:, 5:] == -np.inf).all()

    def test_the_work_is_that_of_the_shapes_and_of_the_beginnings(self):
        # Four documents in two clusters: the root, then one beginning of the two, or both.
        identifiers = Identifiers(np.array([[1, 2], [3, 4], [5, 6]]), np.arange(4))
        writer = Writer(decoder_of(identifiers, layers=1), identifiers)
        read, width = 8 * 16, 16
        layer = 12 * width * width  # 4 of attention, 8 of the inner part
        first = layer + 2 * width + 2 * width  # one token to attend to; two digits
        second = layer + 4 * width + 2 * width
        one, both = (writer.write(unit(3, 1), beam).work for beam in (1, 2))
        assert one == pytest.approx((read + first + second) / 8)
        assert both == pytest.approx((read + first + 2 * second) / 8)

    def test_documents_of_one_identifier_stand_together(self):
        documents = np.array([[4, -1], [0, 2], [1, -1]])
        found = np.array([[1, 2, -1]])
        written = Written(found, np.array([[-1.0, -2.0, -np.inf]]), 1.0)
        ids, scores = ranked(written, documents, 3)
        assert ids.tolist() == [[0, 2, 1]]
        assert scores.tolist() == [[-1, -1, -2]]


class TestTraining:
    def learned(self, schedule, adapter=0):
        identifiers = hierarchical(unit(40), 3, seed=0)
        decoder = decoder_of(identifiers, adapter)
        examples = Examples(unit(40), np.arange(40), np.arange(40))
        train(
            decoder, identifiers, [examples], schedule, lambda: 0.0, Workspace(), seed=0,
            progress=no_progress,
        )  # fmt: skip
        return Writer(decoder, identifiers), identifiers

    @pytest.mark.parametrize("adapter", [0, 4])
    def test_a_decoder_learns_the_identifiers_of_vectors(self, adapter):
        writer, identifiers = self.learned(Schedule(300, 0.01, (40,), 1, 0.0), adapter)
        first = writer.write(unit(40), 1).identifiers[:, 0]
        assert (first == identifiers.owners).mean() > 0.9

    def test_a_decoder_that_repeats_itself_is_counted(self):
        writer, _ = self.learned(Schedule(1, 1e-9, (2,), 0, 0.0))
        one = np.repeat(unit(1, 3), 25, axis=0)
        assert repeats(writer, one) == (25, 25)

    def test_a_diverging_loss_names_the_rate(self):
        with pytest.raises(InputError, match="lower decoder_lr"):
            self.learned(Schedule(40, 1e30, (40,), 1, 0.0))

    def test_the_best_weights_are_kept(self):
        identifiers = hierarchical(unit(10), 3, seed=0)
        decoder = decoder_of(identifiers)
        best = Best(decoder)
        best.take(decoder, 0.5)
        with torch.no_grad():
            decoder.weights.zero_()
        best.take(decoder, 0.4)
        assert best.score == 0.5
        assert best.weights["weights"].abs().sum() > 0


@pytest.mark.parametrize("method", [DSI, NCI])
@pytest.mark.parametrize(
    ("params", "said"), [({"branching": 1}, "2 digits or more"), ({"width": 6}, "multiple of 4")]
)
def test_shapes_that_make_no_decoder_are_refused(method, params, said):
    with pytest.raises(InputError, match=said):
        method(**params)


def test_without_texts_there_is_nothing_to_write(small_task):
    assert DSI().skip(small_task.training()) == "the dataset has no texts"


@pytest.fixture(scope="module")
def cell():
    return bench.evaluate(DSI(**SMALL), text_task())


class TestRowsThatScoreNoDocument:
    def test_they_have_work_and_no_share_visited(self, cell):
        assert {point.visited for point in cell.points} == {None}
        works = [point.work for point in cell.points]
        assert works == sorted(works)
        assert works[0] > 0
        assert all(point.self_reported for point in cell.points)

    def test_no_budget_of_documents_has_a_point_and_budgets_of_work_have(self, cell):
        works = [point.work for point in cell.points]
        assert Budget(1.0).most(cell.points) is None
        assert Budget(works[1], "work").most(cell.points) == 1
        assert UNLIMITED.most(cell.points) == len(works) - 1
        assert most_visited(cell) is cell.points[-1]
        assert "scores no document" in cell.chosen.reason

    def test_boards_show_their_work_as_claimed(self, cell):
        (row,) = rows_of([cell])
        text = shares_text(chosen_points(row, most_visited))
        assert text == f"– / {100 * cell.points[-1].work:.1f} claimed"


class _Claims(Method):
    name = "claims"
    scores_documents = False
    answer = SearchResult(np.zeros((1, 1), int), np.zeros((1, 1)))

    def index(self, corpus):
        pass

    def search(self, queries, k, point):
        n = len(queries.rows)
        fields = {
            each.name: None if (value := getattr(self.answer, each.name)) is None
            else value if np.isscalar(value) else np.repeat(value, n, axis=0)
            for each in dataclasses.fields(SearchResult)
        }  # fmt: skip
        return SearchResult(**fields)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("does not say what a query costs", {}),
        ("counts documents", {"visited": np.ones(1), "routing": 3.0}),
        ("names leaves", {"leaves": np.zeros((1, 1), int), "routing": 3.0}),
    ],
)
def test_a_method_that_scores_no_document_has_its_work_alone(said, changes):
    task, method = text_task(), _Claims()
    method.answer = dataclasses.replace(_Claims.answer, **changes)
    searcher = Searcher(Indexed(method, len(task.document_names)), task.queries_of(task.test), 1)
    with pytest.raises(MethodError, match=said):
        searcher.run({}, no_progress)
