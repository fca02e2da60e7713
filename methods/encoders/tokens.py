"""Token ids of texts, computed once: files in the user's cache, mapped into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tokenizers
from tokenizers import Tokenizer

from bench.errors import InputError
from bench.task import Strings
from methods.encoders.jagged import Jagged
from methods.encoders.sentence import is_bag, model_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

    from bench.method import Progress, Workspace
    from bench.types import Ints

_VERSION = 1
"""Version of the token ids; raise it when they change."""
_OFFSETS, _IDS = "offsets.npy", "ids.i32"
PROBES = Strings.of(["A short text", "and Another one, which is a little longer than the first"])
"""Texts on which an encoder is tried before it is relied on."""
_NONE = np.empty(0, np.int32)
CHUNK = 4096
"""Texts tokenised at once; the tokenizer shares them among its threads."""


def token_ids(
    name: str, model: Callable[[], SentenceTransformer], texts: Strings, workspace: Workspace
) -> Jagged:
    """The token ids of texts, special tokens included, from the cache or computed into it.

    Args:
        name: name of the encoder.
        model: a function that reads the encoder, whose tokenizer is taken.
        texts: the texts.
        workspace: the workspace with the cache; without one the ids are held in memory.

    Raises:
        InputError: the encoder cannot be read, or has no tokenizer of the library tokenizers.
    """
    if workspace.cache is None:
        ids = list(_tokenised(name, model(), texts, workspace.progress))
        return Jagged.of(np.array([len(each) for each in ids]), np.concatenate([_NONE, *ids]))

    def write(folder: Path) -> None:
        lengths = [0]
        with (folder / _IDS).open("wb") as file:
            for ids in _tokenised(name, model(), texts, workspace.progress):
                file.write(ids.data)
                lengths.append(len(ids))
        np.save(folder / _OFFSETS, np.cumsum(lengths, dtype=np.int64))

    place = place_of(f"tokens-{tokenizers.__version__}", _VERSION, name, texts)
    return _open(workspace.made_once(place, write, "token ids"))


def place_of(kind: str, version: int, name: str, texts: Strings) -> str:
    """The place in the cache of arrays that an encoder makes of texts.

    Args:
        kind: the kind of arrays.
        version: the version of their recipe.
        name: name of the encoder.
        texts: the texts.
    """
    return f"{kind}/{version}-{model_digest(name)[:16]}/{texts.digest[:32]}"


def _open(folder: Path) -> Jagged:
    """Map the ids."""
    offsets = np.load(folder / _OFFSETS)
    if not offsets[-1]:  # an empty file cannot be mapped
        return Jagged(offsets, _NONE)
    return Jagged(offsets, np.memmap(folder / _IDS, np.int32, "r"))


def _tokenised(
    name: str, model: SentenceTransformer, texts: Strings, progress: Progress
) -> Iterator[Ints]:
    """The ids of each text."""
    tokenizer = _tokenizer(name, model)
    _require_same(name, model, tokenizer)
    for start in range(0, len(texts), CHUNK):
        if start:  # what takes no time is not reported
            progress(start, len(texts))
        yield from _ids(model, tokenizer, list(texts[start : start + CHUNK]))


def _ids(model: SentenceTransformer, tokenizer: Tokenizer, texts: list[str]) -> Iterator[Ints]:
    prompt = _prompt(model)
    with_prompt = [prompt + text for text in texts]
    special = not is_bag(model)
    for encoding in tokenizer.encode_batch_fast(with_prompt, add_special_tokens=special):
        yield np.array(encoding.ids, np.int32)


def _tokenizer(name: str, model: SentenceTransformer) -> Tokenizer:
    """A copy of the model's tokenizer, which cuts texts where the model does, and fills up none."""
    own = getattr(model.tokenizer, "backend_tokenizer", model.tokenizer)
    if not isinstance(own, Tokenizer):
        raise InputError(
            f"encoder {name!r}: its tokenizer is {type(own).__name__}, and token ids are made by "
            "the library tokenizers; take an encoder that has a tokenizer.json"
        )
    copy = Tokenizer.from_str(own.to_str())
    copy.no_padding()
    if not is_bag(model) and model.max_seq_length:
        side = getattr(model.tokenizer, "truncation_side", "right")
        copy.enable_truncation(int(model.max_seq_length), direction=side)
    return copy


def _require_same(name: str, model: SentenceTransformer, tokenizer: Tokenizer) -> None:
    """Refuse a model that turns texts into other token ids itself, as a chat template does.

    Raises:
        InputError: its own ids differ, or it leaves its prompt out of the mean over tokens.
    """
    theirs = model.preprocess(list(PROBES), prompt=_prompt(model) or None)
    ids = theirs["input_ids"]
    if "attention_mask" in theirs:
        ids = ids[theirs["attention_mask"].bool()]
    same = np.array_equal(np.concatenate(list(_ids(model, tokenizer, list(PROBES)))), ids.cpu())
    if not same or (
        "prompt_length" in theirs
        and not all(getattr(module, "include_prompt", True) for module in model)
    ):
        raise InputError(
            f"encoder {name!r} reads more of a text than its token ids (a template, or a prompt "
            "that it leaves out again); take another encoder"
        )


def _prompt(model: SentenceTransformer) -> str:
    """The text that the model wants before every text."""
    name = model.default_prompt_name
    return "" if name is None else str(model.prompts[name])
