"""How much is fuzzed, within which limits, and the odd values that are put in place of right ones.

``pytest --hypothesis-profile nightly`` runs 10,000 examples of each file, where ``make test`` runs
500, always the same ones.
"""

import contextlib
import resource
import signal
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES, NIGHTLY = 500, "nightly"
"""Examples of each file in ``make test``; the profile that has more of them."""
SECONDS, MEGABYTES = 20, 1500


def examples(share: float) -> settings:
    """Settings of a test that takes a share of the examples of its file."""
    nightly = settings.get_current_profile_name() == NIGHTLY
    most = settings().max_examples if nightly else EXAMPLES
    return settings(
        max_examples=max(1, round(share * most)),
        derandomize=not nightly,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class HangError(BaseException):
    """An example took too long; no ``except Exception`` of the code under test stops it."""


def _hang(*_):
    raise HangError(f"took more than {SECONDS} s")


@contextlib.contextmanager
def limits():
    """Raise HangError after ``SECONDS``, and fail allocations of ``MEGABYTES`` more than now."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    ceiling = psutil.Process().memory_info().data + MEGABYTES * 10**6
    old = signal.signal(signal.SIGALRM, _hang)
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, before[1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_DATA, before)


TEXTS = st.one_of(
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc", "Zl", "Mn"]), max_size=4),
    st.sampled_from(["", " ", "\ud800", "\0", "\u2028", "a\nb", "\ufeffx", "../x", "x" * 5000,
                     "<script>alert(1)</script>", "|`*_[x](javascript:1)", "nan", "-1", "1e400"]),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-3, 15),
    st.sampled_from([2**15, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1,
                     2**64, -(2**63), 10**30, 10**400]),
    st.floats(-2, 20),
    st.sampled_from([np.nan, np.inf, -np.inf, 1e-320, 1e38, 1e39, 1e308, -0.0]),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.sampled_from([b"bytes", b"\xff", 1j, np.int8(3), np.int64(-1), np.uint64(2**64 - 1),
                     np.float32("nan"), np.float16(2), np.bool_(True), np.str_("text")]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(TEXTS, st.integers(0, 3), st.none()), inner, max_size=3),
    ),
    max_leaves=6,
)


@dataclass(frozen=True)
class Instead:
    """Another value in place of the right one."""

    value: Any

    def __call__(self, right):
        return self.value


@dataclass(frozen=True)
class Put:
    """The right array with one value replaced, in a type that can hold it."""

    place: int
    value: Any

    def __call__(self, right):
        if right is None:
            return self.value
        flat = np.array(right, object).ravel()
        if len(flat):
            flat[self.place % len(flat)] = self.value
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return np.array(flat.tolist()).reshape(np.shape(right))
        return flat.reshape(np.shape(right))


@dataclass(frozen=True)
class Cast:
    """The right array in another type."""

    dtype: str

    def __call__(self, right):
        with np.errstate(all="ignore"):
            return right if right is None else np.asarray(right).astype(self.dtype)


@dataclass(frozen=True)
class Shaped:
    """The right array in another shape, or in another container."""

    how: str

    def __call__(self, right):
        try:
            return right if right is None else SHAPES[self.how](np.asarray(right))
        except (ValueError, IndexError, TypeError):
            return right  # it has too few dimensions, or too many


def _tensor(array):
    import torch

    return torch.as_tensor(np.array(array))


def _frame(array):
    import pandas as pd

    return pd.DataFrame(array)


SHAPES = {
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "iterator": iter,
    "tensor": _tensor,
    "frame": _frame,
    "masked": lambda a: np.ma.masked_array(a, mask=np.arange(a.size).reshape(a.shape) % 3 == 0),
    "matrix": lambda a: np.asmatrix(a) if a.ndim < 3 else a,
    "transposed": lambda a: a.T,
    "flat": np.ravel,
    "column": lambda a: a[:, None],
    "row": lambda a: a[None],
    "half": lambda a: a[: len(a) // 2],
    "none": lambda a: a[:0],
    "twice": lambda a: np.concatenate([a, a]),
    "narrow": lambda a: a[..., :1],
    "no width": lambda a: a[..., :0],
    "wide": lambda a: np.concatenate([a, a], axis=-1),
    "backwards": lambda a: a[::-1],
    "fortran": np.asfortranarray,
    "read-only": lambda a: np.broadcast_to(a, a.shape),
    "unaligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(a.dtype)
    .reshape(a.shape),
    "one number": lambda a: a.ravel()[0],
    "zero-dimensional": lambda a: np.array(a.ravel()[0]),
    "records": lambda a: np.rec.fromarrays([a, a]),
}  # fmt: skip
ARRAY_CHANGES = st.one_of(
    st.builds(Put, st.integers(0, 200), st.one_of(NUMBERS, SCALARS)),
    st.builds(
        Cast,
        st.sampled_from(["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8",
                         "g", "c8", "U3", "S2", "O", ">i8", ">f4", "m8[s]", "M8[s]"]),
    ),
    st.builds(Shaped, st.sampled_from(sorted(SHAPES))),
    st.builds(Instead, VALUES),
)  # fmt: skip
