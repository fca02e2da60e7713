"""Attributes that Linux keeps of a process; elsewhere there are none, and nothing is set."""

from __future__ import annotations

import ctypes
import sys

SET_PDEATHSIG = 1
"""The signal that this process gets when its parent ends."""
SET_CHILD_SUBREAPER = 36
"""Whether this process adopts what its descendants leave behind."""
GET_CHILD_SUBREAPER = 37
"""The same, read into a pointer."""


def prctl(option: int, value: object) -> None:
    """Set or read an attribute of this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
