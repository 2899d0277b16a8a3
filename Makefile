# make demo    the chain on the bundled filter, from a fresh clone and Python 3.11 or newer
# make test    lint, types, layers, the whole default suite (needs what `make demo` needs, plus the test extras)
# make slow    the longer statistical and large-file tests
# make bench   the benchmarks of benchmarks/, ratios measured in one run
# make lowest  the suite on the wheel with every dependency at its stated lower bound
# make structures   rebuild the idealised filters of structures/
# make manual  the pages of docs/ as a web site, warnings are errors: .cache/manual/html/index.html
# make docs    rebuild the tables, transcripts and pictures that docs/ and README.md quote

SHELL := bash
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
WORKERS ?= 2

# One thread per process: the tests run in several processes, and thread pools only get in each other's way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Numba recompiles a kernel when its own file changes, not when a kernel that it calls does; so the compiled code of one state
# of the kernels is kept apart from that of another.
KERNELS := $(shell grep -rl --include=*.py numba selectivity | LC_ALL=C sort)
export NUMBA_CACHE_DIR ?= $(CURDIR)/.cache/numba-$(firstword $(shell cat $(KERNELS) /dev/null | cksum))

.PHONY: demo test lint slow bench lowest structures docs manual clean
.DEFAULT_GOAL := demo

demo: .venv/installed
	$(BIN)/selectivity score structures/kcsa_like.pdb

test: .venv/installed-test lint
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy

# pytest's exit code 5, "no test selected", is a true answer while nothing is marked slow.
slow: .venv/installed-test
	@mkdir -p .cache; $(BIN)/python -m pytest -q -m slow --collect-only tests >.cache/slow.txt 2>&1; code=$$?; \
	if [ $$code -eq 5 ]; then echo "no test is marked slow"; \
	elif [ $$code -ne 0 ]; then cat .cache/slow.txt; exit $$code; \
	else $(BIN)/python -m pytest -q -m slow -n $(WORKERS) tests; fi

bench: .venv/installed-test
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

structures: .venv/installed
	$(BIN)/python -c 'from selectivity.structure.ideal import write_structures; write_structures("structures")'

docs: .venv/installed-test
	@set -e; for script in docs/make_*.py; do echo "== $$script"; $(BIN)/python $$script; done

manual: .venv/installed-docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d .cache/manual/doctrees -c docs . .cache/manual/html
	@echo .cache/manual/html/index.html

# The wheel with every dependency at its lower bound, in an environment of its own; `pytest` as a program, so that the tests
# import the wheel and not the sources beside them.
lowest: pyproject.toml
	$(MAKE) -s .python
	rm -rf .cache/lowest && mkdir -p .cache
	$(PYTHON) -m venv .cache/lowest
	$(PYTHON) -c 'import tomllib; \
	    [print(d.replace(">=", "==")) for d in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]]' \
	    > .cache/lowest/bounds.txt
	.cache/lowest/bin/python -m pip install -q --disable-pip-version-check -c .cache/lowest/bounds.txt '.[test]'
	cat .cache/lowest/bounds.txt
	cd .cache/lowest && NUMBA_CACHE_DIR=$$PWD/numba bin/selectivity score ../../structures/kcsa_like.pdb
	NUMBA_CACHE_DIR=$$PWD/.cache/lowest/numba .cache/lowest/bin/pytest -q -n $(WORKERS) tests --ignore-glob='tests/test_house_*'

.venv/bin/python:
	$(MAKE) -s .python
	$(PYTHON) -m venv .venv

# Editable: what is tested, run and read is one and the same set of files.
.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@mkdir -p .cache && touch $@

.venv/installed-test: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	@mkdir -p .cache && touch .venv/installed $@

.venv/installed-docs: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[docs]'
	@mkdir -p .cache && touch .venv/installed $@

.PHONY: .python
.python:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "no Python 3.11 or newer found: install one, or name it with 'make demo PYTHON=/path/to/python3'" >&2; exit 1; fi

clean:
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist selectivity.egg-info
