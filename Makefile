# Everything a fresh machine needs: Python 3.11+, git, make. `make demo` and `make test` do the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# The lock names every package and its hash. Every second one goes with the other half: one unpacks on each core. Should
# they ever stand in each other's way, the whole is installed once more, which takes up what is missing.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

# Many images of Python forbid it to keep what it compiled. Then every process here would compile all packages again:
# 12 CPU seconds for each that collects tests, 2 for each `dtsen`.
unexport PYTHONDONTWRITEBYTECODE

# What tests import, compiled once: their processes, which begin together, would each do it again.
COMPILED := $(VENV)/.compiled

# What the check of types says: it takes longer than all before the tests, and is told of behind them.
TYPES := $(VENV)/types.txt

.PHONY: demo test browser bench check lint types fix lock clean
.DEFAULT_GOAL := help

help: ## show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	awk '/^[a-z]/ { n++ } n % 2' requirements.lock >$(VENV)/odd.txt
	awk '/^[a-z]/ { n++ } n % 2 == 0' requirements.lock >$(VENV)/even.txt
	$(PIP) --no-compile --require-hashes -r $(VENV)/odd.txt & \
	$(PIP) --no-compile --require-hashes -r $(VENV)/even.txt; even=$$?; \
	wait $$! && test $$even = 0 || $(PIP) --no-compile --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## 20,000 people: make the files, land, link, survive, seal, publish, report
	$(BIN)/dtsen --home demo demo

test: ## lint, types, import contracts and every test
	@$(MAKE) --no-print-directory -j2 browser $(STAMP)
	@$(MAKE) --no-print-directory types >$(TYPES) 2>&1 & types=$$!; \
	$(MAKE) --no-print-directory -j2 lint $(COMPILED) && \
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types; types=$$?; cat $(TYPES); test $$tests = 0 && test $$types = 0

browser: # beside the rest: one waits for packages while the other works
	@.ci/browser

$(COMPILED): $(STAMP) # beside the check of types, which has use for one core
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null
	@$(BIN)/python -c "import splink" # which linkage loads only when it begins
	@touch $@

check: lint types ## lint, types and import contracts only

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP) ## 100 k, 300 k and 1 M source records beside bare Splink; writes bench/latest.json
	$(BIN)/python -m bench

fix: $(STAMP) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCKED := uv pip compile --universal --generate-hashes --no-header --no-emit-index-url
lock: $(STAMP) ## renew requirements.lock (developers) and requirements-run.lock (what serves) from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(LOCKED) --group dev pyproject.toml --output-file requirements.lock
	$(BIN)/$(LOCKED) --group build pyproject.toml --constraint requirements.lock --output-file requirements-run.lock

clean: ## remove the environment and the demo's home
	rm -rf $(VENV) demo bench/scratch
