"""Memory of a cell: of its process and of all that it starts."""

import gc
import subprocess
import sys

import pytest

from bench.system.memory import PeakMemory, family, without_collecting
from tests.conftest import ROOT

HOLDS = "b = b'x' * 10**8; print('ready', flush=True); input()"
SHARES = """
import os
from bench.system.memory import family, memory_of
before = sum(map(memory_of, family()))
held = b"x" * 10**8
end, open_while_measured = os.pipe()
if os.fork() == 0:
    os.close(open_while_measured)
    os.read(end, 1)
    os._exit(0)
assert len(family()) == 2
print(sum(map(memory_of, family())) - before)
"""


def run(code, **options):
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, **options,
    )  # fmt: skip


def test_memory_that_a_child_holds_counts_at_the_peak_though_it_has_ended():
    peak = PeakMemory()
    peak.sample()
    before = peak.stop()
    peak = PeakMemory()
    child = run(HOLDS)
    assert child.stdout.readline() == "ready\n"
    peak.sample()
    child.communicate("\n")
    assert peak.stop() >= before + 95


def test_memory_that_processes_share_counts_once():
    pytest.importorskip("resource")
    more, _ = run(SHARES).communicate()
    assert 95e6 <= int(more) <= 160e6


def test_the_family_has_those_that_the_adopter_took_over():
    child = run(HOLDS)
    # A sibling of this process, as a child that left it would be.
    code = f"from bench.system.memory import family; print({child.pid} in [each.pid for each in "
    for adopter, known in (("", "False"), ("os.getppid()", "True")):
        asking = run(f"import os; {code}family({adopter})])")
        assert asking.communicate()[0].strip() == known
    child.communicate("\n")
    assert child.pid not in {each.pid for each in family()}


@pytest.mark.parametrize("collects", [True, False])
def test_cycles_are_collected_again_where_they_were_before(collects):
    was = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        with without_collecting():
            assert not gc.isenabled()
        assert gc.isenabled() == collects
    finally:
        (gc.enable if was else gc.disable)()
