"""The budget that a user stated for boards, in LEADERBOARD.md, so that they can be made again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.measures.budget import Budget

if TYPE_CHECKING:
    from pathlib import Path

STATED = re.compile(
    r"(?m)^Made with `--budget ([0-9](?:\.[0-9]+)?(?:e-[0-9]+)?) --budget-by (visited|work)`"
)


def statement(budget: Budget | None) -> list[str]:
    """The paragraph of a budget that was stated; none for the budgets of cards."""
    if budget is None:
        return []
    options = f"--budget {budget.share!r} --budget-by {budget.by}"
    return [f"Made with `{options}`: rows are compared {budget.at}.\n"]


def stated_budget(path: Path) -> Budget | None:
    """The budget that was stated for the boards in a file; None: that of each dataset's card."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = STATED.search(text)
    if found is None:
        return None
    share, by = float(found[1]), found[2]
    return Budget(share, "work" if by == "work" else "visited") if 0 < share <= 1 else None
