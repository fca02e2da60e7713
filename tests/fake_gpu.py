"""A device that is not the CPU, for a machine without one: tensors say where they are, no more.

PyTorch for the CPU cannot index a tensor that only says it is on CUDA, so the device has another
name. An operation on tensors of two devices fails as it does on a GPU, and so does one that reads
a value, as ``.item()`` does: there that waits for all that is under way.
"""

import functools
import os
import sys
import traceback
from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend


def apart(test):
    """A test in a process of its own, as PyTorch starts a thread for each device that it knows.

    After that, no process of another test could be forked and train.
    """

    @functools.wraps(test)
    def run(*args, **kwargs):
        child = os.fork()
        if not child:
            status = 1
            try:
                test(*args, **kwargs)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0, "it failed in a process of its own"

    return run


def _apply(module, change):
    """``Module.to`` swaps what lies behind a weight, which a fake one does not let it do."""
    for child in module.modules():
        for name, weight in child._parameters.items():
            if weight is not None:
                child._parameters[name] = torch.nn.Parameter(change(weight.data))
    return module


@contextmanager
def fake_gpu():
    """Inside, tensors are fake; those of the CPU that were made before take part as they are."""
    _setup_privateuseone_for_python_backend("gpu")
    with (
        FakeTensorMode(allow_non_fake_inputs=True),
        patch.object(torch.nn.Module, "_apply", _apply),
    ):
        yield torch.device("gpu:0")
