"""The state of a training as plain values and arrays, and such values put back into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

State: TypeAlias = dict[str, Any]
"""All that a training changes, by name.

Values are arrays, tensors, ``np.random.Generator``, modules and optimisers of PyTorch, numbers,
texts, lists and dictionaries of them, and objects whose class names the attributes that change in a
tuple ``checkpointed``.
"""


def packed(value: Any, arrays: list[Any], place: str = "state") -> Any:  # noqa: ANN401
    """A state as values that JSON can hold; arrays and tensors are added to ``arrays``.

    Raises:
        TypeError: a value cannot be kept, or is an array that has a place already.
    """
    value = _parts(value)
    if isinstance(value, Mapping):
        # A list of pairs: keys may be numbers, which JSON would turn into texts.
        return {"items": [[key, packed(value[key], arrays, f"{place}.{key}")] for key in value]}
    if isinstance(value, list | tuple):
        return [packed(each, arrays, f"{place}[{i}]") for i, each in enumerate(value)]
    is_array = isinstance(value, np.ndarray) and not value.dtype.hasobject
    if is_array or _is_tensor(value):
        if any(value is other for other in arrays):
            raise TypeError(f"{place} is an array that stands in the state before; give a copy")
        arrays.append(value)
        return {"tensor" if _is_tensor(value) else "array": len(arrays) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"{place} is {value!r}, and a {type(value).__name__} cannot be kept in a checkpoint; name "
        "the attributes that change in a tuple `checkpointed` of its class"
    )


def unpacked(value: Any, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:  # noqa: ANN401
    """The state of what ``packed`` returned, without its objects."""
    if isinstance(value, list):
        return [unpacked(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "items":
        return {key: unpacked(each, arrays) for key, each in content}
    array = arrays[content]
    if kind == "array":
        return array
    import torch

    return torch.from_numpy(array)


def filled(now: Any, kept: Any) -> Any:  # noqa: ANN401
    """``kept`` in the place of ``now``: the same object where it can be changed, else a new one."""
    if isinstance(now, np.random.Generator):
        now.bit_generator.state = kept
    elif (names := _names(now)) is not None:
        for name in names:
            before = getattr(now, name)
            after = filled(before, kept[name])
            if after is not before:
                setattr(now, name, after)
    elif hasattr(now, "load_state_dict"):
        now.load_state_dict(kept)
    elif isinstance(now, dict):
        for name in now:
            now[name] = filled(now[name], kept[name])
    elif isinstance(now, np.ndarray) and now.flags.writeable and now.shape == kept.shape:
        now[...] = kept
    elif _is_tensor(now) and now.shape == kept.shape:
        now.detach().copy_(kept)
    else:
        return kept
    return now


def array_of(value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """An array, or a tensor of any device as one."""
    found: np.ndarray[Any, Any] = value.detach().cpu().numpy() if _is_tensor(value) else value
    return found


def _parts(value: Any) -> Any:  # noqa: ANN401
    """The values that an object is made of."""
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if (names := _names(value)) is not None:
        return {name: getattr(value, name) for name in names}
    return value.state_dict() if hasattr(value, "state_dict") else value


def _names(value: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    return getattr(type(value), "checkpointed", None)


def _is_tensor(value: Any) -> bool:  # noqa: ANN401
    return hasattr(value, "detach")
