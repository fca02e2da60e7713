"""Objects by the name of their module."""

from __future__ import annotations

import importlib
from typing import Any


def load_object(target: str) -> Any:  # noqa: ANN401
    """What a ``module:attribute`` string names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
