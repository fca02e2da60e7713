"""An answer in words: the winner and its price, the frontier, the losers, lines that use it."""

from __future__ import annotations

import math
from pathlib import Path
from shlex import quote
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.advise.candidates import hand_set
from bench.advise.frontier import HEADER, draw, figures, frontier, rows
from bench.advise.goal import MEGABYTE, Option, per_cent
from bench.advise.losers import HEADER as LOST
from bench.advise.losers import losers, unmeasured
from bench.advise.validation import boards
from bench.data.views import parted_views
from bench.errors import EXTRAS, InputError, lacks_packages
from bench.measures.budget import UNLIMITED
from bench.report.page.command import plugin_options
from bench.report.points import main_measure
from bench.store.folder import Store
from bench.system.paths import program, run_words
from bench.system.terminal import counted, say, say_table, size_text

if TYPE_CHECKING:
    from bench.advise.advise import Advice
    from bench.store.cell import Cell

MOST_LOSERS, MOST_NEAR = 15, 3
"""Losers that are listed, and rivals that are named."""


def print_advice(advice: Advice, dataset: str, out: Path, data_dir: Path | None) -> None:
    """Print an answer, and draw its chart into the results folder.

    Args:
        advice: what was measured.
        dataset: the name that was typed after ``--dataset``.
        out: the results folder.
        data_dir: the folder of data that was typed, or None.

    Raises:
        InputError: no candidate keeps the limits; what was measured is printed before.
    """
    goal, trials, best = advice.goal, advice.trials, advice.ranked[0]
    winner, judged = trials.option(best), boards(dataset, data_dir)[0]
    names = {
        cell.key: trials.name(candidate)
        for candidate, seeds in trials.cells.items()
        for cell in seeds.values()
    }
    measure = goal.measure(winner.cell)
    say(f"\nFrontier: {measure} on {winner.cell.n_queries:,} validation queries, by {goal.price}\n")
    say_table(HEADER, rows(frontier(trials, goal), winner, names, goal))
    chart = out / f"advice-{parted_views(winner.cell.task)[0]}-{goal.slug}.svg"
    try:
        draw(trials, goal, chart)
        say(f"Chart: {chart}")
    except ModuleNotFoundError:
        say(f"No chart, which {lacks_packages(EXTRAS['page'])}")
    if lost := losers(trials, goal, advice.ranked):
        say("\nWhy the others lost (losses in % of the relevant documents)\n")
        say_table(LOST, lost[:MOST_LOSERS])
        if len(lost) > MOST_LOSERS:
            say(f"… and {counted(len(lost) - MOST_LOSERS, 'other')}")
    for text in unmeasured(trials):
        say(text)
    if not advice.is_met:
        raise InputError(_not_met(advice))
    say(f"\nAdvice for {judged}, {goal.text(winner)}\n")
    asked = [f"{winner.cell.n_queries:,} validation queries", "test"]
    if not isinstance(advice.test, str):
        asked[1] = f"{advice.test.n_queries:,} test queries"
    say_table(["", *asked], _winner(advice, winner))
    say(f"How sure: {_certainty(advice, winner)}")
    on_test = _on_test(advice.test, winner)
    if isinstance(advice.test, str):
        say(f"Not tested: {advice.test}. The same command goes on from here and tests it.")
    elif on_test is not None and (missed := goal.missed(on_test)):
        say(
            f"On the test it {missed}: validation is a sample, and what just keeps a limit there "
            "can miss it elsewhere. For a margin ask for a stricter limit."
        )
    say("\nMeasure it again, and more of it:\n")
    say(f"  {command(winner.cell, judged, out, data_dir)}")
    say("\nSearch with it in Python:\n")
    say("\n".join(f"  {line}" for line in python(winner, judged, data_dir, out)))
    say("\nTake it home, to search without Treeline:\n")
    say(f"  {take_home(on_test or winner, out, data_dir)}")


def _winner(advice: Advice, winner: Option) -> list[list[str]]:
    """Method, settings, score and price of the winner, on validation and on the test."""
    cell = winner.cell
    settings = " ".join(f"{name}={value}" for name, value in cell.changed.items())
    test = _on_test(advice.test, winner)
    goal = advice.goal
    here = figures(winner, goal)
    there = ["–"] * len(here) if test is None else figures(test, goal)
    labels = ["operating point", goal.measure(cell) + " %", "95 % interval over queries"]
    labels += ["visited %", "work %", "p50 of a query, ms", "index, MB"]
    lines = [["method", cell.method, ""], ["settings", settings or "defaults", ""]]
    lines += [list(line) for line in zip(labels, here, there, strict=True)]
    if cell.cut is not None:  # the other measure of texts
        by_recall = goal.recall is not None
        other = main_measure(cell) if by_recall else f"recall@{cell.cut}"
        shown = [
            "–" if each is None else f"{100 * (each.score if by_recall else each.point.recall):.1f}"
            for each in (winner, test)
        ]
        lines.insert(5, [f"{other} %", *shown])
    return lines


def _on_test(test: Cell | str, winner: Option) -> Option | None:
    """The winner's operating point on the test."""
    if isinstance(test, str):
        return None
    same = [n for n, point in enumerate(test.points) if point.point == winner.point.point]
    return Option(test, same[0]) if same else None


def _certainty(advice: Advice, winner: Option) -> str:
    """How sure it is that the winner is the best."""
    trials, goal, ranked = advice.trials, advice.goal, advice.ranked
    seeds = trials.cells[ranked[0]]
    scores = [goal.score(trials.option(ranked[0], seed)) for seed in seeds]
    low, _ = winner.interval
    near = [
        trials.name(each)
        for each in ranked[1:]
        if not goal.broken(option := trials.option(each)) and option.score >= low
    ]
    texts = []
    if len(scores) > 1:
        texts.append(
            f"{100 * fmean(scores):.1f} ± {100 * stdev(scores):.1f} over {len(scores)} seeds"
        )
    else:
        texts.append("one seed")
    if goal.recall is not None:
        least = winner.point.low
        texts.append(f"its recall has a 95 % interval from {100 * least:.1f} % over queries")
    elif near:
        more = f" and {len(near) - MOST_NEAR} more" if len(near) > MOST_NEAR else ""
        named = ", ".join(near[:MOST_NEAR])
        texts.append(f"within its interval over queries: {named}{more}")
    else:
        texts.append("no other candidate is within its interval over queries")
    if trials.unmeasured:
        texts.append(f"{counted(len(trials.unmeasured), 'candidate')} not measured")
    return "; ".join(texts)


def _not_met(advice: Advice) -> str:
    """The error for limits that no candidate keeps, with the nearest."""
    goal, trials = advice.goal, advice.trials
    nearest = trials.option(advice.ranked[0])
    name, asked = trials.name(advice.ranked[0]), goal.text(nearest)
    point, several = nearest.point, len(goal.limits(nearest)) > 1
    timed = "" if math.isinf(nearest.latency_ms) else f"{nearest.latency_ms:.3g} ms, "
    price = (
        f"{per_cent(UNLIMITED.cost(point))} visited, "
        f"{per_cent(UNLIMITED.other.cost(point))} work, "
        f"{timed}{size_text(MEGABYTE * nearest.megabytes)}, recall "
        f"{100 * point.recall:.1f} %, {main_measure(nearest.cell)} {100 * nearest.score:.1f} %"
    )
    at = f" at {nearest.at()}" if point.point else ""
    text = (
        f"no candidate keeps {'all of ' * several}{asked}; the nearest is {name}{at} with {price}: "
        f"it {goal.missed(nearest)}"
    )
    if goal.recall is not None:
        exact = max(
            (1 - option.point.xray.overall.encoder, trials.name(each))
            for each in advice.ranked
            if (option := trials.option(each)).point.xray is not None
        )
        if exact[0] < goal.recall:
            within = math.floor(100 * exact[0]) / 100
            return (
                f"{text}. Exact search finds {100 * exact[0]:.1f} % at most ({exact[1]}), and an "
                f"index over these vectors hardly more; ask for --recall {within:g}, or train "
                "another encoder"
            )
    return f"{text}; allow more, or give more --minutes"


def command(cell: Cell, dataset: str, out: Path, data_dir: Path | None) -> str:
    """The command that measures a cell's method and settings on the whole test."""
    words = [*run_words(Path("results")), "--methods", cell.method, "--dataset", dataset]
    words += plugin_options(cell)
    for name, value in hand_set(cell).items():
        words += ["--set", f"{name}={value}"]
    if data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    return " ".join(map(quote, [*words, "--out", str(out)]))


def take_home(option: Option, out: Path, data_dir: Path | None) -> str:
    """The command that exports the winner at the operating point that was chosen."""
    words = [*program().split(), "export", option.cell.key, "--to", "FOLDER", "--out", str(out)]
    words += plugin_options(option.cell)
    if option.point.point:
        words += ["--point", option.at(",")]
    if data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    return " ".join(map(quote, words))


def python(option: Option, dataset: str, data_dir: Path | None, out: Path) -> list[str]:
    """Lines of Python that index the winner and search with it; a kept training is taken."""
    cell = option.cell
    folder = "" if data_dir is None else f", {str(data_dir)!r}"
    plugins = f", {cell.plugins!r}" if cell.plugins else ""
    return [
        "from pathlib import Path",
        "import bench",
        "from bench.evaluation.preparation import method_named, prepare",
        "",
        f"task = bench.load({dataset!r}{folder})",
        f"method = method_named({cell.method!r}, task, {hand_set(cell)!r}{plugins})",
        f"prepare(method, task, fits=Path({str(Store(out).fits)!r}))",
        "queries = task.queries_of(task.test)",
        f"found = method.search(queries, 10, {option.point.point!r})",
        "print([task.document_names[number] for number in found.ids[0]])",
    ]
