# Everything one does with Safar. The first target to run sets up .venv; nothing else is needed beforehand but
# Python 3.11 or newer. `make run` starts, `make test` tests; `make help` lists the rest.

PYTHON ?= python3
PYTEST_WORKERS ?= 3
SEEDS ?= 1000:11000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Where this is set, each of the many processes of a run would compile all sources anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test soak chaos check format bench build lock screenshots browser clean
.DEFAULT_GOAL := help

help:
	@echo "make run     set up and start everything on http://localhost:3000 (SAFAR_PORT moves it)"
	@echo "make test    set up and run all tests, a real browser included (in PYTEST_WORKERS=3 processes; 0: in one)"
	@echo "make soak    simulate many more hostile worlds than the tests do (SEEDS=1000:11000)"
	@echo "make chaos   kill workers and crash PostgreSQL under 20,000 enrolments"
	@echo "make check   ruff, mypy, import floors: what CI runs first"
	@echo "make bench   measure, each figure beside its reference"
	@echo "make build   build the front end"
	@echo "make format  let ruff format the code"
	@echo "make screenshots  take the pictures of docs/screenshots anew"
	@echo "make lock    renew requirements.lock after a change of dependencies"

run: $(INSTALLED)
	@$(BIN)/safar up

test: $(INSTALLED) browser
	$(BIN)/python -m pytest --numprocesses $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder

soak: $(INSTALLED)
	SEEDS=$(SEEDS) $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --timeout 0 tests/simulation

chaos: $(INSTALLED)
	CHAOS=whole $(BIN)/python -m pytest -n0 -s tests/chaos

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python -m bench

build: $(INSTALLED)
	$(BIN)/safar build

# The lock pins every package by version and hash, for every platform; setuptools builds Safar itself.
$(INSTALLED): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Safar needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; \
		else \
			echo "This Python has no venv. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
		fi
	$(PYTHON) -m venv $(VENV)

browser:
	@command -v chromium >/dev/null || \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
		else \
			echo "The browser tests need chromium. On Debian: sudo apt-get install chromium" >&2; exit 1; \
		fi

screenshots: $(INSTALLED) browser
	$(BIN)/python -m docs.take_screenshots

lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet uv
	printf 'setuptools>=77\n' | $(BIN)/uv pip compile pyproject.toml - --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
		--output-file requirements.lock

clean:
	rm -rf $(VENV) .web .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist *.egg-info
