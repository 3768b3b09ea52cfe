# One place for everything you can ask of this repository. `make` alone lists it.
#
#   PYTHON=/path/to/python3.12 make setup     choose the interpreter (default: the first of python3, python3.14 ... that is 3.11-3.14)
#   make demo ONCE=1                          play the story once and end

.DEFAULT_GOAL := help
.PHONY: help setup demo test campaign check format bench lock clean
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## create .venv with everything the lock names (again only when the lock or pyproject.toml changed)

demo: $(STAMP) ## run the platform on embedded engines and play a short story (ONCE=1: end afterwards)
	$(BIN)/linli demo $(if $(filter-out 0 no false,$(ONCE)),--once)

test: $(STAMP) ## all tests, on the real engines
	$(BIN)/python -m pytest $(ARGS)

campaign: $(STAMP) ## kill writers ROUNDS times (20), make up HISTORIES (5000) of vendors, and look for what went wrong
	ROUNDS=$(or $(ROUNDS),20) NEVER_EXPOSED=$(or $(HISTORIES),5000) $(BIN)/python -m pytest -q \
	    tests/adapters/test_ledger_faults.py tests/domain/admission/test_never_exposed.py $(ARGS)

check: $(STAMP) ## format, lint, types (two checkers), import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(STAMP) ## put the code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(STAMP) ## how fast: prints the table, writes benchmarks/latest.json
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(STAMP) ## choose the newest versions again and write requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade --generate-hashes \
	    --no-build --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock

clean: ## remove what the tools left behind; keeps .venv and the data in var/
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks .coverage build *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -exec rm -rf {} +

# The interpreter is looked for only when there is something to install. Debian ships python3 without the part that puts
# pip into a new environment; a pip that is installed for the whole machine then does it from outside.
$(STAMP): requirements.lock pyproject.toml
	@set -eu; \
	if [ "$$(uname -s)" != Linux ]; then echo "The embedded engines are locked for Linux only (x86-64, ARM)." >&2; exit 1; fi; \
	python=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "linli needs Python 3.11, 3.12, 3.13 or 3.14$(if $(PYTHON), (PYTHON=$(PYTHON) is none of them)). Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
	    echo "需要 Python 3.11 至 3.14。" >&2; \
	    exit 1; \
	fi; \
	if ! [ -x $(BIN)/python ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    echo "Creating $(VENV) with $$("$$python" --version) ..."; \
	    if "$$python" -c 'import ensurepip' 2>/dev/null; then "$$python" -m venv --clear $(VENV); \
	    elif "$$python" -m pip --version >/dev/null 2>&1; then \
	        "$$python" -m venv --clear --without-pip $(VENV); \
	        "$$python" -m pip --python $(BIN)/python install --disable-pip-version-check --quiet pip; \
	    else \
	        echo "This Python can neither make an environment nor install a package: apt-get install python3-venv" >&2; \
	        exit 1; \
	    fi; \
	fi
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
