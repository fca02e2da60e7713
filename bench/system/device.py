"""The device of methods (the one reader of ``TREELINE_DEVICE``), and the GPU of a process."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bench.errors import InputError

VARIABLE = "TREELINE_DEVICE"


def wanted_device() -> str:
    """The device that the environment names, ``cpu``, ``cuda`` or ``cuda:1``; empty if it does not.

    The method that uses the device finds out whether it exists: torch takes seconds to import.

    Raises:
        InputError: it names no device.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named and not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", named):
        raise InputError(
            f"{VARIABLE} is {named!r}; it takes cpu, cuda, or one of several GPUs as cuda:1; "
            "without it, CUDA is taken where torch has it"
        )
    return named


@cache
def fast_precision() -> str:
    """The precision in which this machine multiplies fastest: bfloat16 if it can, else float32.

    It can on a GPU, and on processors with the instructions AVX-512 BF16 or AMX.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}
    of_cpu = "+cpu" in version("torch")
    if wanted_device() != "cpu" and not hidden and not of_cpu and Path("/dev/nvidiactl").exists():
        return "bfloat16"
    try:
        instructions = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return "float32"
    has = re.search(r"^flags\b.*\b(avx512_bf16|amx_bf16)\b", instructions, re.MULTILINE)
    return "bfloat16" if has else "float32"


def gpu_used() -> str | None:
    """Name and CUDA version of the GPU whose memory this process has used through torch, or None.

    The function does not claim a GPU: one that exists, or was asked for, need not have been used.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    used = [
        torch.cuda.get_device_name(number)
        for number in range(torch.cuda.device_count())
        if torch.cuda.max_memory_allocated(number)
    ]
    return f"{', '.join(dict.fromkeys(used))}, CUDA {torch.version.cuda}" if used else None
