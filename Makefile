# Every target makes what it needs: a fresh clone, Python 3.11+ and make are enough.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
OTHER := .venv-duckdb15

.PHONY: help demo test test-all bench lint format screenshots snapshots keys outputs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(VENV)/.base: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@touch $@

$(VENV)/.full: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev,full]'
	@touch $@

$(OTHER)/.made: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(OTHER)
	grep -v '^duckdb==' requirements.lock > $(OTHER)/constraints.txt
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check -c $(OTHER)/constraints.txt -e '.[dev]' 'duckdb>=1.5,<1.6'
	@touch $@

demo: $(VENV)/.base ## Open the app on a small demo registry
	$(BIN)/experiments demo

test: $(VENV)/.dev ## Run the tests that need nothing but Python
	$(BIN)/python -m pytest -n logical --dist loadfile -m 'not full'

test-all: $(VENV)/.full $(OTHER)/.made ## Run every test: soak, both engines, notebooks' libraries, a real terminal
	EXPERIMENTS_FULL=1 EXPERIMENTS_OTHER_PYTHON=$(CURDIR)/$(OTHER)/bin/python $(BIN)/python -m pytest -m full
	EXPERIMENTS_FULL=1 EXPERIMENTS_OTHER_PYTHON=$(CURDIR)/$(BIN)/python $(OTHER)/bin/python -m pytest tests/store tests/runs \
		tests/backtest/test_panel.py tests/backtest/test_panel_refusals.py tests/backtest/test_fingerprint.py

bench: $(VENV)/.full ## Measure speed against sqlite3, polars, alphalens and numpy, in one run
	$(BIN)/python -m tests.benchmarks

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/.dev ## Draw the pictures in screenshots/ from the app
	$(BIN)/python -m tests.draw_screenshots

snapshots: $(VENV)/.dev ## Draw every screen as text for the tests, after a change that was meant
	$(BIN)/python -m tests.tui.snapshots

keys: $(VENV)/.dev ## Write the README's table of keys from the app's table of actions
	$(BIN)/python -m tests.test_readme

outputs: $(VENV)/.full ## Put into the README what commands print on the demo and on a sweep of 1,000
	$(BIN)/python -m tests.printed

clean: ## Remove what make made
	rm -rf $(VENV) $(OTHER) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
