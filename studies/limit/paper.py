"""The critical n that arXiv 2508.21038 reports: its table 6 and the cubic of its section 4."""

from __future__ import annotations

CRITICAL = {
    4: 10, 5: 14, 6: 19, 7: 24, 8: 28, 9: 32, 10: 36, 11: 42, 12: 47, 13: 54, 14: 62, 15: 70,
    16: 79, 17: 89, 18: 99, 19: 109, 20: 120, 21: 132, 22: 144, 23: 157, 24: 170, 25: 184, 26: 198,
    27: 213, 28: 229, 29: 245, 30: 261, 31: 278, 32: 296, 33: 314, 34: 333, 35: 352, 36: 372,
    37: 392, 38: 413, 39: 434, 40: 460, 41: 484, 42: 505, 43: 545, 44: 605, 45: 626,
}  # fmt: skip
"""The largest number of documents whose pairs its free vectors hold, by their dimension."""
CUBIC = (-10.5322, 4.0309, 0.0520, 0.0037)
"""Coefficients of 1, d, d^2 and d^3 of its fit to these numbers."""
SQUARED = 0.999
"""r^2 of that fit, as printed."""
