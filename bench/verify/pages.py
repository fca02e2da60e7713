"""Whether the published boards are what the stored cells give."""

from __future__ import annotations

import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import EXTRAS, InputError, lacks_packages
from bench.report.dataset_page import BOARDS, FIGURES
from bench.report.leaderboard import NAME, write_leaderboard
from bench.report.reproduction.claims import read_claims
from bench.report.reproduction.page import NAME as REPRODUCTION
from bench.report.reproduction.page import reproduction_text
from bench.report.stated import stated_budget
from bench.store.folder import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 60
"""Characters of a line that are shown from a little before where it differs."""


def check_boards(store: Store) -> tuple[int, list[str]]:
    """Rebuild all that ``bench.report`` writes, and compare it with what lies there.

    Returns:
        How many files are the same byte for byte, and a line for each that is not.
    """
    with tempfile.TemporaryDirectory() as folder:
        rebuilt = Store(Path(folder))
        rebuilt.runs, rebuilt.published = store.runs, store.published
        try:
            budget, charts = stated_budget(store.root / NAME), _with_charts(store.root)
            if charts and (reason := lacks_packages(EXTRAS["page"])):
                raise InputError(f"rebuilding charts and page {reason}")
            write_leaderboard(rebuilt, budget, figures=charts)
        except InputError as error:
            return 0, [str(error)]
        unfounded = _write_reproduction(store, rebuilt.root)
        files = [path for path in sorted(rebuilt.root.rglob("*")) if path.is_file()]
        names = [path.relative_to(rebuilt.root) for path in files]
        problems = [_compared(store.root / name, rebuilt.root / name) for name in names]
    failures = [problem for problem in [*problems, unfounded] if problem]
    return sum(not problem for problem in problems), [*failures, *_left_over(store.root, names)]


def _write_reproduction(store: Store, folder: Path) -> str | None:
    """Write the papers' claims again where they are published; what is wrong, or None."""
    published = store.root / REPRODUCTION
    if not published.is_file():
        return None
    try:
        text = reproduction_text(store, read_claims())
    except InputError as error:
        return f"{published}: {error}"
    (folder / REPRODUCTION).write_text(text, encoding="utf-8")
    return None


def _with_charts(root: Path) -> bool:
    """Whether the boards were written with charts, which may have been taken away since."""
    board = root / NAME
    linked = board.is_file() and f"]({FIGURES}/".encode() in board.read_bytes()
    return linked or (root / FIGURES).is_dir()


def _compared(published: Path, rebuilt: Path) -> str | None:
    """What is wrong with a published file, or None."""
    if not published.is_file():
        return f"{published}: missing; `python -m bench leaderboard --out FOLDER` writes it"
    was, gives = published.read_bytes(), rebuilt.read_bytes()
    if was == gives:
        return None
    pairs = zip_longest(was.split(b"\n"), gives.split(b"\n"))
    number, pair = next((i, pair) for i, pair in enumerate(pairs, start=1) if pair[0] != pair[1])
    old, new = ((line or b"").decode(errors="replace") for line in pair)
    same = next((i for i, (a, b) in enumerate(zip_longest(old, new)) if a != b), 0)
    begin = max(0, same - SHOWN // 3)
    part = slice(begin, begin + SHOWN)
    return f"{published}: line {number} has {old[part]!r}, the cells give {new[part]!r}"


def _left_over(root: Path, names: list[Path]) -> Iterator[str]:
    """Charts and boards that the cells do not give."""
    for path in sorted(each for name in (BOARDS, FIGURES) for each in (root / name).rglob("*")):
        if path.is_file() and path.relative_to(root) not in names:
            yield f"{path}: the cells give no such file; take it away"
