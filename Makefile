# `make help` lists the targets. PYTHON=python3.12 chooses the interpreter that .venv is made from.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest --durations=20 --budgets

# The pages of profiles that rank their stacks, and what they show of a run that has it.
RANKED := servers clients pitfalls validation
SHOWN := answer,ranking,capacity,stacks,footnotes

.DEFAULT_GOAL := help
.PHONY: help setup bench smoke selftest bench-generator regress calibrate servers clients pitfalls \
	validation httpx test test-all test-rest check compare reference lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

# Installed once; again only when the lock file changes. The stamp comes last, so a broken install is redone.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: make PYTHON=/path/to/a/newer/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo "$(PYTHON) cannot make virtual environments: install Debian's python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

setup: $(READY) ## create .venv from requirements.lock

bench: $(READY) ## measure the default profile (about 15 minutes), then draw the report
	$(BIN)/python -m bench run

smoke: $(READY) ## a first short result of both frameworks (under a minute)
	$(BIN)/python -m bench run --profile smoke

selftest: $(READY) ## what this machine can measure (a minute)
	$(BIN)/python -m bench selftest

bench-generator: $(READY) ## the cost of the load generator, compared with FastHttpUser and wrk
	$(BIN)/python -m tests.speed.generator

regress: $(READY) ## did the working tree make the services slower than BASE (default: main)? 9 to 18 minutes
	$(BIN)/python -m bench ab --base $(or $(BASE),main) $(if $(HEAD),--head $(HEAD))

calibrate: $(READY) ## run more sessions of the gate (default: SESSIONS="none:0 cpu:10"), then write docs/calibration.md
	$(BIN)/python -m tests.calibration $(or $(SESSIONS),none:0 cpu:10)

servers: ## measure the services on every server (about 17 minutes), then write docs/servers.md
clients: ## measure the clients of the upstream (about 11 minutes), then write docs/clients.md
pitfalls: ## measure what articles warn of (about 19 minutes), then write docs/pitfalls.md
validation: ## measure who validates (about 8 minutes), then write docs/validation.md
$(RANKED): $(READY)
	$(BIN)/python -m examples.measured $@
	$(BIN)/python compare.py report results/reference/$@ --embed docs/$@.md --sections $(SHOWN) --no-charts

httpx: $(READY) ## measure six HTTP clients in the FastAPI service (about 15 minutes), then write docs/httpx.md
	$(BIN)/python -m examples.clients measure

# First what any machine shows, in parallel; then what only a quiet one does, one after another. Hundreds of programs
# are started: none should have to compile the modules that another has compiled.
test test-rest: export PYTHONDONTWRITEBYTECODE =
test: $(READY) ## the tests that every change must pass (about 4 minutes on two cores)
	$(PYTEST) -n auto -m "not live and not slow and not by_hand"
	$(PYTEST) -m "live and not slow and not by_hand" tests/e2e

test-all: test test-rest ## all tests (about 15 minutes, on an idle machine)

# What test-all adds to test.
test-rest: $(READY)
	$(PYTEST) -n auto -m "slow and not live"
	$(PYTEST) -m "slow and live"

check: $(READY) ## ruff, format, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

compare: $(READY) ## draw the report of the newest run, or RUN=results/...; or compare BASE= with HEAD=
	$(BIN)/python compare.py $(if $(BASE),diff $(BASE) $(HEAD),report $(RUN))

reference: $(READY) ## redraw results/reference, and the figures in README and docs that come from it
	$(BIN)/python compare.py report results/reference --embed README.md
	$(BIN)/python compare.py report results/reference/omission --embed docs/method.md
	for page in $(RANKED); do $(BIN)/python compare.py report results/reference/$$page \
		--embed docs/$$page.md --sections $(SHOWN) --no-charts || exit 1; done
	$(BIN)/python -m tests.calibration
	$(BIN)/python -m examples.clients
	$(BIN)/python -m tests.docs.exports
	$(BIN)/python -m tests.instructions

lock: ## pin the newest versions that pyproject.toml allows into requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --upgrade --quiet --output-file requirements.lock

clean: ## delete .venv, caches and every run but results/reference
	rm -rf $(VENV) tests/browser/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find results -mindepth 1 -maxdepth 1 ! -name reference -exec rm -rf {} +
