# make demo   trains Instant-NGP on the embedded scene and ends with a picture (first time 3 to 4 minutes on 2 cores)
# make test   lint and the whole test suite                                    (first time about 10 minutes)
# make test-cuda  what a GPU can tell in six minutes: tests, sanitizer, every method, benchmarks; results in build/test_cuda
# make fuzz   damages inputs of every reader for ten minutes; SECONDS=3600 for an hour
# make lint   ruff alone
# make docs   the documentation, in English and Chinese, to build/site
# make clean  removes the virtual environments and caches; runs (logs/) stay
# Another Python: make demo PYTHON=python3.12     Another NumPy: NUMPY='numpy<2'     A part of the tests: TESTS=tests/ops

# The newest that is there and complete. If none is, `check` says what python3 lacks.
ifndef PYTHON
PYTHON := $(shell tools/newest_python.sh || echo python3)
endif
VENV ?= .venv
NUMPY ?= numpy
TESTS ?=
SECONDS ?= 600
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Without its dependencies, which setup.py names: they refuse NumPy 2, which jnerf makes work.
JITTOR := --no-deps jittor==1.3.11.0
# One process for each core; a file goes to one of them (see tests/helpers/parallel.py). One that dies ends the suite.
PARALLEL := -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

.PHONY: demo test test-cuda fuzz lint docs clean check

# --resume: a second call continues an interrupted run, or shows the finished one again.
demo: $(VENV)/installed
	$(BIN)/python -m jnerf train ngp_embedded --resume
	@echo "Pictures (prediction | truth | error, depth, opacity): $$(ls -d logs/ngp_embedded/test)"

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/python -m jnerf.doctor --compile
	$(BIN)/python -m pytest $(PARALLEL) $(TESTS)

test-cuda: $(VENV)/installed-test
	$(BIN)/python tools/test_cuda.py

# What breaks a reader lies in build/fuzz afterwards, and the command fails.
fuzz: $(VENV)/installed-test
	$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check .

# Any warning is an error; the variable silences an advertisement, which Material prints as one.
docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "The documentation: build/site/index.html"

clean:
	rm -rf $(VENV) .venv-* build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# Says in one sentence what a bare machine lacks, before anything long begins.
check:
	@command -v g++ >/dev/null || command -v $$(uname -m)-conda-linux-gnu-g++ >/dev/null || [ -n "$$cc_path" ] || \
		{ echo "g++ is missing: jnerf compiles its kernels (clang++ does not compile Jittor). Run: apt-get install g++" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is missing. Run: apt-get install python3 python3-venv python3-dev" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "$$($(PYTHON) --version) does not fit, jnerf needs 3.10 or newer. Name one: make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment. Run: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import os, sysconfig; os.stat(os.path.join(sysconfig.get_paths()["include"], "Python.h"))' 2>/dev/null || \
		{ echo "$(PYTHON) has no Python.h, which Jittor needs. Run: apt-get install python3-dev" >&2; exit 1; }

# An environment that is there already is kept, and only completed.
$(VENV)/bin/python: | check
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.py | $(VENV)/bin/python
	$(PIP) -e . '$(NUMPY)'
	$(PIP) $(JITTOR)
	@touch $@

$(VENV)/installed-test: setup.py | $(VENV)/bin/python
	$(PIP) -e '.[test]' '$(NUMPY)'
	$(PIP) $(JITTOR)
	@touch $@

$(VENV)/installed-docs: setup.py | $(VENV)/bin/python
	$(PIP) -e '.[docs]' '$(NUMPY)'
	@touch $@
