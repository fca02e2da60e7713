"""``bench speed``: the project's own benchmark, what is reached beside what is aimed at.

Cells that the results folder holds are not measured again; times are those of the run that
measured them.
"""

from __future__ import annotations

import time
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from tabulate import tabulate

from bench.cards import FOLDER
from bench.cell import Cell, Status
from bench.errors import InputError
from bench.hierarchy import ancestors
from bench.readers.wordnet import read_graph
from bench.report.board import dearest, spread
from bench.report.console import say, say_table
from bench.report.markdown import places
from bench.run import RunOptions, measure
from bench.speed_text import encoding, reading
from bench.store import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHARES = ("0.03", "0.1", "0.3", "0.7")
"""Of the standard sampler in resampled training."""
TRADE_OFF_HEADER = ["dataset", "p", "overall", *(f"distance {h}" for h in range(9))]
TRADE_OFF = "Resampled training over p, the share of the standard sampler; recall in per cent"


class _Measurements:
    """Cells of the benchmark, measured once."""

    def __init__(self, seeds: tuple[int, ...], out: Path) -> None:
        self._seeds = seeds
        self.out = out
        self.cells: list[Cell] = []

    def of(self, method: str, dataset: str, *settings: str, out: Path | None = None) -> list[Cell]:
        """The cells of one setting, one a seed; ``out``: where, if not with the others.

        Raises:
            InputError: one of them could not be measured.
        """
        cells = measure(
            RunOptions(method, dataset, seeds=self._seeds, settings=settings, out=out or self.out)
        )
        for cell in cells:
            if cell.status is not Status.OK:
                raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
        self.cells += cells
        return cells


def speed_report(seeds: tuple[int, ...], out: Path, data_dir: Path | None) -> None:
    """Measure, print the tables and write them to SPEED.md of the results folder.

    Raises:
        InputError: SciFact is not in a data folder, or a cell could not be measured.
    """
    measured = _Measurements(seeds, out)
    header = ["what", "aim", "measured", ""]
    rows = [*_texts(data_dir), _closure(), *_wordnet(measured), *_tree(measured)]
    trade_off = _trade_off(measured)
    say()
    say_table(header, rows)
    say(f"\n{TRADE_OFF}")
    say_table(TRADE_OFF_HEADER, trade_off)
    text = "\n".join(
        [
            "# Speed and quality reached",
            "",
            "Printed by `python -m bench speed`. Mean ± standard deviation over seeds "
            f"{', '.join(map(str, seeds))}. Cells measured on {'; '.join(places(measured.cells))}.",
            "",
            tabulate(rows, header, tablefmt="pipe", disable_numparse=True),
            "",
            f"## {TRADE_OFF}",
            "",
            tabulate(trade_off, TRADE_OFF_HEADER, tablefmt="pipe", disable_numparse=True),
            "",
        ]
    )
    write_atomically(out / "SPEED.md", text)
    say(f"\nWritten: {out / 'SPEED.md'}")


def _texts(data_dir: Path | None) -> list[list[str]]:
    """What is aimed at for reading and encoding texts."""
    ratio, megabytes = reading()
    return [
        _at_most("reading 1,000,000 documents, time / orjson's", 1.2, [ratio], "{:.2f}"),
        _at_most("its peak memory, GB", 1, [megabytes / 1000], "{:.2f}"),
        _at_most(
            "encoding SciFact's documents, time / sentence-transformers'",
            1.1,
            [encoding(data_dir)],
            "{:.2f}",
        ),
    ]


def _closure() -> list[str]:
    """Time of the closure of the noun graph."""
    nouns = read_graph(FOLDER / "wordnet-nouns.parquet")
    start = time.perf_counter()
    pairs = ancestors(nouns.children, nouns.parents, len(nouns.names), 8).n_pairs
    seconds = time.perf_counter() - start
    what = f"closure and distances of WordNet ({pairs:,} pairs), s"
    return _row(what, "≤ 5", [seconds], seconds <= 5, "{:.2f}")  # noqa: PLR2004


def _row(what: str, aim: str, values: Sequence[float], reached: bool, form: str) -> list[str]:  # noqa: FBT001
    text = form.format(fmean(values))
    if len(values) > 1:
        text += f" ± {form.format(stdev(values))}"
    return [what, aim, text, "reached" if reached else "not reached"]


def _at_least(what: str, aim: float, shares: Sequence[float]) -> list[str]:
    """A row of recalls that should not be less, in per cent."""
    reached = fmean(shares) >= aim / 100
    return [what, f"≥ {aim:g} %", spread(shares, 2), "reached" if reached else "not reached"]


def _at_most(what: str, aim: float, values: Sequence[float], form: str = "{:.1f}") -> list[str]:
    """A row of seconds, megabytes or per cent that should not be more."""
    return _row(what, f"≤ {aim:g}", values, fmean(values) <= aim, form)


def _overall(cells: Sequence[Cell]) -> list[float]:
    return [dearest(cell).recall for cell in cells]


def _least(cells: Sequence[Cell]) -> list[float]:
    return [dearest(cell).min for cell in cells]


def _at_distance(cells: Sequence[Cell], distance: int) -> list[float]:
    return [dearest(cell).recall_by_distance[distance].recall for cell in cells]


def _wordnet(measured: _Measurements) -> list[list[str]]:
    """What is aimed at on the whole of WordNet."""
    masked = measured.of("masked-de", "wordnet", "dim=64")
    masked32 = measured.of("masked-de", "wordnet", "dim=32")
    standard = measured.of("standard-de", "wordnet", "dim=64")
    finetuned = measured.of("pretrain-finetune-de", "wordnet", "dim=64")
    # It ranks nothing and has no place on the boards.
    noop = measured.of("noop", "wordnet", out=measured.out / ".work" / "noop")
    fit, fit32, fit_finetuned = (
        [cell.cost.fit_s for cell in cells if cell.cost] for cells in (masked, masked32, finetuned)
    )
    costs = [cell.cost for cell in masked if cell.cost]
    harness = fmean(cell.cost.harness_s for cell in noop if cell.cost)
    whole = [cost.fit_s + cost.index_s + cost.search_s + harness for cost in costs]
    far = _at_distance(standard, 8)
    fall = "reached" if fmean(far) < 0.25 else "not reached"  # noqa: PLR2004
    return [
        _at_least("masked-de d=64, overall", 99.5, _overall(masked)),
        _at_least("masked-de d=64, min over distances", 97, _least(masked)),
        _at_most("masked-de d=64, training s", 120, fit),
        _at_least("masked-de d=32, overall", 98.5, _overall(masked32)),
        _at_least("masked-de d=32, min over distances", 90, _least(masked32)),
        _at_most("masked-de d=32, training s", 120, fit32),
        _at_least("standard-de d=64, distance 0", 99, _at_distance(standard, 0)),
        ["standard-de d=64, distance 8", "< 25 %", spread(far, 2), fall],
        _at_least("pretrain-finetune-de d=64, overall", 92.3, _overall(finetuned)),
        _at_least("pretrain-finetune-de d=64, min over distances", 75.7, _least(finetuned)),
        _at_most("pretrain-finetune-de d=64, training and finetuning s", 300, fit_finetuned),
        _at_most(
            "exact search and measures, 82,115 queries over 82,115 documents, s",
            60,
            [cost.search_s + cost.harness_s for cost in costs],
        ),
        _at_most("its peak memory, GB", 4, [cost.peak_mb / 1000 for cost in costs], "{:.2f}"),
        _at_most(
            "harness (the noop cell), % of the masked-de cell",
            2,
            [100 * harness / seconds for seconds in whole],
            "{:.2f}",
        ),
    ]


def _tree(measured: _Measurements) -> list[list[str]]:
    """The three trainings of the paper on its tree."""
    standard = _overall(measured.of("standard-de", "tree"))
    finetuned = _overall(measured.of("pretrain-finetune-de", "tree"))
    resampled = [_overall(measured.of("resampled-de", "tree", f"p={share}")) for share in SHARES]
    best = max(resampled, key=fmean)
    reached = fmean(finetuned) > max(fmean(standard), fmean(best))
    return [
        ["tree H=4 W=5 d=3: standard-de", "(paper: 66 %)", spread(standard), ""],
        ["tree H=4 W=5 d=3: best resampled-de", "(paper: 70 %)", spread(best), ""],
        [
            "tree H=4 W=5 d=3: pretrain-finetune-de",
            "above both (paper: 97 %)",
            spread(finetuned),
            "reached" if reached else "not reached",
        ],
    ]


def _trade_off(measured: _Measurements) -> list[list[str]]:
    """Recall by distance of resampled training over p; p = 1 is standard training."""
    table = []
    for dataset in ("wordnet-mammal", "tree"):
        rows = {share: measured.of("resampled-de", dataset, f"p={share}") for share in SHARES}
        rows["1 (standard)"] = measured.of("standard-de", dataset)
        for share, cells in rows.items():
            n_distances = len(dearest(cells[0]).recall_by_distance)
            strata = [spread(_at_distance(cells, h)) for h in range(n_distances)]
            table.append([dataset, share, spread(_overall(cells)), *strata])
    return table
