"""What Vega makes of a text, made once: a chart takes it 40 ms, its own script a second."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def made_by_vega(make: Callable[[str], str], source: str) -> str:
    """The text that a function of vl-convert makes of a source.

    It is kept in the user's cache, if that can be written, under a hash of both and of the
    library's version.
    """
    recipe = "\n".join([version("vl-convert-python"), make.__name__, source])

    def write(folder: Path) -> None:
        (folder / "made").write_text(make(source), "utf-8")

    folder = cache_folder() / "vega" / hashlib.sha256(recipe.encode()).hexdigest()
    try:
        return (made_once(folder, write, "what Vega made") / "made").read_text("utf-8")
    except InputError:  # it cannot be kept
        return make(source)
