# Every target says what it does: `make help`.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test check fmt lint types e2e compat bench evaluate-prompts requirements

PYTHON ?= python3
BIN := .venv/bin

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.ready ## Make .venv and install everything, pinned with hashes

.venv/.ready: requirements-build.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-build.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-build-isolation -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Start the sandbox and the gateway, send a dozen requests, verify the log
	$(BIN)/imprimatur demo

run: setup ## Serve the gateway against the sandbox (IMPRIMATUR_NOVELAI_TOKENS and no --sandbox: NovelAI)
	$(BIN)/imprimatur serve --sandbox

test: setup ## Every test but the browser's
	$(BIN)/python -m pytest -q

check: lint types ## Everything that reads the code: ruff, formatting, import rules, mypy, pyright

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy
	$(BIN)/basedpyright

fmt: setup ## Format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

e2e: setup ## The whole program over real HTTP
	$(BIN)/python -m pytest -q tests/e2e

compat: setup ## Unmodified NovelAI SDKs and plain HTTP programs, each in an environment of its own
	$(BIN)/python tests/compat/run.py

bench: setup ## Print the figures of docs/figures.md, as ratios measured in one run
	$(BIN)/python tests/bench/run.py

evaluate-prompts: setup ## What the prompt gate catches in disguise, whom it stops for nothing, what it costs
	$(BIN)/python -m tests.bench.prompts

requirements: ## Pin the dependencies again, with hashes and without any address
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.txt
