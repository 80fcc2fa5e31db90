# Everything this repository can do is a target here; `make help` prints them.
# `.venv` is made once: stamp files in it keep a second run from doing anything, or needing a network, again.

PORT ?= 8000
PYTHON ?=
WORKERS ?= 2

BIN := .venv/bin
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev
C_SOURCES := $(wildcard src/zaoguang/_*.h src/zaoguang/*/_*.[ch])
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A check reads the centre's settings; it must not make keys in the home of the person who checks.
CHECK_HOME := ZAOGUANG_HOME=$(CURDIR)/.venv/home-of-checks

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run check static test bench lock messages reference screenshot clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Variables: PORT=8000 for run, PYTHON=python3.12 for setup, WORKERS=2 for check and test."

setup: $(RUN_STAMP) ## make .venv with all that a centre needs; .venv/bin/zaoguang is the command line

run: setup ## serve a rehearsal of the centre on 127.0.0.1 (PORT=9000 for another port); Ctrl-C stops it
	@exec $(BIN)/zaoguang centre run --rehearsal --port $(PORT)

check: $(DEV_STAMP) static ## the fast inner loop: style, types, borders between rooms, docstrings, quick tests
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not slow and not browser and not postgres and not alone"

static: $(DEV_STAMP) ## only what needs no test run: style, types, borders between rooms, docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECK_HOME) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate src scripts

test: ## everything: static checks, all tests, the centre's again on a real PostgreSQL; installs what is missing
	@scripts/system_packages.sh test
	@$(MAKE) --no-print-directory static
	$(BIN)/python -m pytest -q -m "alone" || [ $$? = 5 ] # 5: none is marked so
	$(BIN)/python scripts/with_postgres.py $(BIN)/python -m pytest -q -n $(WORKERS) -m "not browser and not alone" $(ON_POSTGRES)
	$(BIN)/python -m pytest -n $(WORKERS) -m "not alone"

# The suites that touch the database, run a second time on PostgreSQL (those that exist).
ON_POSTGRES = $(wildcard tests/web tests/contracts)

bench: $(DEV_STAMP) ## measure the published figures, one script each
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

lock: $(DEV_STAMP) ## pin every dependency with hashes, for each Python from 3.11 on (needs a network)
	@scripts/lock.sh

messages: $(DEV_STAMP) ## gather the sentences a person reads into the zh-Hans catalogue and compile it
	$(BIN)/python scripts/messages.py

screenshot: $(DEV_STAMP) ## make the picture in the README from a fresh rehearsal
	$(BIN)/python scripts/screenshot.py

reference: $(DEV_STAMP) ## write docs/reference/commands.md from what the commands say of themselves
	$(BIN)/python scripts/command_reference.py

clean: ## remove .venv and what the tools left behind; a centre's data is never touched
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	rm -f src/zaoguang/*/*.so
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@PYTHON="$(PYTHON)" scripts/make_venv.sh

# setuptools is in the lock, so that the project itself is installed without reaching for anything.
$(RUN_STAMP): .venv/bin/python requirements/run.lock pyproject.toml $(C_SOURCES)
	@echo "Installing what a centre needs (requirements/run.lock)"
	@$(PIP) install --require-hashes --requirement requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements/dev.lock
	@echo "Installing what the checks need (requirements/dev.lock)"
	@$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@
