# Works on a fresh machine with Python 3.11 or later and make; everything else is fetched once and kept.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# tflite-runtime has no wheel for later versions.
PYTHON311 ?= $(shell python3.11 -c 'import sys; print(sys.executable)' 2>/dev/null)

VENV := .venv
TFLITE_VENV := .venv-tflite
QUANTIZE_VENV ?= .venv-quantize
BIN := $(VENV)/bin
PIP_INSTALL := install --quiet --disable-pip-version-check --no-input
WORK := build

.PHONY: help demo test lint bench lock docs coverage clean environments
.PHONY: browser bench-face deb wheelhouse test-install test-systemd test-soak-bands test-alarms-long test-alarms-mutants test-suite test-tflite-runtime test-wheel test-train test-picamera2 test-home-assistant test-vm test-arm64 lint-systemd chaos power-cuts soak soak-wall soak-writes kills fuzz audit

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## play the three-minute scene through the true daemon
	$(BIN)/anodyne demo

test: ## all tests, under both inference runtimes where both install
	@if [ -n "$(PYTHON311)" ]; then $(MAKE) --no-print-directory test-tflite-runtime; \
	else echo "SKIPPED: the model tests under tflite-runtime (its last wheels are for Python 3.11, which is not here)"; fi
	@$(MAKE) --no-print-directory test-suite

# Three at a time on two cores: much of the suite waits for devices. A file stays together, as some of its tests share a
# peer; in their own order, since the files with the fewest tests are the longest ones.
test-suite: $(VENV)/.ready ## the tests under the first runtime, with the reason of every skip
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-tflite-runtime: $(TFLITE_VENV)/.ready ## the model tests under tflite-runtime, numpy 1, OpenCV 4.11
	ANODYNE_RUNTIME=tflite-runtime $(TFLITE_VENV)/bin/pytest -m models -n 2 --dist loadfile -p no:cacheprovider

lint: $(VENV)/.ready lint-systemd ## ruff, mypy, systemd
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-systemd: ## the unit is right, and its exposure at most 2.0; the scripts pass shellcheck where it is installed
	systemd/check

bench: $(VENV)/.bench ## every figure, side by side with its peer, one JSON line each
	$(BIN)/anodyne bench --json
	$(BIN)/python -m tests.bench.bands
	$(BIN)/python -m tests.bench.start
	@$(MAKE) --no-print-directory bench-face

bench-face: $(VENV)/.ready ## the face path beside YOLOv8n and MediaPipe, one core, one run (peers are made once in build)
	@$(MAKE) --no-print-directory $(WORK)/peers/.ready
	$(BIN)/python -m tests.bench.face $(WORK)/peers

# Peers are for timing only: a graph with random weights, and the float files of a published wheel. What cannot be had
# is skipped with a word.
$(WORK)/peers/.ready: tests/bench/yolov8n.py
	@mkdir -p $(WORK)/peers
	-@$(MAKE) --no-print-directory $(QUANTIZE_VENV)/.ready && \
	  $(QUANTIZE_VENV)/bin/python -m tests.bench.yolov8n $(WORK)/peers >$(WORK)/peers/yolov8n.log 2>&1
	-@$(BIN)/python -m pip download $(subst install ,,$(PIP_INSTALL)) --no-deps --only-binary=:all: \
	  --python-version 3.11 --platform manylinux_2_28_x86_64 -d $(WORK)/peers mediapipe==0.10.21
	@if ls $(WORK)/peers/yolov8n_int8.tflite $(WORK)/peers/mediapipe-*.whl >/dev/null 2>&1; then touch $@; fi # else tried again

test-soak-bands: $(VENV)/.ready ## 10,000 lost Bluetooth links in a row (half an hour): nothing stays behind
	$(BIN)/python -m tests.bench.storm 10000

test-alarms-long: $(VENV)/.ready ## 10,000 simulated hours of random alarms: every invariant holds
	$(BIN)/python -m tests.alarm.long 10000

KILLS ?= 1000
kills: $(VENV)/.ready ## SIGKILL of the whole daemon at KILLS random points: no alert lost, every alarm as it stood
	$(BIN)/python -m tests.daemon.kills $(KILLS)
	ANODYNE_EVERY_OPERATION=1 $(BIN)/pytest --quiet tests/bundles/test_killed.py

chaos: $(VENV)/.ready ## KILLS random kills and outages of boxes, broker and stations: no alert lost, none shown twice
	$(BIN)/python -m tests.publish.chaos $(KILLS)

STEPS ?= 1500
power-cuts: $(VENV)/.ready ## cut the power at every single write of box and station (STEPS long): nothing promised is lost
	$(BIN)/python -m tests.power.cuts $(STEPS) every

HOURS ?= 72
soak: $(VENV)/.ready ## HOURS of virtual time with random faults: nothing grows, little is written; picture in build/soak
	$(BIN)/python -m tests.soak hours $(HOURS) $(WORK)/soak

MINUTES ?= 60
soak-wall: $(VENV)/.ready ## the same for MINUTES of real time, with a camera's pictures
	$(BIN)/python -m tests.soak minutes $(MINUTES) $(WORK)/soak

soak-writes: $(VENV)/.ready ## bytes that a box writes in a day at 0, 10, 60 and 120 alarm transitions an hour
	$(BIN)/python -m tests.soak.writes $(WORK)/soak

INPUTS ?= 100000
fuzz: $(VENV)/.ready ## INPUTS damaged inputs for every reader of what comes from outside: none crashes
	$(BIN)/python -m tests.fuzz.long $(INPUTS)

test-alarms-mutants: $(VENV)/.ready ## break each invariant of the alarms on purpose: its check has to fail
	$(BIN)/python -m tests.alarm.mutants

coverage: $(VENV)/.ready ## line and branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --sort=cover

docs: $(VENV)/.ready ## rewrite the pages that are made from the code
	$(BIN)/anodyne config docs > docs/configuration.md
	$(BIN)/python -m edge.publish.contract docs
	$(BIN)/python -m edge.alarm.pages docs/alarms.md
	$(BIN)/python -m tests.docs.architecture docs/architecture.svg

test-wheel: $(VENV)/.ready ## build the wheel, install it alone, run the demo from it
	tests/wheel.sh $(BIN)/python $(WORK)

audit: $(VENV)/.ready ## the box's bill of materials (CycloneDX), and published advisories on what is locked
	@tests/audit.sh $(BIN)/python $(WORK)

environments: $(VENV)/.ready $(if $(shell command -v chromium),$(VENV)/.browser) $(if $(PYTHON311),$(TFLITE_VENV)/.ready) ## what the tests need

test-train: ## a short form of every training job, end to end (needs the shared data folder)
	@if [ -d "$${ANODYNE_SHARED:-../shared}" ]; then \
	  $(MAKE) --no-print-directory $(QUANTIZE_VENV)/.ready && tests/train.sh $(QUANTIZE_VENV)/bin/python $(WORK); \
	else echo "SKIPPED: training (no shared data folder: set ANODYNE_SHARED to it)"; fi

browser: $(VENV)/.ready ## the station's and the home page in a real Chromium; pictures in build/browser (apt: chromium)
	@command -v chromium >/dev/null || { echo "SKIPPED: no chromium on the PATH (Debian: apt install chromium)"; exit 0; }; \
	$(MAKE) --no-print-directory $(VENV)/.browser && mkdir -p $(WORK)/browser && \
	ANODYNE_SHOTS=$(WORK)/browser $(BIN)/pytest tests/station/test_page.py tests/station/test_home_page.py

ARCH ?= $(shell uname -m)
PYTHONS ?= 3.11 3.13
WHEELHOUSE ?= $(WORK)/wheelhouse-$(ARCH)
wheelhouse: $(VENV)/.ready ## all wheels of a box, for an install without a network: ARCH=aarch64 or x86_64, PYTHONS="3.11 3.13"
	systemd/wheelhouse.sh $(ARCH) $(WHEELHOUSE) $(BIN)/python $(PYTHONS)

deb: ## a Debian package of that wheelhouse, in build
	@ls $(WHEELHOUSE)/anodyne-*.whl >/dev/null 2>&1 || $(MAKE) --no-print-directory wheelhouse
	systemd/deb.sh $(WHEELHOUSE) $(WORK) $(ARCH)

test-install: $(VENV)/.ready ## install, upgrade and uninstall the real packages below a folder, offline (needs to be root)
	@ls $(WORK)/wheelhouse-$$(uname -m)/anodyne-*.whl >/dev/null 2>&1 || \
	  $(MAKE) --no-print-directory wheelhouse ARCH=$$(uname -m) PYTHONS="$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
	systemd/test-install $(BIN)/python $(WORK)

test-systemd: $(VENV)/.ready ## the installed unit under a real systemd: a hang, the watchdog, safe mode (needs to be root)
	@ls $(WORK)/wheelhouse-$$(uname -m)/anodyne-*.whl >/dev/null 2>&1 || \
	  $(MAKE) --no-print-directory wheelhouse ARCH=$$(uname -m) PYTHONS="$$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
	tests/systemd/run.sh $(BIN)/python $(WORK)

test-picamera2: ## the Raspberry Pi camera driver on the real picamera2, in a Debian 13 root (needs to be root)
	tests/picamera2/run.sh $(WORK)

test-home-assistant: $(VENV)/.ready ## what a real Home Assistant shows of a bed, and its buttons, in a Debian 13 root (needs to be root)
	tests/home_assistant/run.sh $(BIN)/python $(WORK)

test-vm: ## cameras and Bluetooth on a real kernel, in a virtual machine (to be built once as root; x86-64)
	tests/vm/run.sh $(WORK)

test-arm64: $(VENV)/.ready ## the box on Debian for 64-bit Arm under QEMU: install, doctor, networks, demonstration (needs to be root; x86-64)
	@ls $(WORK)/wheelhouse-aarch64/anodyne-*.whl >/dev/null 2>&1 || $(MAKE) --no-print-directory wheelhouse ARCH=aarch64
	tests/arm64/run.sh $(BIN)/python $(WORK)

lock: ## resolve the exact packages anew (needs uv)
	tests/lock.sh

clean: ## remove what was made here
	rm -rf $(WORK) dist .venv .venv-tflite .venv-quantize .cache .pytest_cache .mypy_cache .ruff_cache .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip $(PIP_INSTALL) --require-hashes -r requirements.lock
	$(BIN)/python -m pip $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.browser: $(VENV)/.ready
	$(BIN)/python -m pip $(PIP_INSTALL) 'playwright>=1.50,<2'
	@touch $@

# What figures are measured beside is large and serves nothing else.
$(VENV)/.bench: $(VENV)/.ready tests/requirements-bench.lock
	$(BIN)/python -m pip $(PIP_INSTALL) --require-hashes -r tests/requirements-bench.lock
	@touch $@

$(TFLITE_VENV)/.ready: tests/requirements-tflite.lock pyproject.toml
	@test -n "$(PYTHON311)" || { echo "Python 3.11 is needed: tflite-runtime has no later wheels" >&2; exit 1; }
	test -x $(TFLITE_VENV)/bin/python || $(PYTHON311) -m venv $(TFLITE_VENV)
	$(TFLITE_VENV)/bin/python -m pip $(PIP_INSTALL) --require-hashes -r tests/requirements-tflite.lock
	$(TFLITE_VENV)/bin/python -m pip $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(QUANTIZE_VENV)/.ready: quantize/requirements.lock
	test -x $(QUANTIZE_VENV)/bin/python || $(PYTHON) -m venv $(QUANTIZE_VENV)
	$(QUANTIZE_VENV)/bin/python -m pip $(PIP_INSTALL) -r quantize/requirements.lock
	@touch $@
