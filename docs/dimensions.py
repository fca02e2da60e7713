"""Draws ``docs/dimensions.svg``, the closed form of a tree in three dimensions: ``make docs``."""

from __future__ import annotations

from math import cos, pi, sin
from pathlib import Path
from typing import NamedTuple

import altair as alt
import vl_convert

from bench.report.charts.vega import CONFIG, GREY, PALETTE

PICTURE = Path(__file__).with_suffix(".svg")
SIZE = 240
CHILDREN, LEVELS = 3, 3
SHOWN = 5
"""The document whose interval is drawn: the second child of the root."""


class Node(NamedTuple):
    """A node of the tree that is drawn.

    Attributes:
        number: its place in preorder; its subtree has the numbers from there on.
        size: number of nodes of its subtree.
        level: its level, 0 for the root.
        parent: the number of its parent; its own for the root.
    """

    number: int
    size: int
    level: int
    parent: int


def subtree(number: int, level: int, parent: int) -> list[Node]:
    """The nodes of a subtree in preorder."""
    below: list[Node] = []
    if level + 1 < LEVELS:
        for _ in range(CHILDREN):
            below += subtree(number + 1 + len(below), level + 1, number)
    return [Node(number, 1 + len(below), level, parent), *below]


NODES = subtree(0, 0, 0)
STEP = 2 * pi / len(NODES)
DOCUMENT = NODES[SHOWN]
CENTRE = (DOCUMENT.number + (DOCUMENT.size - 1) / 2) * STEP
HALF = DOCUMENT.size / 2 * STEP
"""Half of the interval of angles: half a step wider than the subtree at both ends."""


def score(angle: float) -> float:
    """cos(t - c) - cos(h): above 0 where the angle t is nearer to the centre c than h."""
    return cos(angle - CENTRE) - cos(HALF)


def picture() -> alt.HConcatChart:
    """The tree, its nodes on the circle, and the score of one document over the circle."""
    values = [
        {
            "number": node.number,
            "across": node.number + (node.size - 1) / 2,
            "level": node.level,
            "east": sin(node.number * STEP),
            "north": cos(node.number * STEP),
            "score": score(node.number * STEP),
            "found": DOCUMENT.number <= node.number < DOCUMENT.number + DOCUMENT.size,
        }
        for node in NODES
    ]
    nodes = alt.Chart(alt.Data(values=values))
    colour = alt.condition("datum.found", alt.value(PALETTE[1]), alt.value(GREY))

    def drawn(x: alt.X, y: alt.Y) -> alt.LayerChart:
        points = nodes.mark_point(filled=True, opacity=1, size=260).encode(x=x, y=y, color=colour)
        numbers = nodes.mark_text(color="white", fontSize=10).encode(x=x, y=y, text="number:Q")
        return alt.layer(points, numbers)

    edges = [
        {"x": values[node.number]["across"], "y": node.level}
        | {"x2": values[node.parent]["across"], "y2": NODES[node.parent].level}
        for node in NODES
    ]
    of_edges = alt.Chart(alt.Data(values=edges)).mark_rule(color=GREY)
    down = alt.Scale(reverse=True, padding=20)
    tree = alt.layer(
        of_edges.encode(
            x=alt.X("x:Q", axis=None), y=alt.Y("y:Q", axis=None, scale=down), x2="x2:Q", y2="y2:Q"
        ),
        drawn(alt.X("across:Q", axis=None), alt.Y("level:Q", axis=None, scale=down)),
    )

    inside = [CENTRE + (2 * place / 40 - 1) * HALF for place in range(41)]
    area = [{"place": place, "east": sin(t), "north": cos(t)} for place, t in enumerate(inside)]
    cut = alt.Chart(alt.Data(values=area)).mark_line(
        fill=PALETTE[1], fillOpacity=0.2, stroke=PALETTE[1], interpolate="linear-closed"
    )
    scale = alt.Scale(domain=[-1.2, 1.2])
    east = alt.X("east:Q", axis=None, scale=scale)
    north = alt.Y("north:Q", axis=None, scale=scale)
    circle = alt.layer(cut.encode(x=east, y=north, order="place:Q"), drawn(east, north))

    curve = [
        {"number": place / 20, "score": score(place / 20 * STEP)}
        for place in range(20 * (len(NODES) - 1) + 1)
    ]
    of_number = alt.X("number:Q", title="query, in preorder", axis=alt.Axis(grid=False))
    of_score = alt.Y("score:Q", title=f"score of document {SHOWN}", axis=alt.Axis(grid=False))
    line = alt.Chart(alt.Data(values=curve)).mark_line(color=GREY, strokeWidth=1.5)
    zero = alt.Chart(alt.Data(values=[{"score": 0}])).mark_rule(color=PALETTE[1], strokeDash=[5, 3])
    polynomial = alt.layer(
        line.encode(x=of_number, y=of_score), zero.encode(y=of_score), drawn(of_number, of_score)
    )

    titles = {
        "Nodes are numbered in preorder": tree,
        "A document is a straight cut of the circle": circle,
        "Above 0 for its subtree alone": polynomial,
    }
    return alt.hconcat(
        *(panel.properties(width=SIZE, height=SIZE, title=title) for title, panel in titles.items())
    )


def main() -> None:
    """Draw the picture."""
    spec = picture().to_dict() | {"config": CONFIG | {"background": "white"}}
    PICTURE.write_text(vl_convert.vegalite_to_svg(spec))


if __name__ == "__main__":
    main()
