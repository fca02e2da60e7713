"""A trainer and an index under one name: the class of a dual encoder."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.errors import InputError
from methods.dual_encoder import DualEncoder

if TYPE_CHECKING:
    from bench.method import Value
    from bench.types import Kind
    from methods.indexes.base import Index
    from methods.trainers.base import Trainer


def compose(
    name: str, trainer_name: str, trainer: type[Trainer], index: type[Index]
) -> type[DualEncoder]:
    """The class of the method that trains with ``trainer`` and searches with ``index``.

    Raises:
        InputError: the index needs a tree that the trainer does not learn, or dot products where
            the trainer's score is none, or both name a parameter alike.
    """
    if index.needs_tree and not trainer.learns_tree:
        raise InputError(
            f"method {name!r}: {trainer_name} learns no tree to search; compose it with another "
            "index"
        )
    if not (trainer.by_dot_product or index.takes_similarity):
        raise InputError(
            f"method {name!r}: the score of {trainer_name} is no dot product, and this index can "
            f"search no other score; take {trainer_name}+exact"
        )
    both = _defaults(trainer).keys() & _defaults(index).keys()
    if both:
        raise InputError(
            f"method {name!r}: {trainer_name} and {index.__name__} both have a hyper-parameter "
            f"{', '.join(sorted(both))}, and --set could not tell them apart; rename one"
        )
    return type(
        "DualEncoder",
        (DualEncoder,),
        {
            "__module__": DualEncoder.__module__,
            "__doc__": f"{_sentence(trainer)} {_sentence(index)}",
            "name": name,
            "kind": _kind(index),
            "searches_exactly": index.scores_all,
            "params": _defaults(trainer) | _defaults(index),
            "requires": (*trainer.requires, *index.requires),
            "exempt": {**trainer.exempt, **index.exempt},
            "trainer_name": trainer_name,
            "trainer_type": trainer,
            "index_type": index,
            "compose": staticmethod(compose),
        },
    )


def _sentence(part: type[Trainer | Index]) -> str:
    """The first sentence of a part's docstring, which boards show."""
    return (part.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip()


def _kind(index: type[Index]) -> Kind:
    """The kind of a method with this index: exact search leaves the trainer to differ by."""
    if index.needs_tree or index.is_learned:
        return "learned index"
    return "trainer" if index.scores_all else "index"


def _defaults(part: type[Trainer | Index]) -> dict[str, Value]:
    """The hyper-parameters of a trainer or an index, with their defaults."""
    return {field.name: field.default for field in dataclasses.fields(part)}  # type: ignore[misc]
