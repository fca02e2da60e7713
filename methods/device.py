"""The device and the precision of training and of encoding texts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import linear

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.method import Workspace


def device_of(workspace: Workspace) -> torch.device:
    """The device that a workspace names, or else the one that :func:`chosen` takes here."""
    return chosen(workspace.device)


def chosen(named: str) -> torch.device:
    """The device of a name; for an empty name CUDA if torch has it, else the CPU.

    Raises:
        InputError: CUDA is named and torch has none, or fewer devices.
    """
    if not named:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(named)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        has = f"sees {torch.cuda.device_count()} of them" if torch.version.cuda else "has none"
        raise InputError(
            f"the device {named} is asked for, and torch {torch.__version__} {has}: install torch "
            "for CUDA, see to the driver and CUDA_VISIBLE_DEVICES, or set TREELINE_DEVICE=cpu"
        )
    return device


def moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Values of the CPU on a device; a GPU copies them while the CPU continues.

    Only a copy from pinned memory does so: any other waits for all work that is under way.
    """
    if device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def moved_together(parts: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Vectors of the CPU on a device, by one copy: small ones take as long as large ones."""
    if device.type == "cpu":
        return list(parts)
    # The larger types first: a vector must begin at a multiple of its type's size.
    order = sorted(range(len(parts)), key=lambda i: -parts[i].element_size())
    packed = moved(torch.cat([parts[i].view(torch.uint8) for i in order]), device)
    there = dict(zip(order, torch.split(packed, [parts[i].nbytes for i in order]), strict=True))
    return [there[i].view(part.dtype) for i, part in enumerate(parts)]


def product(a: torch.Tensor, b: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """The products a @ b.T + bias, [..., m], of float32 [..., d] and [m, d], without a gradient.

    On the CPU they are oneDNN's, which PyTorch's compiler calls, too: matmul is MKL's, and takes
    2.4 times as long on processors of AMD.
    """
    if a.device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        ours: torch.Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001 - no public name
            a, b, bias, "none", [], ""
        )
        return ours
    return linear(a, b, bias)


class FastLinear(nn.Linear):
    """A linear layer that takes its products of float32 from :func:`product` in inference."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[..., out] of [..., in]."""
        is_plain = x.dtype == self.weight.dtype == torch.float32 and x.device.type == "cpu"
        if not is_plain or torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        return product(x, self.weight, None if self.bias is None else self.bias.contiguous())


def use_fast_layers(model: nn.Module) -> None:
    """Make the linear layers of a model fast ones, with the same weights."""
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = FastLinear


def transformer_precision(device: torch.device, *, mixed: bool) -> torch.autocast:
    """Products of a transformer in bfloat16, if ``mixed``.

    Weights, their gradients and moments, layer norms and softmax stay float32 under autocast;
    bfloat16 has the exponents of float32, so that gradients need no scaling.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed)


@contextmanager
def shared_threads(waiting: Callable[[], int]) -> Iterator[Callable[[], None]]:
    """Threads of other processes, which wait for what this one computes, are used here meanwhile.

    Args:
        waiting: a function that gives the number of processes that wait.

    Yields:
        A function to be called now and then, which asks again how many do.
    """
    own = torch.get_num_threads()

    def share() -> None:
        torch.set_num_threads(max(own, min(own * (1 + waiting()), os.cpu_count() or 1)))

    share()
    try:
        yield share
    finally:
        torch.set_num_threads(own)


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Numbers below 1.2e-38 count as 0 in this thread.

    Shares of a softmax are that small once training has told documents apart. They move no vector,
    and a CPU is slow on them: with them ``masked-de`` in 32 dimensions under the Lorentz product,
    on HyperLex, went on at 4 steps a second, and at 85 without.
    """
    before = _are_denormals_zero()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def _are_denormals_zero() -> bool:
    return float(torch.tensor(torch.finfo(torch.float32).tiny) / 2) == 0


@contextmanager
def training_precision() -> Iterator[None]:
    """Products of tables, heads and trees in TF32 while they are trained on a GPU.

    Inputs are rounded to 10 bits after the point and added up in float32. bfloat16, with its 7
    bits, would cost standard-de on the tree one to two points of recall (docs/scale.md): scores are
    multiplied by a temperature of 20, or 500 in finetuning. The setting is global to the process,
    for CUDA alone, and is restored afterwards: later encoding and routing is float32.
    """
    products = torch.backends.cuda.matmul
    before = products.fp32_precision
    products.fp32_precision = "tf32"
    try:
        yield
    finally:
        products.fp32_precision = before
