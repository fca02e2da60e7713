"""What Vega makes of a text, made once: a chart takes it 40 ms, its own script a second."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def made_by_vega(make: Callable[[str], str], source: str) -> str:
    """The text that a function of vl-convert makes of a source.

    It is kept under a hash of both and of the library's version.

    Raises:
        InputError: it cannot be kept.
    """
    recipe = "\n".join([version("vl-convert-python"), make.__name__, source])

    def write(folder: Path) -> None:
        (folder / "made").write_text(make(source), "utf-8")

    folder = cache_folder() / "vega" / hashlib.sha256(recipe.encode()).hexdigest()
    return (made_once(folder, write, "what Vega made") / "made").read_text("utf-8")
