"""A device that is not the CPU, for a machine without one: tensors say where they are, no more.

PyTorch for the CPU cannot index a tensor that only says it is on CUDA, so the device has another
name. An operation on tensors of two devices fails as it does on a GPU, and so does one that reads
a value, as ``.item()`` does: there that waits for all that is under way.
"""

from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("gpu")
GPU = torch.device("gpu:0")


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
    with (
        FakeTensorMode(allow_non_fake_inputs=True),
        patch.object(torch.nn.Module, "_apply", _apply),
    ):
        yield GPU
