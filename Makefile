# Crossfade. `make run` and `make test` do all set-up themselves, on a machine that has only
# Python 3.11 or newer, make, and the network to PyPI.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help run test bench lint types check lock clean

help:
	@echo "make run    set up, start the server, stream a recording through both dialects (ARGS=--once: then exit)"
	@echo "make test   set up, lint, type-check, test"
	@echo "make bench  set up, measure capacity, latency and accuracy of this machine (ARGS=...: see crossfade bench)"
	@echo "make lock   write the lock files anew from pyproject.toml"
	@echo "make clean  remove the virtual environment and caches (the model cache stays)"

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Crossfade needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run
	$(BIN)/crossfade demo $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

test: lint types
	$(BIN)/crossfade models pull
	$(BIN)/pytest $(ARGS)

# The standard benchmark; takes a quarter of an hour. Nothing else should be running.
bench: $(VENV)/.run
	$(BIN)/crossfade bench capacity $(ARGS) --json bench/results/capacity.json
	$(BIN)/crossfade bench latency $(ARGS) --json bench/results/latency.json
	$(BIN)/crossfade bench accuracy $(ARGS) --json bench/results/accuracy.json

lock: $(VENV)/.made
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
