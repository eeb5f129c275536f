# make demo   trains Instant-NGP on the embedded scene and ends with a picture (first time about 5 minutes on 2 cores)
# make test   lint and the whole test suite                                    (first time about 10 minutes)
# make lint   ruff alone
# make clean  removes the virtual environment and caches; runs (logs/) stay
# Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One process for each core; a file goes to one of them (see tests/helpers/parallel.py).
PARALLEL := -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: demo test lint clean check

# --resume: a second call continues an interrupted run, or shows the finished one again.
demo: $(VENV)/installed
	$(BIN)/python tools/run_net.py --config-file projects/ngp/configs/ngp_embedded.py --task train --resume
	@echo "Pictures (prediction | truth | error, depth, opacity): $$(ls -d logs/ngp_embedded/test)"

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/python -m jnerf.doctor --compile
	$(BIN)/python -m pytest $(PARALLEL)

lint: $(VENV)/installed-test
	$(BIN)/ruff check .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# Says in one sentence what a bare machine lacks, before anything long begins.
check:
	@command -v g++ >/dev/null || [ -n "$$cc_path" ] || \
		{ echo "g++ is missing: jnerf compiles its kernels. Run: apt-get install g++" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is missing. Run: apt-get install python3 python3-venv python3-dev" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || \
		{ echo "$$($(PYTHON) --version) does not fit, jnerf needs 3.10 to 3.12. Run: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment. Run: apt-get install python3-venv" >&2; exit 1; }

# An environment that is there already is kept, and only completed.
$(VENV)/bin/python: | check
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-test: setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@
