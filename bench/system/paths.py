"""The folders of code, of data and of the cache, as the environment names them."""

from __future__ import annotations

import contextlib
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
"""The folder that this code is imported from."""
SCRIPT = CHECKOUT / "run_bench.py"
"""The command that measures, in a checkout; a wheel has ``treeline run`` instead."""
LAST_RUN = "last-run"
"""The file of the cache with the path of the results folder of the last run."""


def cache_folder() -> Path:
    """The user's cache of texts and embeddings. ``TREELINE_CACHE`` names another folder."""
    named = os.environ.get("TREELINE_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("treeline")


def run_words(results: Path) -> tuple[str, ...]:
    """The words that begin a command which measures, for whoever stands beside its results.

    Results in the checkout are measured from its folder, as others read them who have a checkout;
    results elsewhere from anywhere.
    """
    if not SCRIPT.is_file():
        return "treeline", "run"
    inside = results.absolute().resolve().is_relative_to((CHECKOUT / "results").resolve())
    return "python", SCRIPT.name if inside else str(SCRIPT)


def program() -> str:
    """The words that begin any other command: of a checkout, or of an installed package."""
    return "python -m bench" if SCRIPT.is_file() else "treeline"


def remember_run(folder: Path) -> None:
    """Keep the path of a results folder as that of the last run; go on without if it cannot be."""
    with contextlib.suppress(OSError):
        cache_folder().mkdir(parents=True, exist_ok=True)
        (cache_folder() / LAST_RUN).write_bytes(os.fsencode(folder.absolute()))


def folder_of_last_run() -> Path | None:
    """The results folder of the last run of this user, which may be gone; None: not known."""
    with contextlib.suppress(OSError):
        path = (cache_folder() / LAST_RUN).read_bytes()
        return Path(os.fsdecode(path)) if path and b"\0" not in path else None
    return None


def data_folders(data_dir: Path | None) -> list[Path]:
    """The folders that are searched for data: ``--data-dir``, ``$TREELINE_DATA``, the cache."""
    return list(dict.fromkeys(_data_folders(data_dir)))


def _data_folders(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
    named = os.environ.get("TREELINE_DATA")
    if named:
        yield Path(named)
    yield cache_folder() / "data"


def find_data(relative: str, data_dir: Path | None, *, dataset: str) -> Path:
    """A file or folder of a dataset.

    Raises:
        InputError: it is in none of the folders; the message names them and the way out.
    """
    folders = data_folders(data_dir)
    for folder in folders:
        if (folder / relative).exists():
            return folder / relative
    looked = ", ".join(str(folder / relative) for folder in folders)
    raise InputError(
        f"dataset {dataset} is not on this machine: looked for {looked}; run `{program()} fetch "
        f"{dataset}`, or put the data there, or name its folder with --data-dir or TREELINE_DATA"
    )


def load_object(target: str) -> Any:  # noqa: ANN401
    """The object that ``module:attribute`` names.

    Raises:
        InputError: there is none.
    """
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"there is no {target!r}: {error}; it takes MODULE:NAME") from error
