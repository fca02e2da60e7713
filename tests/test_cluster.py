"""What a cluster needs that can be seen without one: what is asked of nodes, what a node does."""

import importlib.util

import numpy as np
import pytest

from bench.errors import InputError
from bench.executors.ray_node import (
    Began,
    CellResults,
    Job,
    SharedFolderProbe,
    TaskWanted,
    measure_on_node,
)
from bench.executors.resources import Needs
from bench.method import Method, Resources
from bench.plan.cells import plan_cell
from bench.registry import Registry
from bench.store.cell import Cell, CellSpec
from bench.system import cluster
from bench.system.cluster import join_cluster
from bench.system.provenance import provenance
from bench.task.files import save_task


class Plain(Method):
    name = "plain"


class Large(Method):
    name = "large"
    resources = Resources(cpus=4, gpus=0.5, memory_gb=30)


def test_a_cell_asks_for_what_its_method_states_and_for_one_core_otherwise():
    needs = Needs((), [Plain, Large])
    assert needs.of("plain") == (1, 0, 0)
    assert needs.of("large") == (4, 0.5, 30)


def test_what_the_user_asks_for_goes_before_and_for_one_method_before_all():
    needs = Needs(("cpus=2", "large.cpus=8", "memory_gb=1.5"), [Plain, Large])
    assert needs.of("plain") == (2, 0, 1.5)
    assert needs.of("large") == (8, 0.5, 1.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cpus", "takes [METHOD.]NAME=NUMBER"),
        ("disks=1", "a name of cpus, gpus, memory_gb"),
        ("larg.cpus=1", "'larg' is not among the chosen methods: plain, large"),
        ("cpus=0.5", "a whole number from 1"),
        ("cpus=many", "a whole number from 1"),
        ("gpus=1.5", "or a share of one below 1"),
        ("gpus=-1", "a whole number from 0"),
        ("memory_gb=inf", "gigabytes from 0"),
    ],
)
def test_what_no_cluster_can_give_is_refused(text, said):
    with pytest.raises(InputError) as raised:
        Needs((text,), [Plain, Large])
    assert said in str(raised.value)


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"executor ray needs ray; pip install 'treeline-bench\[cluster\]'"
    ):
        join_cluster("--executor ray")


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "head:port", "http://head:8265"])
def test_an_address_is_a_host_and_a_port(monkeypatch, address):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    with pytest.raises(InputError, match="takes HOST:PORT"):
        join_cluster("--executor ray", address)


def test_an_address_where_nothing_answers_is_an_error_at_once(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(cluster, "_REACH_S", 0.5)
    with pytest.raises(InputError, match=r"nothing answers at --address 127\.0\.0\.1:1 "):
        join_cluster("--executor ray", "127.0.0.1:1")


def test_a_cluster_that_the_environment_names_is_looked_for_as_well(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"nothing answers at RAY_ADDRESS 127\.0\.0\.1:1 "):
        join_cluster("workers=ray")


@pytest.fixture
def job(small_task, tmp_path, monkeypatch):
    """A cell that a machine sends which has the folder ``sender``."""
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "node"))
    sender = tmp_path / "sender"
    sender.mkdir()
    probe = SharedFolderProbe(file=str(sender / "probe"), text="shared")
    (sender / "probe").write_text(probe.text)
    random = Registry().resolve("random")
    spec = CellSpec(
        root=str(sender),
        task_folder=str(save_task(small_task, sender)),
        fits=str(sender / "fits"),
        memory_bytes=0,
        fits_from=0,
        planned=plan_cell(small_task, random(), 0, None, provenance(1)),
    )
    return Job(spec=spec, timeout_s=60, cluster="", shared_folder_probe=probe)


def test_a_node_that_shares_the_folder_measures_without_being_sent_the_task(job, tmp_path):
    began, *_, measured = measure_on_node(job.model_dump_json(by_alias=True), None)
    assert isinstance(began, Began)
    assert isinstance(measured, CellResults)
    assert Cell.model_validate_json(measured.cell).status == "ok"
    assert sorted(measured.files) == ["queries.parquet", "run.parquet"]
    assert not list((tmp_path / "node" / "cluster").rglob("*.parquet")), "the node keeps nothing"


def test_a_node_elsewhere_asks_for_the_task_once(job, tmp_path):
    folder = tmp_path / "sender" / job.spec.task_folder.rpartition("/")[2]
    files = {path.name: np.fromfile(path, np.uint8) for path in folder.iterdir()}
    other = job.shared_folder_probe.model_copy(update={"text": "something else"})
    elsewhere = job.model_copy(update={"shared_folder_probe": other}).model_dump_json(by_alias=True)
    assert list(measure_on_node(elsewhere, None))[1:] == [TaskWanted()]
    for sent in (files, None):
        *_, measured = measure_on_node(elsewhere, sent)
        assert Cell.model_validate_json(measured.cell).status == "ok"
