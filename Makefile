# Everything is installed into .venv, at the versions in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two at a time, each with one thread; the tests of a file share what it prepares.
PYTEST := OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 25

.PHONY: install lint quick test nightly bench speed docs picture clean

install: $(VENV)/.installed

# torch first and pinned: the newest build of the registry brings gigabytes of CUDA packages.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4) and "Treeline needs Python 3.11.4 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

quick: lint
	# No process is started and nothing is trained for long: pure functions, the contract, the store.
	$(PYTEST) -m "not slow"

test: lint
	$(PYTEST)

nightly: install
	# 10,000 examples of each file of fuzz, others each night; `make test` takes 500, always the same.
	$(PYTEST) --hypothesis-profile nightly tests/test_fuzz_*.py

bench: install
	# Threads that sleep while they wait: a busy machine slows these small tasks tenfold otherwise.
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python run_bench.py --suite quick --jobs 2

speed: install
	$(BIN)/python -m bench speed

docs: install
	$(BIN)/python docs/api.py
	$(BIN)/python docs/architecture.py
	$(BIN)/python docs/dimensions.py
	$(BIN)/python docs/ehi.py
	$(BIN)/python docs/measures.py
	$(BIN)/python docs/plan.py
	$(BIN)/python docs/rivals.py
	$(BIN)/python docs/figures.py  # last: it quotes the others

# The README's, of the published page; needs Chromium.
picture: install
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV) results/local
