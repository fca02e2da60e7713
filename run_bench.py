"""The command line: ``python run_bench.py --methods all``."""

from bench.cli.run import run_command

if __name__ == "__main__":
    run_command(prog_name="run_bench.py")
