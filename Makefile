# Crossfade. `make run` and `make test` do all set-up themselves, on a machine that has only
# Python 3.11 or newer, make, and the network to PyPI.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := .clients
ARGS ?=

.PHONY: help run test clients plugins conformance fuzz soak bench lint types lock clean

help:
	@echo "make run    set up, start the server, stream a recording through all dialects (ARGS=--once: then exit)"
	@echo "make test   set up, lint, type-check, test"
	@echo "make plugins  fetch plugins of voice frameworks (700 MB), which some tests are skipped without"
	@echo "make conformance  run the tests of the protocols' checklists, write docs/conformance-*.md"
	@echo "make fuzz   send random messages to a server (FRAMES=100000 SEED=0)"
	@echo "make soak   open and close 2,000 sessions; memory, open files and tasks must not grow"
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

# A program, and the Debian packages that have it: installed by root where it is missing. Tests that
# need what nobody could install are skipped, and say so.
apt = if ! command -v $(1) >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) \
    || echo "apt-get cannot install $(2)"; fi

# Vendors' clients that tests run in processes of their own: one that would shadow another
# package of the same name in the virtual environment, and those for Node.
$(CLIENTS)/speechmatics-python/.made: tests/clients/legacy/requirements.lock | $(VENV)/.dev
	rm -rf $(@D)
	$(BIN)/pip install --quiet --disable-pip-version-check --target $(@D) -r $<
	@touch $@

# Needs nothing that the virtual environment does not have.
$(CLIENTS)/assemblyai-0.43.1/.made: tests/clients/legacy/assemblyai-0.43.1.lock | $(VENV)/.dev
	rm -rf $(@D)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(@D) -r $<
	@touch $@

$(CLIENTS)/node/.made: tests/clients/node/package.json tests/clients/node/package-lock.json
	@mkdir -p $(@D)
	@$(call apt,npm,nodejs npm)
	@if ! command -v npm >/dev/null; then echo "no npm: tests with Node clients will be skipped"; \
	  else cp $^ $(@D) && (cd $(@D) && npm ci --no-audit --no-fund --loglevel=error) && touch $@; fi

# What checks the live page: TypeScript and axe-core; and a browser to see it in.
$(CLIENTS)/page/.made: tests/page/package.json tests/page/package-lock.json
	@mkdir -p $(@D)
	@$(call apt,npm,nodejs npm)
	@$(call apt,chromium,chromium)
	@if ! command -v chromium >/dev/null; then echo "no chromium: tests of the live page will be skipped"; fi
	@if ! command -v npm >/dev/null; then echo "no npm: the live page's types will not be checked"; \
	  else cp $^ $(@D) && (cd $(@D) && npm ci --no-audit --no-fund --loglevel=error) && touch $@; fi

# The sound stack that the microphone is tested on.
$(CLIENTS)/sound/.made:
	@mkdir -p $(@D)
	@$(call apt,pulseaudio,pulseaudio pulseaudio-utils libasound2-plugins libportaudio2)
	@if command -v pulseaudio >/dev/null; then touch $@; \
	  else echo "no PulseAudio: tests of the microphone will be skipped"; fi

# Plugins of voice frameworks: some 700 MB, so not part of `make test`.
$(CLIENTS)/livekit/.made $(CLIENTS)/pipecat/.made: $(CLIENTS)/%/.made: tests/clients/plugins/%.txt | $(VENV)/.dev
	rm -rf $(@D)
	$(BIN)/pip install --quiet --disable-pip-version-check --target $(@D) -r $<
	@touch $@

plugins: $(CLIENTS)/livekit/.made $(CLIENTS)/pipecat/.made

clients: $(CLIENTS)/speechmatics-python/.made $(CLIENTS)/assemblyai-0.43.1/.made $(CLIENTS)/node/.made $(CLIENTS)/page/.made $(CLIENTS)/sound/.made

run: $(VENV)/.run
	$(BIN)/crossfade demo $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

# Each file is one process's; more than a core for each makes figures of time unsure.
JOBS ?= 2
test: lint types clients
	$(BIN)/crossfade models pull
	$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

conformance: $(VENV)/.dev clients
	$(BIN)/crossfade models pull
	$(BIN)/pytest -m conformance --conformance-docs $(ARGS)

FRAMES ?= 100000
SEED ?= 0
fuzz: $(VENV)/.dev
	cd tests && ../$(BIN)/python -m fuzz --frames $(FRAMES) --seed $(SEED) $(ARGS)

# 2,000 sessions opened and closed beside a long one: memory, open files and tasks must not grow.
soak: $(VENV)/.run
	$(BIN)/crossfade bench soak --backend scripted $(ARGS)

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
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" tests/clients/legacy/requirements.in -o tests/clients/legacy/requirements.lock

clean:
	rm -rf $(VENV) $(CLIENTS) .mypy_cache .pytest_cache .ruff_cache .hypothesis
