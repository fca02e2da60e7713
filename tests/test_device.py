"""Training on a device that is not the CPU: ``tests/on_a_device.py`` in a process of its own."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_training_computes_on_the_device():
    # PyTorch starts a thread for each device that it knows: after that, no process of another test
    # could be forked and train.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/on_a_device.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
