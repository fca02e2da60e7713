"""The benchmark of ratios: its arithmetic, each part at a tiny size, what it keeps."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from bench.cli.commands import main
from bench.data.load import load_dataset
from bench.errors import InputError, MethodError
from bench.evaluation.preparation import prepare
from bench.registry import Registry
from methods.trainers.batches import make_batch
from methods.trainers.losses import InBatchSoftmax, MaskedSoftmax, Temperature
from studies import cli
from studies.speed import exact_search, growth, harness, measures, texts, training, visited
from studies.speed.command import speed
from studies.speed.exact_search import vectors_of
from studies.speed.growth import exponent
from studies.speed.plain_trainer import LOSSES, PlainTrainer
from studies.speed.record import NAME, PAGE, PARTS, Findings, read
from studies.speed.rows import HEADER, SpeedRow, Spread, alternate, amount, faster, slower

TREE = "tree:H=4,W=3"
SECONDS = ([1.0, 2.0, 4.0], [3.0, 8.0, 10.0])
"""Of ours and of the peer."""


def test_a_ratio_is_the_median_over_rounds_and_not_the_ratio_of_medians():
    # 3 / 1, 8 / 2, 10 / 4: the medians would be 8 / 2 = 4.
    row = faster("it", SECONDS, 3, str)
    assert row.measured == Spread(middle=3, low=2.5, high=4)
    assert row.cells() == ["it", "2.0", "8.0", "3.00 (2.50 to 4.00)", "≥ 3", "reached"]


def test_a_cost_is_our_time_over_the_peers():
    row = slower("it", SECONDS, 0.3, str)
    assert row.measured == Spread(middle=1 / 3, low=0.25, high=0.4)
    assert row.cells()[3:] == ["0.33 (0.25 to 0.40)", "≤ 0.3", "not reached"]


def test_an_amount_has_its_unit_and_no_verdict_without_an_aim():
    assert amount("it", [2.0], 1.0, "s").cells()[3:] == ["2.00 s", "≤ 1 s", "not reached"]
    assert amount("it", [2.0], None, "s").cells()[3:] == ["2.00 s", "", ""]


def test_of_a_peer_that_was_stopped_the_ratio_is_at_least_that():
    ratio = Spread.of([12.0])
    row = SpeedRow(what="it", measured=ratio, at_least=True, aim=10, cut_short=True)
    assert row.cells()[3:] == ["≥ 12.00", "≥ 10", "reached"]
    early = row.model_copy(update={"measured": Spread.of([9.0])})
    assert early.cells()[3:] == ["≥ 9.00", "≥ 10", "stopped before"]


def test_ways_go_in_turn_and_every_other_round_backwards():
    order = []

    def way(name):
        def go():
            order.append(name)
            return float(len(order))

        return go

    assert alternate(2, way("a"), way("b")) == [[3.0, 6.0], [4.0, 5.0]]
    assert "".join(order) == "ab" + "ab" + "ba"


def test_help_names_every_part():
    told = "".join(CliRunner().invoke(main, ["speed", "--help"]).output.split())
    assert all(name in told for name in PARTS)


def test_the_exponent_of_three_halves_is_found():
    assert exponent([100, 400, 2500], [5 * n**1.5 for n in (100, 400, 2500)]) == pytest.approx(1.5)


@pytest.mark.slow
def test_growth_is_fitted_to_cells_of_each_size():
    sizes = {"documents": (1000, 8000), "queries": 220, "memory_bytes": 1 << 30, "nlist": 20}
    rows = {row.what: row for row in growth.measure(None, **sizes).rows}
    # 8 + 4 * 64 bytes for a document, and centroids besides.
    size = rows["size of the index: exponent"]
    assert size.measured.middle == pytest.approx(1, abs=0.05)
    assert size.reached
    assert len(rows) == 7
    assert all(len(row.ours.split(", ")) == 2 for row in rows.values())


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("standard-de", InBatchSoftmax(Temperature(20.0))),
        ("masked-de", MaskedSoftmax(Temperature(22.0))),
    ],
)
def test_the_plain_trainer_has_the_loss_and_the_gradient_of_ours(name, loss):
    relevance = load_dataset(TREE).train
    params = {**Registry().resolve(name).params, "dim": 8, "batch": 6, "negatives": 20}
    trainer = PlainTrainer(name, params, relevance)
    batch = trainer._batch(relevance.answered[3:9])
    plain = LOSSES[name](trainer.tables, batch, params)
    plain.backward()
    masked = name == "masked-de"
    drawn = batch.negatives.numpy() if masked else None
    weight = params["self_weight"] if masked else 1.0
    rows = batch.queries.numpy()
    of_ours = make_batch(rows, relevance.rows(rows), negatives=drawn, self_weight=weight)
    q = trainer.tables.queries.weight.detach()[of_ours.queries]
    x = trainer.tables.documents.weight.detach()[of_ours.documents]
    unit = torch.nn.functional.normalize if masked else torch.clone
    ours = loss(unit(q), unit(x), of_ours)
    assert ours.loss == pytest.approx(plain.item(), rel=1e-5)
    gradient = trainer.tables.documents.weight.grad[of_ours.documents]
    if masked:  # what lies along a vector is lost when it is scaled to length 1
        along = (ours.documents * unit(x)).sum(1, keepdim=True) * unit(x)
        assert torch.allclose(
            (ours.documents - along) / x.norm(dim=1, keepdim=True), gradient, atol=1e-5
        )
    else:
        assert torch.allclose(ours.documents, gradient, atol=1e-5)


def trained(quality):
    sizes = {"steps": 20, "plain_steps": 5, "repeats": 2, "sample": 40}
    qualities = {"masked-de": training.Quality(*quality)}
    return training.measure(None, dataset=TREE, **sizes, qualities=qualities).rows


def test_training_is_compared_by_pairs_a_second_and_by_the_time_to_a_quality():
    pairs, time_to = trained((0.5, (1, 400), 30.0))
    # Nodes have themselves and their ancestors: 1 + 3 * 2 + 9 * 3 + 27 * 4 pairs.
    assert pairs.what == "masked-de, pairs a second (40 queries, 142 pairs a step)"
    assert pairs.ours.endswith(" / s")
    assert "time to 50 % overall (400 steps, the peer's 400)" in time_to.what
    assert not time_to.cut_short


def test_a_peer_is_stopped_at_the_cap():
    _, time_to = trained((0.5, (400,), 0.0))
    assert time_to.cut_short
    assert time_to.peer.startswith("> ")


def test_a_quality_that_ours_does_not_reach_is_an_error():
    with pytest.raises(InputError, match=r"masked-de does not reach a recall of 0\.99 in 1 steps"):
        trained((0.99, (1,), 1.0))


def test_exact_search_is_compared_with_the_better_of_two_peers():
    sizes = {"dims": (16,), "queries": 30, "k": 10, "repeats": 2}
    (row,) = exact_search.measure(None, dataset=TREE, **sizes).rows
    assert row.what.startswith("30 queries over ")
    assert row.what.endswith(" x 16, k = 10")
    assert "(Faiss; the other " in row.peer or "(PyTorch; the other " in row.peer


def test_measures_agree_with_pytrec_eval():
    measured = measures.measure(None, dataset=TREE, queries=30, depth=50, repeats=2)
    assert [row.what for row in measured.rows] == [
        "recall by distance, 40 queries",
        "ranking measures, 30 queries x 50 documents",
    ]
    assert len(measured.notes) == 2


def test_measures_that_do_not_agree_are_an_error():
    with pytest.raises(MethodError, match=r"it: ours are \[0\.5\], pytrec_eval's \[0\.6\]"):
        measures._compared("it", lambda: np.array([0.5]), lambda: np.array([0.6]), 1)


def test_the_rankings_that_are_measured_hold_each_document_once(diamond):
    ids = measures._rankings(diamond, 4, np.random.default_rng(0))
    for row in ids:
        real = row[row >= 0]
        assert len(set(real)) == len(real)


def test_search_is_compared_by_visited_document():
    methods = (
        visited.Searched("standard-de+faiss-ivf", {"dim": 16, "steps": 0, "nlist": 5}, 1.05),
        visited.Searched("ehi", {"dim": 16, "steps": 3, "branching": 4}, 1.2),
    )
    sizes = {"dataset": TREE, "queries": 40, "k": 5, "repeats": 1}
    rows = visited.measure(None, **sizes, methods=methods).rows
    assert rows[0].what.startswith("standard-de+faiss-ivf, 5 leaves, nprobe ")
    assert rows[1].what.startswith("ehi, ")
    assert all(row.ours.endswith(" ns") for row in rows)


def test_the_peer_searches_the_vectors_that_the_method_scores():
    task = load_dataset(TREE)
    method = Registry().resolve("masked-de")(dim=4, steps=0)
    prepare(method, task)
    queries = task.queries(np.array([0, 7]))
    found = method.search(queries, 3, {})
    vectors, documents = vectors_of(method, queries)
    scores = vectors @ documents.T
    assert np.allclose(-np.sort(-scores, axis=1)[:, :3], found.scores, atol=1e-6)


@pytest.mark.slow
def test_the_harness_is_measured_by_a_cell_of_noop_and_by_starting_commands():
    hello = harness.TimedCommand(("-c", "pass"), 30.0)
    sizes = {"dataset": "tree:H=3,W=2", "settings": {"masked-de.steps": 2}, "repeats": 2}
    noop, share, start = harness.measure(None, **sizes, commands=(hello,)).rows
    assert noop.what == "cell of noop on tree:H=3,W=2"
    assert 0 < share.measured.middle < 100
    assert start.what == "python -c pass"
    assert start.reached


def test_a_command_that_fails_is_told():
    with pytest.raises(InputError, match="(?s)`python -c 1/0` in .*ZeroDivisionError"):
        harness._start(harness.TimedCommand(("-c", "1/0"), 1.0), 1)


def test_texts_without_the_dataset_say_that_encoding_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_DATA", str(tmp_path))
    measured = texts.measure(tmp_path, documents=200, readings=1)
    assert [row.what for row in measured.rows] == ["reading 200 documents", "its peak memory"]
    assert measured.notes[0].startswith("Encoding is left out: dataset scifact is not on this")


def test_encoding_is_compared_with_sentence_transformers(small_text_task, monkeypatch):
    monkeypatch.setattr(texts, "fast_precision", lambda: "bfloat16")
    rows = texts._encoding(small_text_task, 12)
    assert [row.what for row in rows] == [
        "encoding 12 documents of small-text in float32",
        "encoding 12 documents of small-text in bfloat16",
    ]
    assert [row.aim for row in rows] == [1.1, 2.0]
    assert rows[0].peer == rows[1].peer


@pytest.fixture
def told(monkeypatch):
    """Parts that measure nothing; the value that each tells can be changed."""
    values = dict.fromkeys(PARTS, 1.0)

    def module(name):
        row = faster(f"the row of {name}", ([1.0], [values[name]]), 2, str)

        class Fake:
            measure = staticmethod(lambda data_dir: Findings([row], [f"a note of {name}"]))

        return Fake

    monkeypatch.setattr("studies.speed.command.module_of", module)
    monkeypatch.setattr("studies.speed.gpu.lacks_gpu", lambda: None)
    return values


def test_parts_that_are_not_measured_keep_what_was_measured(told, tmp_path):
    speed((), tmp_path, None)
    first = read(tmp_path).parts
    told["visited"] = 3.0
    speed(("visited",), tmp_path, None)
    second = read(tmp_path).parts
    assert list(second) == list(PARTS)
    assert second["visited"].rows[0].measured.middle == 3
    assert {name: part for name, part in second.items() if name != "visited"} == {
        name: part for name, part in first.items() if name != "visited"
    }
    page = (tmp_path / PAGE).read_text()
    assert all(f"## {name}\n" in page and f"a note of {name}" in page for name in PARTS)


def test_a_folder_that_is_not_there_is_made_and_one_that_cannot_be_is_an_error(told, tmp_path):
    speed(("measures",), tmp_path / "new" / "folder", None)
    assert (tmp_path / "new" / "folder" / PAGE).exists()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to .*file"):
        speed(("measures",), tmp_path / "file" / "below", None)


def test_the_page_says_what_a_part_measures_and_where_it_was_measured(told, tmp_path):
    speed(("measures",), tmp_path, None)
    page = (tmp_path / PAGE).read_text()
    origin = read(tmp_path).parts["measures"].provenance
    assert measures.__doc__.splitlines()[0] in page
    assert "| the row of measures | 1.0 | 1.0 | 1.00 | ≥ 2 | not reached |" in page
    assert all(name in page for name in HEADER)
    assert f"commit `{origin.commit}`" in page
    assert f"orjson {origin.versions['orjson']}" in page
    assert str(origin.machine["cpu"]) in page


def test_an_unknown_part_is_an_error_that_names_the_known_ones(tmp_path):
    result = CliRunner().invoke(main, ["speed", "trainning", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "unknown part 'trainning'" in result.output
    assert all(name in result.output for name in PARTS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", json.dumps({"schema": 1, "parts": {"measures": 3}})])
def test_a_damaged_file_is_named_before_anything_is_measured(told, tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InputError, match=r"speed\.json is not what `bench speed` writes"):
        speed((), tmp_path, None)


def test_a_part_without_its_command_leads_to_it():
    assert tuple(PARTS) == cli.PARTS
    told = CliRunner().invoke(main, ["gpu"])
    assert told.exit_code == 2
    assert "No such command 'gpu'. Did you mean 'speed gpu'?" in told.output
