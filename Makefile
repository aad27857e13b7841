# make bench PRESET=smoke              a first answer, half a minute of measuring behind the installing
# make bench   install what is missing, run the quick sweep, print its tables, write its run file and report
# make bench DEVICE=cuda               the same on an NVIDIA GPU, CUDA for JAX installed too; DEVICE=cuda,cpu for both
# make bench PRESET=libraries          our rows beside numba, SciPy, scikit-learn, torch, ..., installed too (gigabytes)
# make test    install what is missing, lint, check types, run the tests; make test-long runs those that take long as well
# make asv     asv's suite for HEAD in a virtualenv of its own, and its pages in .asv/html
# make asv-continuous BASE=main        is HEAD slower? by ratios, which hold on a noisy machine; BENCH=. for all
# make pytest-benchmark DEVICE=cpu     the same cases through pytest-benchmark, into .benchmarks/cpu.json
# make inspect TARGET=h100             what that GPU would run, compiled here without one (installs 250 MB into .aot)
# make readme  every command of README.md and docs/tutorial.md typed for real in a fresh clone (DOCS= for all pages: an hour)
# make matrix  the tests on the oldest and newest JAX and NumPy, each Python on PATH (ROWS='3.12-*'; an hour for all)
# make gpu-proof DEVICE=cuda BUDGET=480s   a GPU proved in minutes, into gpu-proof.tar.gz (docs/gpu.md); SMALL=1: a rehearsal
# make faults  what goes wrong, made to: plugins, files, signals, inputs, into results/published/faults.md (20 minutes)
# make proof   bias, false alarms and planted slowdowns on this machine, into results/published/proof.md (20 minutes)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEVICE ?= cpu
PRESET ?= quick

TARGET ?= h100
# CUDA's wheels are gigabytes: they are fetched only where a driver could use them, and elsewhere the run says why not.
EXTRA := $(if $(and $(findstring cuda,$(DEVICE)),$(wildcard /dev/nvidiactl /dev/dxg)),$(VENV)/.ready-cuda)
# Other people's libraries are fetched for the preset that runs them, and for no other.
EXTRA += $(if $(filter libraries,$(PRESET)),$(VENV)/.ready-libraries)

BUDGET ?= 480s
SMALL ?=

# On two cores, for one JAX.
BASE ?= main
BENCH ?= track_ratio

.PHONY: bench test test-long lint faults proof gpu-proof readme matrix clean inspect asv asv-continuous pytest-benchmark

bench: $(VENV)/.ready-bench $(EXTRA)
	$(BIN)/linregbench run --preset $(PRESET) --device $(DEVICE)

# Two at a time; those that measure for real are never beside each other (tests/conftest.py).
test: $(VENV)/.ready-test lint
	$(BIN)/python -m pytest -q -n 2 -m "not long"

test-long: $(VENV)/.ready-test $(VENV)/.ready-cluster lint
	$(BIN)/python -m pytest -q -n 2

faults: $(VENV)/.ready-test
	@rm -f .faults.jsonl
	LINREGBENCH_FAULTS=$(CURDIR)/.faults.jsonl $(BIN)/python -m pytest -q -n 2 tests/faults; status=$$?; \
	  $(BIN)/python tests/faults/publish.py .faults.jsonl && exit $$status

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

asv: $(VENV)/.ready-test
	@echo "asv: this takes minutes for HEAD; one benchmark alone: $(BIN)/asv run 'HEAD^!' --bench track_ratio"
	$(BIN)/asv machine --yes
	$(BIN)/asv run 'HEAD^!'
	$(BIN)/asv publish

asv-continuous: $(VENV)/.ready-test
	$(BIN)/asv machine --yes
	$(BIN)/asv continuous --interleave-rounds --bench '$(BENCH)' $(BASE) HEAD

pytest-benchmark: $(VENV)/.ready-test $(EXTRA)
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest -q tests/test_speed.py --benchmark-only -k $(DEVICE) --benchmark-json=.benchmarks/$(DEVICE).json

# A stamp is written only after everything is installed: a .venv without one was interrupted, and is made anew.
$(VENV)/.ready-bench: pyproject.toml
	@$(PYTHON) .ci/make_venv.py $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-test: pyproject.toml
	@$(PYTHON) .ci/make_venv.py $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.ready-bench

inspect: .aot/.ready
	$(BIN)/linregbench inspect --target $(TARGET)

# Beside the environment and not in it, so that no CPU run ever sees the plugin; its version must be jaxlib's own.
.aot/.ready: $(VENV)/.ready-bench
	@rm -rf .aot
	version=$$($(BIN)/python -c 'from importlib.metadata import version; print(version("jaxlib"))') && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .aot \
	  jax-cuda13-plugin==$$version jax-cuda13-pjrt==$$version nvidia-cuda-nvcc nvidia-nvvm
	@touch $@

$(VENV)/.ready-cuda: $(VENV)/.ready-bench
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cuda]'
	@touch $@

$(VENV)/.ready-cluster: $(VENV)/.ready-bench
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cluster]'
	@touch $@

$(VENV)/.ready-libraries: $(VENV)/.ready-bench
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[libraries]'
	@touch $@

# The harness measured by itself; leave the machine alone meanwhile.
proof: $(VENV)/.ready-bench
	$(BIN)/python tests/studies/proof.py

# Stages within a budget; what was finished is kept. An older gpu-proof is never written over.
gpu-proof: $(VENV)/.ready-bench $(EXTRA)
	$(BIN)/python tests/gpu/proof.py --device $(DEVICE) --budget $(BUDGET) $(if $(SMALL),--small)

DOCS ?= README.md tutorial.md

readme:
	$(PYTHON) tests/studies/walk.py $(DOCS)

# Interpreters by name or path, with blanks between them; those on PATH, if none is named. Rows by pattern, with commas.
MATRIX_PYTHONS ?=
ROWS ?=

matrix:
	$(PYTHON) tests/studies/matrix.py $(foreach python,$(MATRIX_PYTHONS),--python $(python)) $(if $(ROWS),--only '$(ROWS)')

clean:
	rm -rf $(VENV) build *.egg-info .asv .aot .matrix gpu-proof gpu-proof.tar.gz
