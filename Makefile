# Everything a user, a contributor and the build do, by the same words. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo servers test test-quick test-servers check lint types imports slow fuzz samples docs requirements clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
TIME := 600

help: ## list the words
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(READY) ## system packages and .venv with the attachguard command
	@echo "ready: $(BIN)/attachguard"

$(READY): tools/setup requirements.txt pyproject.toml
	tools/setup $(VENV) requirements.txt
	@touch $@

$(DEV_READY): $(READY) requirements-dev.txt
	tools/setup $(VENV) requirements-dev.txt
	@touch $@

demo: $(READY) ## judge every sample, end to end, and show what came out
	@$(BIN)/python -m samples.demo

servers: $(DEV_READY)
	@tools/setup-tests $(VENV)

test: servers ## the tests, real servers included (what takes many minutes is in `make slow`)
	$(BIN)/pytest -m "not slow"

test-quick: $(DEV_READY) ## the tests that need no server beside clamd
	$(BIN)/pytest -m "not slow and not servers"

test-servers: servers ## the engine alone, on real PostgreSQL, Redis, RabbitMQ, Swift and Ceph, killed at every step
	$(BIN)/pytest -m "servers and not slow"

slow: servers ## the tests that take minutes
	$(BIN)/pytest -m slow

fuzz: $(DEV_READY) ## break good files for TIME seconds (600) and see what bears it; findings in build/fuzz
	$(BIN)/python -m tests.fuzz --seconds $(TIME) --out build/fuzz

check: lint types imports test ## what the build runs: lint, types, import contracts, tests

lint: $(DEV_READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV_READY)
	$(BIN)/mypy

imports: $(DEV_READY)
	$(BIN)/lint-imports --no-cache

samples: $(READY) ## write the samples to build/samples
	@$(BIN)/python -m samples.build

docs: $(DEV_READY) ## write the generated pages anew
	@$(BIN)/python -m docs.generate

requirements: $(READY) ## resolve the pinned requirements anew
	tools/lock

clean: ## remove what was built here (not the system packages)
	rm -rf $(VENV) .venv-swift .tools build dist
