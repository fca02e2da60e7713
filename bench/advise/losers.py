"""Why the others lost: by their X-ray beside the winner's, or by the limit that they break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.table import NONE

if TYPE_CHECKING:
    from bench.advise.candidates import Candidate
    from bench.advise.goal import Goal, Option
    from bench.advise.trials import Trials

HEADER = ["method", "score %", "encoder %", "routing %", "scoring %", "why"]
TERMS = {
    "encoder": "its vectors rank {} more of the relevant documents too low",
    "routing": "its index does not visit {} more of them",
    "scoring": "it visits {} more of them and does not return them",
}
MOST_NAMED = 6
ALIKE = 0.001
"""Shares that differ by less are called equal."""


def losers(trials: Trials, goal: Goal, ranked: list[Candidate]) -> list[list[str]]:
    """The lines of a table under ``HEADER``, of the measured candidates, the best first.

    Losses are shares of the relevant documents: 1 - recall is their sum, without what pruning
    gains.
    """
    best = trials.option(ranked[0])
    lines = []
    for candidate in ranked[1:]:
        option = trials.option(candidate)
        losses = None if option.point.xray is None else option.point.xray.overall
        shares = [
            NONE if losses is None else f"{100 * getattr(losses, term):.1f}" for term in TERMS
        ]
        score = f"{100 * goal.score(option):.1f}"
        lines.append([trials.name(candidate), score, *shares, _why(option, best, goal)])
    return lines


def unmeasured(trials: Trials) -> list[str]:
    """Sentences on candidates that were not measured: for lack of time, or as they failed."""
    left_out = trials.left_out()
    texts = []
    if left_out:
        names = ", ".join(map(trials.name, left_out[:MOST_NAMED]))
        more = f" and {len(left_out) - MOST_NAMED} more" * (len(left_out) > MOST_NAMED)
        texts.append(f"Not measured for lack of time (--minutes): {names}{more}")
    names_of: dict[str, list[str]] = {}
    for name, reason in trials.lacking.items():
        names_of.setdefault(reason, []).append(name)
    for reason, names_lacking in names_of.items():
        more = f" and {len(names_lacking) - MOST_NAMED} more" * (len(names_lacking) > MOST_NAMED)
        texts.append(f"Not tried: {', '.join(names_lacking[:MOST_NAMED])}{more}: {reason}")
    failed = [each for each in trials.unmeasured if each not in left_out]
    return texts + [f"{trials.name(each)} {trials.unmeasured[each]}" for each in failed]


def _why(option: Option, best: Option, goal: Goal) -> str:
    """The reason why an option is behind the best one."""
    if missed := goal.missed(option):
        return missed
    if goal.recall is not None:
        return f"dearer: {goal.cost(option) / max(goal.cost(best), 1e-12):.3g} times the price"
    if option.score >= best.score - ALIKE:
        return "equal, and not cheaper" if option.score >= best.score else "almost equal"
    here, there = option.point.xray, best.point.xray
    if here is None or there is None:
        return f"{100 * (best.score - option.score):.1f} points behind"
    more = {term: getattr(here.overall, term) - getattr(there.overall, term) for term in TERMS}
    term = max(more, key=more.__getitem__)
    if more[term] < ALIKE:
        return f"finds as many, and ranks them {100 * (best.score - option.score):.1f} points worse"
    return TERMS[term].format(f"{100 * more[term]:.1f} %")
