# `make train` and `make test` need Python >= 3.11 with its venv module, and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BENCH  ?= .venv-bench
PIP     = -m pip install --quiet --disable-pip-version-check

.PHONY: help train test test-slow test-kernels lint format types catalogue bench clean

help:                 ## what can be made
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

train: $(VENV)/.core  ## make the environment and train configs/adam_bn.yaml on real digits
	$(VENV)/bin/nnexp train configs/adam_bn.yaml

test: lint            ## linter, strict type checker and tests
	@$(VENV)/bin/mypy & types=$$!; \
	$(VENV)/bin/python -m pytest -q -n 2 -m "not slow"; tests=$$?; \
	wait $$types && exit $$tests

test-slow: $(VENV)/.dev ## the long-running evidence: hundreds of kills and faults
	$(VENV)/bin/python -m pytest -q -n 2 -m slow

test-kernels: $(VENV)/.dev ## the tests that compute, under each of OpenBLAS's and NumPy's kernels that this CPU has
	$(VENV)/bin/python -m tests.kernels -n 2

lint: $(VENV)/.dev    ## ruff
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/.dev  ## let ruff rewrite what it can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(VENV)/.dev   ## mypy, strict
	$(VENV)/bin/mypy

catalogue: $(VENV)/.core ## write docs/catalogue.md anew from the components
	$(VENV)/bin/python -m nnexp.spec.catalogue_page docs/catalogue.md

bench: $(BENCH)/.done ## measure side by side against PyTorch and scikit-learn
	@for name in step convolution stack loop diagnostics data memory sweeps startup tabular; do $(BENCH)/bin/python -m benchmarks.$$name || exit 1; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "nnexp needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	PIP_CONSTRAINT=constraints.txt $(VENV)/bin/python $(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	PIP_CONSTRAINT=constraints.txt $(VENV)/bin/python $(PIP) --editable '.[dev]'
	@touch $@

$(BENCH)/.done: benchmarks/requirements.txt benchmarks/constraints.txt pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	PIP_CONSTRAINT=benchmarks/constraints.txt $(BENCH)/bin/python $(PIP) --requirement benchmarks/requirements.txt --editable .
	@touch $@

clean:                ## remove the environments and caches, not the runs
	rm -rf $(VENV) $(BENCH) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
