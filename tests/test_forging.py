"""A method that writes to the harness's pipe, or stops and kills: its own row, and no other."""

import sys

import psutil
import pytest

from tests.conftest import ROOT
from tests.plugins.forging import LINES
from tests.running import SMALL, cells_of, processes_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks for its pipe in /proc"),
]
PLUGIN = str(ROOT / "tests" / "plugins" / "forging.py")


@pytest.fixture
def measured(bench, tmp_path):
    """Run the method and another; the cell of the method, once nothing of the run is left."""

    def run(how, *arguments):
        log, out = tmp_path / "log", tmp_path / "out"
        done = bench("--methods", "forging,random", "--plugin", f"{PLUGIN}:Forging", *SMALL,
                     "--set", f"how={how}", "--set", f"log={log}", *arguments)  # fmt: skip
        cells = {cell.method: cell for cell in cells_of(out)}
        assert cells["random"].status == "ok"
        assert done.returncode == (cells["forging"].status != "ok")
        assert not processes_of(out)
        assert not log.exists() or not psutil.pid_exists(int(log.read_text()))
        assert {path.name for path in tmp_path.iterdir()} <= {"out", "log"}
        assert len(list(out.glob("runs/*/*/*"))) == 2
        return cells["forging"]

    return run


@pytest.mark.parametrize("how", [*LINES, "an endless line"])
def test_a_line_that_is_no_message_fails_the_row_of_the_method_that_wrote_it(measured, how):
    cell = measured(how)
    assert cell.status == "failed"
    assert "wrote what is no message into the pipe" in cell.reason


def test_a_flood_of_messages_runs_into_the_time_limit(measured):
    cell = measured("a flood", "--timeout", "3")
    assert (cell.status, cell.reason) == ("timeout", "took longer than 3 s (--timeout)")


@pytest.mark.parametrize("how", ["stop itself", "stop the supervisor, and hang"])
def test_the_time_limit_holds_for_a_cell_that_stops_itself_or_its_supervisor(measured, how):
    cell = measured(how, "--timeout", "3")
    assert (cell.status, cell.reason) == ("timeout", "took longer than 3 s (--timeout)")


def test_a_cell_whose_supervisor_it_killed_says_so_and_leaves_no_child(measured):
    cell = measured("kill the supervisor")
    assert cell.status == "failed"
    assert cell.reason.startswith("the process that watches over the cell was killed")


def test_a_cell_that_stops_its_supervisor_and_ends_is_measured_and_leaves_no_child(measured):
    assert measured("stop the supervisor").status == "ok"
