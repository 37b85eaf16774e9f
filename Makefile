.PHONY: help run worker test test-long check format openapi bench screens

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/pip install --quiet --disable-pip-version-check
TEMPLATES = $$(git ls-files "templates/*.html")

help: ## what can be made here
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

run: $(VENV)/run.stamp ## everything for one machine, with the demo: database, web, worker
	$(BIN)/python manage.py up --demo

worker: $(VENV)/run.stamp ## one more worker, on any machine: make worker DATABASE_URL=...
	$(BIN)/python manage.py worker

test: $(VENV)/dev.stamp ## the whole suite, browser included
	$(BIN)/python -m tests.chromium
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-long: $(VENV)/dev.stamp ## the long lane: 100,000 random orders of what can happen to a run
	HOLDPOINT_LONG=1 $(BIN)/pytest tests/engine/test_any_order.py

check: $(VENV)/dev.stamp ## form, lint, types, architecture, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	$(BIN)/djhtml --check --tabwidth 2 $(TEMPLATES)
	$(BIN)/djlint --lint --profile=django templates
	PATH="$(BIN):$$PATH" $(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/dev.stamp ## put everything in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $(TEMPLATES) || true
	$(BIN)/djhtml --tabwidth 2 $(TEMPLATES) || true

openapi: $(VENV)/dev.stamp ## keep the description of the API as it is now: others rely on it
	$(BIN)/python -m tests.api.renew_openapi

bench: $(VENV)/dev.stamp ## figures as ratios to the bare database, in one run
	$(BIN)/python -m benchmarks

screens: $(VENV)/dev.stamp ## every page and state, drawn into docs/screens
	$(BIN)/python docs/screens.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/run.stamp
