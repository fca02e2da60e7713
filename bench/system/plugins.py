"""Files of plugins as modules whose names say where they lie, so that any process can import them.

A process that a plugin starts, as ``multiprocessing`` does under ``spawn``, imports by name what it
was given; ``bench`` itself is imported there first.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

_PREFIX = "treeline_plugin"


def module_name(path: Path) -> str:
    """The name of a file's module; another if its content has changed.

    Raises:
        OSError: the file cannot be read.
    """
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    place = os.fsencode(path.absolute()).hex()
    return f"{_PREFIX}_{content}_{place}"


class PluginFinder(MetaPathFinder):
    """Finds the modules that ``module_name`` names."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - as importlib calls it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        prefix, _, place = fullname.rpartition("_")
        if not prefix.startswith(_PREFIX):
            return None
        return spec_from_file_location(fullname, os.fsdecode(bytes.fromhex(place)))


sys.meta_path.append(PluginFinder())
