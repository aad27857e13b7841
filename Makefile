# make bench   install what is missing, run the quick sweep, print its tables, write its run file and report
# make test    install what is missing, lint, check types, run the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEVICE ?= cpu
PRESET ?= quick

.PHONY: bench test lint clean

bench: $(VENV)/.ready-bench
	$(BIN)/linregbench run --preset $(PRESET) --device $(DEVICE)

test: $(VENV)/.ready-test lint
	$(BIN)/python -m pytest -q

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A stamp is written only after everything is installed: a .venv without one was interrupted, and is made anew.
$(VENV)/.ready-bench: pyproject.toml
	@$(PYTHON) .ci/make_venv.py $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-test: pyproject.toml
	@$(PYTHON) .ci/make_venv.py $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.ready-bench

clean:
	rm -rf $(VENV) build *.egg-info .asv
