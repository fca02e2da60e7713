"""The Hugging Face hub: which revision of a dataset is meant, and errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import re
from functools import cache
from typing import TYPE_CHECKING

from bench.errors import InputError, lacks_packages, reason_of
from bench.system.paths import load_object

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""Names of datasets on the hub: OWNER/NAME."""
COMMIT = re.compile(r"[0-9a-f]{40}")
LIBRARY = ("datasets",)
"""The library that reads the hub, as it is imported."""


def require_library() -> None:
    """Raise InputError where the library ``datasets`` is not installed."""
    if reason := lacks_packages(LIBRARY):
        raise InputError(f"a dataset in the form of the hub {reason}")


@cache
def revision_of(name: str, asked: str) -> str:
    """The commit of a dataset on the hub.

    Args:
        name: OWNER/NAME.
        asked: a commit, which is taken as it is; a branch or a tag; empty: the newest.

    Raises:
        InputError: the library is not installed, the hub cannot be reached, or it has no such
            dataset or revision for this user.
    """
    if COMMIT.fullmatch(asked):
        return asked
    require_library()
    from huggingface_hub import HfApi

    with told(name):
        return str(HfApi().dataset_info(name, revision=asked or None).sha)


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Turn an error of the hub's libraries into one with its meaning and the way out."""
    from huggingface_hub import errors

    not_found = load_object("datasets.exceptions:DatasetNotFoundError")
    try:
        yield
    except InputError:
        raise
    except errors.GatedRepoError as error:
        raise InputError(_gated(name)) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(
            f"{name} on the Hugging Face hub has no such revision; name a branch, a tag or a "
            "commit of it, or leave revision out for the newest"
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise InputError(_unknown(name)) from error
    except not_found as error:
        raise InputError(_gated(name) if "gated" in str(error) else _unknown(name)) from error
    except Exception as error:  # of whichever HTTP library the hub's client has
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise InputError(
            f"{name} could not be read from the Hugging Face hub: {reason_of(error)}. See whether "
            "this machine has a network; a revision that was read here before needs none: "
            f"hub:{name},revision=COMMIT, as the row's command on the page has it; a copy of the "
            "dataset in a folder needs none either: hub:FOLDER"
        ) from error


def _gated(name: str) -> str:
    return (
        f"{name} on the Hugging Face hub asks for a login: accept its terms on "
        f"https://huggingface.co/datasets/{name}, then `hf auth login`"
    )


def _unknown(name: str) -> str:
    return (
        f"the Hugging Face hub shows no dataset {name}: either there is none of that name (it is "
        "OWNER/NAME, such as mteb/nfcorpus), or it is private: then `hf auth login`"
    )
