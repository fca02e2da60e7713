"""The commands: text to typed values, and one call each.

In: what was typed. Out: an exit code. It may import everything below; nothing imports it but
``__main__`` and ``run_bench.py``.
"""

from bench.cli.commands import main, run

__all__ = ["main", "run"]
