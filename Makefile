# Two commands: `make demo` and `make test`. Both do all set-up on a fresh machine.
SHELL := /bin/bash
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?=

.PHONY: demo test coverage check setup browser format clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@$(SHELL) tools/setup $(VENV) dev
	@touch $@ $(VENV)/.demo

# The demo needs half of that, and somebody is waiting to see it.
$(VENV)/.demo: pyproject.toml
	@$(SHELL) tools/setup $(VENV) mxnet,demo
	@touch $@

browser: setup
	@$(SHELL) tools/browser

demo: $(VENV)/.demo  ## train the classic MNIST network while you watch: make demo DEMO="--steps 400 --port 8075"
	@$(BIN)/vizframe demo $(DEMO)

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests benchmarks examples
	$(BIN)/lint-imports

test: check browser  ## everything
	$(BIN)/pytest -n auto --dist worksteal

coverage: setup browser  ## the tests again, and which lines none of them reaches
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
