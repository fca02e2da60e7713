"""What the study measures: at full size, and in minutes."""

from __future__ import annotations

from typing import NamedTuple

from studies.geometry.curve import CurveGrid
from studies.geometry.dimensions import TreeGrid, Variant

_TRAINED = (
    ("standard-de", "dot", ()),
    ("standard-de", "cosine", ("temperature_lr=0.01",)),
    ("pretrain-finetune-de", "dot", ()),
    ("masked-de", "dot", ()),
    ("masked-de", "cosine", ()),
    ("masked-de", "lorentz", ()),
)
"""Trainings, geometries, and settings that are not the defaults: a cosine has no length that could
take the place of a temperature. Under the cosine the finetuning recipe fails."""


class Study(NamedTuple):
    """The trainings of the study, and the folder that they are kept in.

    Attributes:
        name: name of its folder.
        command: the command that measures it.
        grid: the trees.
        curve: the dimensions and steps of a whole graph.
        seeds: the seeds of the trainings that are compared.
        datasets: the datasets of these trainings.
        shares: values of p for resampled training.
        steps: numbers of steps of finetuning.
    """

    name: str
    command: str
    grid: TreeGrid
    curve: CurveGrid
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    shares: tuple[float, ...]
    steps: tuple[int, ...]


def full(seeds: tuple[int, ...]) -> Study:
    """The study that is published: about half an hour on two cores, and as much for WordNet."""
    return Study(
        "geometry",
        _command("", seeds, (0, 1, 2)),
        _trees(
            (3, 4, 5, 6, 7, 8, 9, 10),
            (2, 3, 4, 5, 6, 8, 12, 16),
            draws=10,
            seeds=seeds,
            largest=259,
            steps=6000,
        ),
        CurveGrid("wordnet", (4, 6, 8, 12, 16), (2000, 6000, 20_000), seeds[:1]),
        seeds,
        ("tree", "wordnet-mammal"),
        (0.03, 0.1, 0.3, 0.5, 0.7),
        (50, 200, 800, 3200),
    )


def quick(seeds: tuple[int, ...]) -> Study:
    """Small trees and short trainings: the same tables in minutes."""
    return Study(
        "geometry-quick",
        _command(" --quick", seeds, (0,)),
        _trees(
            (3, 4, 5, 6),
            (2, 3, 4, 5),
            draws=3,
            seeds=seeds,
            largest=40,
            steps=1500,
        ),
        CurveGrid("wordnet-mammal", (3, 4, 8), (200, 600), seeds),
        seeds,
        ("tree",),
        (0.03, 0.3),
        (50, 400),
    )


def _trees(
    heights: tuple[int, ...],
    widths: tuple[int, ...],
    *,
    draws: int,
    seeds: tuple[int, ...],
    largest: int,
    steps: int,
) -> TreeGrid:
    """Closed forms on all trees, and trainings in the geometries that differ in what they need.

    Args:
        heights: heights of trees with two children for each node.
        widths: widths of trees with four levels.
        draws: embeddings of constructed-de.
        seeds: the seeds of trainings.
        largest: nodes of the largest tree of trainings.
        steps: the most steps of a training.
    """
    closed = (
        Variant("constructed-de", "constructed-de", (), tuple(range(draws)), (1, 4096)),
        Variant("interval-de", "interval-de", (), (0,), (2, 3)),
    )
    most = f"steps={steps}", f"max_epochs={steps}"
    learned = tuple(
        Variant(
            f"{method}, {geometry}",
            method,
            (f"geometry={geometry}", *settings, *most),
            seeds,
            (2, 64),
            largest,
        )
        for method, geometry, settings in _TRAINED
    )
    return TreeGrid(heights, widths, closed, learned)


def _command(option: str, seeds: tuple[int, ...], usual: tuple[int, ...]) -> str:
    """The command that measures a study."""
    changed = "" if seeds == usual else f" --seeds {','.join(map(str, seeds))}"
    return f"python -m bench geometry{option}{changed}"
