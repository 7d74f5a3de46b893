# Two commands matter: `make demo` (watch SMS reports come in, no account needed) and
# `make test`. Each sets up its own virtual environment in .venv on first use.

VENV ?= .venv
BIN := $(VENV)/bin
# A newer python3.x is taken only when plain python3 is too old or missing.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Seconds: bounded too, only further out. A bound of 0 for the session would end it at once.
LONG := -q -n 0 -s -m long --timeout 3600 --session-timeout 7200

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench mutants lowest screenshots soak chaos clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/.runtime ## simulator and console in one: no account, no network
	@$(BIN)/smsmon demo

# What is compiled is kept, whatever else is wanted of Python here: each worker would do it again.
test: $(VENV)/.dev ## the whole test suite
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q

check: $(VENV)/.dev ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## rewrite the files as `make check` wants them
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.bench ## benchmarks: ours to what you would otherwise have, medians of pairs
	@$(BIN)/python -m tests.benchmarks

soak: $(VENV)/.dev ## four weeks in about an hour: half a million reports, and whether memory grows
	@$(BIN)/python -m pytest $(LONG) tests/soak

chaos: $(VENV)/.dev ## an hour of everything that can go wrong, 200 kills, a fuzz of all commands
	@$(BIN)/python -m pytest $(LONG) tests/chaos tests/store tests/pty

mutants: $(VENV)/.mutants ## small mistakes in the pure middle, and which of them no test sees
	@$(BIN)/python -m tests.mutants $(if $(SEED),--seed $(SEED))

lowest: ## the tests on the lowest versions that pyproject.toml allows (snapshots aside)
	@$(MAKE) --no-print-directory VENV=.venv-lowest .venv-lowest/.lowest
	@.venv-lowest/bin/python -m pytest -q --ignore tests/console/test_snapshots.py

screenshots: $(VENV)/.dev ## redraw the pictures in screenshots/
	@$(BIN)/python -m tests.screenshots

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .venv-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "smsmon needs Python 3.11 or newer, and none was found. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing or broken. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	@echo "Installing smsmon and what it runs on …"
	@$(PIP) install --editable . || { echo "The installation failed: see the lines above (a package index must be reachable)." >&2; exit 1; }
	@$(BIN)/python -m compileall -q smsmon
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "Installing smsmon and its test tools …"
	@$(PIP) install --editable '.[dev]' || { echo "The installation failed: see the lines above (a package index must be reachable)." >&2; exit 1; }
	@$(BIN)/python -m compileall -q smsmon
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: $(VENV)/.dev
	@$(PIP) install --editable '.[dev,bench]'
	@touch $@

$(VENV)/.mutants: $(VENV)/.dev
	@$(PIP) install --editable '.[dev,mutants]'
	@touch $@

$(VENV)/.lowest: pyproject.toml | $(BIN)/python
	@$(BIN)/python tests/lowest.py > $(VENV)/lowest.txt
	@$(PIP) install --editable '.[test]' --constraint $(VENV)/lowest.txt
	@touch $@
