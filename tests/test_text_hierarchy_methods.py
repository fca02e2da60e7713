"""What learns from texts of a hierarchy: neighbours, points of hyperbolic space, names in names."""

import numpy as np
import pytest
import torch

import bench
from bench.arrays.strings import Strings
from bench.method import Workspace
from bench.registry import Registry
from bench.task import Queries
from methods.encoders.hyperbolic_text import HyperbolicText, PointHead, Subsumption
from methods.encoders.neighbour_learner import NeighbourLearner
from methods.encoders.neighbours import NEIGHBOURS, NeighbourEncoder, is_trained
from methods.names_in_names import NamesInNames
from methods.trainers.batches import make_batch
from methods.trainers.hit_loss import HiTLoss, Siblings
from methods.trainers.losses import MaskedSoftmax, Temperature

DIM = 6


class Words:
    """A frozen encoder of texts that are numbers: a direction for each."""

    workspace = Workspace()

    def prepare(self, texts):
        found = np.stack([np.random.default_rng(int(text)).normal(size=DIM) for text in texts])
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found.astype(np.float32)

    encode = prepare


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.csv"
    lines = [f"{node},{(node - 1) // 3}" for node in range(1, 200)]
    path.write_text("\n".join(["child,parent", *lines]) + "\n")
    return bench.load(f"hierarchy:{path},heldout=nodes").training()


@pytest.fixture
def encoder(data):
    return NeighbourEncoder.untrained(Words(), data, memory=4, width=8, seed=0)


def asked(texts):
    return Queries(np.arange(len(texts)), texts, Strings.of(texts))


def test_a_text_of_training_is_none_of_its_own_neighbours_in_training_and_is_in_search(
    data, encoder
):
    learner = NeighbourLearner(encoder, data)
    places = np.arange(len(encoder.keys))
    assert learner._near.ids.shape == (len(places), NEIGHBOURS)
    assert not (learner._near.ids == places[:, None]).any()
    np.testing.assert_array_equal(encoder.nearest(encoder.keys)[1][:, 0], places)


def test_weights_of_neighbours_add_up_to_one_and_follow_their_cosines(data, encoder):
    weights = NeighbourLearner(encoder, data)._near.weights
    torch.testing.assert_close(weights.sum(1), torch.ones(len(weights)))
    assert (weights[:, :-1] >= weights[:, 1:]).all()


def test_documents_of_no_pair_keep_no_free_vector_and_the_others_move(data, encoder):
    before = encoder.documents.clone()
    learner = NeighbourLearner(encoder, data)
    loss = MaskedSoftmax(Temperature(20.0))
    queries = data.relevance.answered[:64]
    everything = np.arange(data.relevance.n_documents)
    for _ in range(3):
        batch = make_batch(queries, data.relevance.rows(queries), negatives=everything)
        gradients = loss(*learner.vectors(batch), batch)
        learner.step(gradients, 0.01)
    trained = is_trained(data)
    assert (encoder.documents[~trained] == 0).all()
    moved = (encoder.documents[trained] != before[trained]).any(1)
    assert moved.float().mean() > 0.9  # a few were without theirs in each of the three steps
    assert (encoder.values != 0).any()


def test_vectors_have_length_one_and_are_kept_in_files(data, encoder, tmp_path, monkeypatch):
    encoder.values.normal_(generator=torch.Generator().manual_seed(0))
    Words.encoder = type("Named", (), {"name": "minilm", "mixed": False})
    encoder.save(tmp_path)
    monkeypatch.setattr("methods.encoders.neighbours.Frozen", lambda *_: Words())
    loaded = NeighbourEncoder.load(tmp_path, Workspace())
    queries, texts = asked(["3", "1000", "7"]), data.document_texts
    for one, other in (
        (encoder.encode_queries(queries), loaded.encode_queries(queries)),
        (encoder.encode_documents(texts), loaded.encode_documents(texts)),
    ):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)


def test_a_copy_is_trained_apart(encoder):
    other = encoder.copy()
    other.values += 1
    other.head.outer.bias.data += 1
    assert not encoder.values.any()
    assert not encoder.head.outer.bias.any()


def test_documents_that_it_was_not_trained_with_are_refused(encoder):
    with pytest.raises(ValueError, match="documents that it was trained with"):
        encoder.encode_documents(Strings.of(["1", "2"]))


def points(n, seed, length=1.0):
    return torch.randn(n, DIM, generator=torch.Generator().manual_seed(seed)) * length


def test_the_score_of_hit_is_the_distance_and_the_norms_by_hand():
    # On one axis at 1 and 3 from the origin: they are 2 apart, and the document is nearer to it.
    at = [torch.tensor([[np.sinh(x)], [np.cosh(x)]], dtype=torch.float32) for x in (3.0, 1.0)]
    q, x = at[0] * torch.tensor([[1.0], [-1.0]]), at[1]
    assert float(Subsumption(0.5)(q, x)) == pytest.approx(-(2 + 0.5 * (1 - 3)), abs=1e-4)
    table = Subsumption(0.5)(q[:, :, None], x[:, None, :])
    assert table.shape == (1, 1)
    assert float(table) == pytest.approx(-1, abs=1e-4)


def test_the_dot_product_ranks_as_the_score_does():
    texts = Strings.of([str(number) for number in range(300)])
    head = PointHead(DIM, 4)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        head.inner.weight.normal_(generator=random)
        head.inner.bias.zero_()
        head.outer.weight.normal_(std=2.0, generator=random)
    exact, dot = (HyperbolicText(Words(), head, 0.35, by_dot=by_dot) for by_dot in (False, True))
    q = torch.from_numpy(exact.encode_queries(asked(["900", "901", "902"])))
    x = torch.from_numpy(exact.encode_documents(texts))
    scores = exact.similarity(q.T[:, :, None], x.T[:, None, :])
    products = q @ torch.from_numpy(dot.encode_documents(texts)).T
    assert dot.similarity is None
    best, by_dot = (each.topk(20).indices.numpy() for each in (scores, products))
    shared = [len(np.intersect1d(*pair)) for pair in zip(best, by_dot, strict=True)]
    assert min(shared) >= 17


def test_losses_of_hit_are_those_counted_by_hand(data):
    """Query 1 below document 0, with 2 as a negative; all on one axis."""
    at = {0: 0.5, 1: 2.0, 2: 2.1}
    rows = torch.tensor([[np.sinh(at[node]), 0.0] for node in range(3)], dtype=torch.float32)
    batch = make_batch(np.array([1]), data.relevance.rows(np.array([0])))
    batch = batch._replace(
        documents=torch.tensor([0, 2]), pairs=torch.tensor([0]), pair_rows=torch.tensor([0]),
        weights=torch.tensor([1.0]),
    )  # fmt: skip
    found = HiTLoss(1.0, 3.0)(rows[[1]], rows[[0, 2]], batch)
    scale = 2**0.5
    cluster = scale * (1.5 - 0.1) + 1.0
    centripetal = scale * (0.5 - 2.0) + 3.0
    assert float(found.loss) == pytest.approx(cluster + centripetal, rel=1e-3)
    assert found.queries.shape == (1, 2)
    assert found.documents.shape == (2, 2)


def test_siblings_are_children_of_the_parents(data):
    relevance = data.relevance
    direct = relevance.distances == 1
    parents = np.unique(relevance.documents[direct])[:5]
    drawn = Siblings(relevance).drawn(parents, 200, np.random.default_rng(0))
    children = relevance.queries[direct & np.isin(relevance.documents, parents)]
    np.testing.assert_array_equal(np.unique(drawn), np.unique(children))


@pytest.fixture
def shop():
    method = NamesInNames()
    texts = Strings.of(["sandals", "kids", "kids sandals", "and", "shoe, sandals", "sand"])
    corpus = type("Corpus", (), {"texts": texts, "size": len(texts)})
    method.index(corpus)
    return method


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Kids sandals", [2, 0, 1, 4]),
        ("kids' shoe", [1, 4]),
        ("a sandals, kids", [0, 1, 4]),
        ("footwear", []),
    ],
)
def test_names_are_found_as_whole_words_the_longest_first(shop, query, found):
    result = shop.search(asked([query]), 5, {})
    assert [each for each in result.ids[0].tolist() if each >= 0] == found
    assert result.visited[0] == len(found)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("masked-de", {"tune": "neighbours", "dim": 8, "steps": 5}),
        ("hit-dot-de", {"steps": 5}),
    ],
)
def test_its_export_and_its_files_give_the_same_vectors(data, tmp_path, name, settings):
    method = Registry().resolve(name)(**settings)
    method.workspace = Workspace()
    method.fit(data, seed=0, progress=lambda _done, _total: None)
    queries = asked(list(data.query_texts[:4]))
    vectors = method.encoder.encode_queries(queries)
    code = method.encoder.export(tmp_path)
    here = {"HERE": tmp_path, "np": np}
    exec("\n".join([*code.imports, code.text]), here)
    np.testing.assert_allclose(here["encode"](list(queries.texts)), vectors, atol=1e-4)
    method.save(tmp_path)
    other = Registry().resolve(name)(**settings)
    other.workspace = Workspace()
    other.load(tmp_path)
    np.testing.assert_array_equal(other.encoder.encode_queries(queries), vectors)
    np.testing.assert_array_equal(
        other.encoder.encode_documents(data.document_texts),
        method.encoder.encode_documents(data.document_texts),
    )
