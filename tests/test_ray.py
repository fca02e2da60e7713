"""Cells on a real Ray cluster of several nodes on this machine; one is killed in the middle."""

import signal
from functools import partial, partialmethod

import numpy as np
import psutil
import pytest
import ray
from ray.cluster_utils import Cluster

from bench.arrays.strings import Strings
from bench.executors import measure as measuring
from bench.executors import ray as executor
from bench.executors.ray_node import Job
from bench.experiment import measure
from bench.method import Workspace
from bench.system.cluster import join_cluster
from bench.system.provenance import usable_cores
from methods.chunks import BLOCK
from methods.encoders import embeddings, tokens
from methods.encoders.jagged import Jagged
from methods.encoders.pretrained import Pretrained
from methods.encoders.towers import Frozen
from methods.indexes.base import Guide
from methods.shards import encode
from methods.shards.exact import ShardedExact
from methods.shards.ivf import ShardedIVF
from tests.running import PLUGIN, SMALL, cells_of, experiment, start, wait_for

pytestmark = pytest.mark.slow

TIMED = {"cost", "provenance", "sha256"}
"""What differs from one time to the next, beside queries per second."""


@pytest.fixture(scope="module")
def cluster(cache):
    """A head that measures nothing, and two nodes of one core; they share the tests' cache."""
    small = {"object_store_memory": 80 * 2**20}
    head = {"num_cpus": 0, "include_dashboard": False, **small}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.of_one_core = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def joined(cluster):
    """The cluster, joined once for several tests: each time that takes a while, as do workers."""
    with pytest.MonkeyPatch.context() as patch:
        join_cluster("this test", cluster.address)
        leave = ray.shutdown
        patch.setattr(ray, "shutdown", lambda: None)
        yield cluster
        leave()


def texts_of(out):
    """Key -> all that was measured of a cell, as the text that is stored."""
    points = {"points": {"__all__": {"queries_per_second", "latency", "waited"}}}
    return {
        cell.key: cell.model_dump_json(
            by_alias=True, exclude={**dict.fromkeys(TIMED, True), **points}
        )
        for cell in cells_of(out)
    }


def cell_processes(cache):
    """Guards and processes of cells that the nodes run."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(cache in argument for argument in process.info["cmdline"] or ())
        and "bench.executors.supervisor" in process.info["cmdline"]
    ]


def options(out, methods, cluster=None, needs=(), **given):
    """What asks for cells of a small tree, here or on a cluster."""
    there = measuring.Cluster(cluster.address, needs) if cluster else None
    return experiment(methods, "tree:H=3,W=3", out=out, cluster=there, **given)


def test_a_cluster_measures_what_this_machine_measures_byte_for_byte(joined, tmp_path):
    asked = {"methods": "standard-de,de-faiss-ivf", "settings": ("steps=50",)}
    here, there = tmp_path / "here", tmp_path / "there"
    # A cell on a cluster has one thread if it asks for no more.
    measure(options(here, **asked, jobs=usable_cores()))
    measure(options(there, **asked, cluster=joined))
    assert len(texts_of(here)) == 2
    assert texts_of(there) == texts_of(here)
    for cell in cells_of(there):
        folder = f"runs/{cell.task}/{cell.method}/{cell.key}"
        for name in ("run.parquet", "queries.parquet"):
            assert (there / folder / name).read_bytes() == (here / folder / name).read_bytes()
        assert cell.provenance.threads == 1
    shared = [cell.cost.fit_shared for cell in cells_of(there)]
    assert sorted(shared) == [False, True], "one encoder for two rows"


def test_a_cell_that_fails_is_a_row_with_its_log_and_no_retry(joined, tmp_path, capsys):
    asked = {"plugins": (f"{PLUGIN}:Misbehaving",), "settings": ("how=segfault",)}
    (cell,) = measure(options(tmp_path, "misbehaving", joined, **asked))
    assert cell.status == "failed"
    assert "crashed with signal SIGSEGV in string_at" in cell.reason
    assert "(retry" not in capsys.readouterr().out
    assert "Segmentation fault" in (tmp_path / ".work" / "logs" / f"{cell.key}.log").read_text()


def test_an_interrupted_run_leaves_nothing_running_on_the_cluster(cluster, cache, tmp_path):
    log = tmp_path / "log"
    run = start(tmp_path / "out", "--methods", "slow", "--plugin", f"{PLUGIN}:Slow", *SMALL,
                "--set", f"log={log}", "--set", "seconds=600",
                "--executor", "ray", "--address", cluster.address)  # fmt: skip
    wait_for(log.exists)
    assert cell_processes(cache)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 130, output
    assert "Interrupted" in output
    wait_for(lambda: not cell_processes(cache))


def test_a_node_on_another_machine_is_sent_the_task(joined, tmp_path, monkeypatch):
    def elsewhere(**given):
        probe = given["shared_folder_probe"].model_copy(update={"text": "no node reads this"})
        return Job(**{**given, "shared_folder_probe": probe})

    monkeypatch.setattr(executor, "Job", elsewhere)
    cells = measure(options(tmp_path / "there", "random", joined))
    monkeypatch.undo()
    measure(options(tmp_path / "here", "random"))
    assert [cell.status for cell in cells] == ["ok"]
    assert texts_of(tmp_path / "there") == texts_of(tmp_path / "here")


def test_a_cell_that_no_node_can_take_fails_and_says_what_it_asked_for(
    joined, tmp_path, monkeypatch
):
    monkeypatch.setattr(executor, "PATIENCE_S", 1.0)
    needs = ("gpus=2", "random.memory_gb=1")
    (cell,) = measure(options(tmp_path, "random", joined, needs=needs))
    assert cell.status == "failed"
    assert "no node of the cluster has 1 CPUs, 2 GPUs, 1 GB of memory" in cell.reason


def test_actors_find_in_shards_what_is_found_here(joined):
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(BLOCK + 500, 8)).astype(np.float32)
    queries = rng.normal(size=(30, 8)).astype(np.float32)
    guide = Guide(np.empty((0, 0), np.float32), None)
    for kind, given in ((ShardedExact, {}), (ShardedIVF, {"nlist": 10})):
        results = []
        for workers in ("here", "ray"):
            index = kind(shards=2, workers=workers, **given)
            index.build(documents, guide)
            results.append(index.search(queries, 20, index.operating_points()[0]))
        # A worker that dies is made again, with its shard.
        ray.kill(index._shards._actors[1], no_restart=False)
        results.append(index.search(queries, 20, index.operating_points()[0]))
        here, *elsewhere = results
        for there in elsewhere:
            assert np.array_equal(here.ids, there.ids)
            assert np.array_equal(here.scores, there.scores)


def test_actors_encode_chunks_and_each_vector_gets_to_its_text(joined, tmp_path, monkeypatch):
    class Measuring:
        """Stands for a text encoder: a text's vector is its number of tokens."""

        def __init__(self, encoder):
            self.scale = float(encoder.name)

        def encode(self, tokens):
            return (self.scale * tokens.lengths[:, None]).astype(np.float32)

        def get_embedding_dimension(self):
            return 1

    monkeypatch.setattr(embeddings, "CHUNK", {"cpu": 4})
    monkeypatch.setattr(Pretrained, "model", partialmethod(Measuring))
    monkeypatch.setattr(tokens, "model_digest", lambda name: "digest")
    monkeypatch.setattr(encode, "EncodingWorker", Measuring)
    told = []
    workspace = Workspace(tmp_path, lambda *progress: told.append(progress))
    texts = Strings.of(["a" * length for length in (3, 1, 4, 1, 5, 9, 2, 6, 5, 3)])
    letters = Jagged.of(texts.lengths, np.zeros(texts.lengths.sum(), np.int32))
    monkeypatch.setattr(Pretrained, "tokens", lambda *given: letters)
    tower = Frozen(Pretrained("2", "cpu", mixed=False), workspace)
    tower.encode_chunks = partial(encode.encode_by_actors, workers=2)
    found = tower.encode(texts)
    assert found.ravel().tolist() == [6, 2, 8, 2, 10, 18, 4, 12, 10, 6]
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_a_node_that_is_killed_costs_a_retry_and_nothing_else(cluster, tmp_path):
    log, go, out, output = tmp_path / "log", tmp_path / "go", tmp_path / "out", ""
    run = start(out, "--methods", "held", "--plugin", f"{PLUGIN}:Held", *SMALL, "--timeout", "120",
                "--set", f"log={log}", "--set", f"until={go}", "--seeds", "0,1",
                "--executor", "ray", "--address", cluster.address)  # fmt: skip
    wait_for(lambda: log.exists() and len(log.read_text().split()) == 2)
    cluster.remove_node(cluster.of_one_core.pop(), allow_graceful=False)
    for line in run.stdout:
        output += line
        if "(retry" in line:
            go.touch()  # until now neither cell could end
    assert run.wait(60) == 0, output
    assert "Raylet is terminated" not in output, "pages of a dead node's log"
    assert output.count("it is measured again (retry 1 of 3)") == output.count("(retry") == 1
    assert {cell.seed: str(cell.status) for cell in cells_of(out)} == {0: "ok", 1: "ok"}
    begun = log.read_text().split()
    assert sorted(set(begun)) == ["0", "1"]
    assert len(begun) == 3, "the cell on the node that lived was begun once"
