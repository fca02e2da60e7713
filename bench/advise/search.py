"""Successive halving: encoders under one index, all indexes over the best, settings, seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.advise.candidates import FIRST

if TYPE_CHECKING:
    from bench.advise.candidates import Candidate, Candidates
    from bench.advise.trials import Trials

SHARE = 0.75
"""Share of the time left that a rung may take, so that the later ones have some."""
SHARE_SHORT = 0.4
"""The same of short trainings, which decide nothing but whose full training comes first."""
USUAL = ("hnsw", "faiss-ivf", "scann")
"""Indexes that are tried before others: they learn nothing from queries, and are built soon."""
SHORTER = 4
"""Full trainings are this many times as long as those by which encoders are compared first."""
LONG = 0.5
"""Share of the time left that full trainings may take; else short ones come first."""
SATURATED = 0.005
"""Share of the relevant documents lost by vectors under which no longer training is tried."""
SET, SEEDED = 3, 2
"""Candidates whose settings are varied, and those that are measured under more seeds."""
SEEDS = (1, 2)


def search(trials: Trials, candidates: Candidates) -> list[Candidate]:
    """Measure candidates on validation, each rung with the better half of the one before.

    1. Every encoder under one index; after short trainings, if full ones would take too long.
    2. Every index over the best encoder, the usual ones first.
    3. The better half of the indexes over the better half of the encoders.
    4. Other settings of the best three.
    5. What there was no time for, each rung having a share of the time left.
    6. More seeds of the best two, whose means decide between them.

    Args:
        trials: measures; what there is no time for is left out.
        candidates: what is tried.

    Returns:
        The measured candidates, the best first; empty if there are none.
    """
    encoders = _encoders(trials, candidates)
    best, others = encoders[:1], encoders[1:]
    over = [new for each in best for new in candidates.over(each)]
    trials.rung("Usual indexes", [each for each in over if each.index in USUAL], share=SHARE)
    over_best = trials.rung("Indexes", [*over, *candidates.alone()], share=SHARE)
    kept = {each.index for each in _half(over_best)}
    known = {each.index for each in over}
    more = [
        each
        for other in others
        for each in candidates.over(other)
        if each.index in kept or each.index not in known  # such as a tree learned with it
    ]
    trials.rung("Indexes over other encoders", more, share=SHARE)
    variants = [
        new
        for each in _in_question(trials, SET)
        for new in candidates.variants(each, trials.option(each).point.point)
    ]
    trials.rung("Settings", variants, share=SHARE)
    trials.rung("What was left out", trials.left_out(), share=SHARE)
    if not trials.ranked():
        return []
    for seed in SEEDS:
        trials.rung(f"Seed {seed}", _in_question(trials, SEEDED), seed=seed)
    return trials.settled(trials.ranked(), SEEDED)


def _encoders(trials: Trials, candidates: Candidates) -> list[Candidate]:
    """The better half of the encoders under one index, the best first, which is measured."""
    full = candidates.first
    if sum(map(trials.seconds_to_fit, full)) <= LONG * trials.minutes.left:
        trials.rung(f"Encoders under {FIRST}", full, share=SHARE)
        return _half(trials.promising(full))
    # A full training that an earlier call kept costs nothing.
    short = {
        each
        if trials.seconds_to_fit(each) == 0
        else candidates.shorter(each, SHORTER) or each: each
        for each in full
    }
    trials.rung(f"Encoders after short trainings, under {FIRST}", short, share=SHARE_SHORT)
    better = _half(trials.promising(short))
    for best in better[:1]:
        losses = trials.option(best).point.xray
        gains = losses is None or losses.overall.encoder > SATURATED
        needed = min(trials.seconds_to_fit(short[best]), SHORTER * trials.seconds_of_fit(best))
        if gains and needed <= LONG * trials.minutes.left:
            trials.rung(f"The full training of {best.encoder}", [short[best]])
    first = trials.promising(each for best in better[:1] for each in (best, short[best]))
    return [*first[:1], *(short[each] for each in better[1:])]


def _in_question(trials: Trials, n: int) -> list[Candidate]:
    """The best ``n``, without those that miss a limit where the best one keeps all."""
    best = trials.ranked()[:n]
    return [each for each in best if trials.is_met(each) or not trials.is_met(best[0])]


def _half(ranked: list[Candidate]) -> list[Candidate]:
    """The better half, rounded up."""
    return ranked[: (len(ranked) + 1) // 2]
