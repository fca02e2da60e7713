"""The command line: ``python run_bench.py --methods all``."""

from bench.cli.commands import run

if __name__ == "__main__":
    run(prog_name="run_bench.py")
