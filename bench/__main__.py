"""``python -m bench``, or ``treeline`` once it is installed. It may import ``cli``."""

from bench.cli.commands import main

main(prog_name="python -m bench")
