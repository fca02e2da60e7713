"""``python -m bench``. It may import ``cli``."""

from bench.cli import main

main(prog_name="python -m bench")
