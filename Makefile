# What one can do here. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
# Two processes: which tests go together, tests/conftest.py says. Files begin in the order of their names, not of how
# many tests they have: the longest have few.
IN_TWO := -n 2 --dist loadfile --no-loadscope-reorder
LOCK_OPTIONS := --quiet --no-header --strip-extras --allow-unsafe --generate-hashes --upgrade \
	--no-emit-find-links --no-emit-index-url --no-emit-trusted-host

.DEFAULT_GOAL := help

.PHONY: help setup setup-dev setup-servers demo run test contract case-system wheels offline dependency-audit faults flood kills hostile bench bench-search lint format lock clean bench-office

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.setup ## environment in .venv with `edossier` in it, OCR models checked by hash

demo: setup ## the main job on an invented dossier, then the web page until stopped
	$(BIN)/edossier demo

run: setup ## watch data/inbox, read, index and serve until stopped
	$(BIN)/edossier run

test: setup-dev setup-servers ## what the tests need, and the tests
	$(BIN)/python -m pytest $(IN_TWO) -m "not browser" tests/unit tests/web
	$(BIN)/python -m pytest $(IN_TWO) -m browser tests/unit tests/web
	$(BIN)/python -m pytest $(IN_TWO) --ignore tests/unit --ignore tests/web

contract: setup-dev ## the contract of the API, with many examples a route (about ten minutes)
	EDOSSIER_TEST_EXAMPLES=200 $(BIN)/python -m pytest -q tests/web/test_contract.py --timeout 600

case-system: setup-dev ## a case system's night: 1,000 cases, 200 files, the office killed 40 times in between
	EDOSSIER_TEST_CASES=1000 EDOSSIER_TEST_FILES=200 EDOSSIER_TEST_KILLS=40 $(BIN)/python -m pytest -q -s tests/faults/test_recorded_cases.py

hostile: setup-dev ## every hostile file, drawings of size A0, long fuzzing (about ten minutes)
	EDOSSIER_TEST_HOSTILE=1 EDOSSIER_TEST_FUZZ=5000 $(BIN)/python -m pytest -q -rP -n 2 tests/hostile

faults: setup-dev ## what takes longer of the tests that let disk, machine and files fail
	EDOSSIER_TEST_CALLS=60 $(BIN)/python -m pytest -q -n 2 tests/faults/test_crash.py tests/faults/test_catalogue_faults.py --timeout 1800
	EDOSSIER_TEST_OBJECTS=20000 EDOSSIER_TEST_UPGRADE_KILLS=20 $(BIN)/python -m pytest -q tests/faults/test_fixity.py tests/faults/test_upgrades.py --timeout 1200
	EDOSSIER_TEST_OBJECTS=3000 $(BIN)/python -m pytest -q -s tests/faults/test_backup.py --timeout 1200

flood: setup-dev ## 100,000 files dropped at once, a volume of 5,000 pages, 40 volumes at once (about half an hour)
	EDOSSIER_TEST_FLOOD=100000 EDOSSIER_TEST_FLOOD_SECONDS=7200 $(BIN)/python -m pytest -q -s tests/faults/test_flood.py --timeout 7500
	EDOSSIER_TEST_VOLUME=5000 EDOSSIER_TEST_VOLUMES=40 EDOSSIER_TEST_VOLUME_PAGES=140 $(BIN)/python -m pytest -q -s tests/faults/test_big_volume.py --timeout 3600

kills: setup-dev ## 1,000 kills at random moments with recorded reading, and 20 with the real OCR
	EDOSSIER_TEST_RANDOM_KILLS=1000 EDOSSIER_TEST_RANDOM_PAGES=250 $(BIN)/python -m pytest -q -s tests/faults/test_random_kills.py
	EDOSSIER_TEST_OCR_KILLS=20 $(BIN)/python -m pytest -q -s tests/faults/test_kill.py

bench: setup-dev ## all measurements, beside other programs, with plots, to docs/benchmarks (about 70 minutes)
	bash bench/peers/install.sh
	$(BIN)/python -m bench

bench-search: setup-dev setup-servers ## all measurements of the search, with plots, to docs/benchmarks (builds an index of a million pages)
	$(BIN)/python -m bench.finding

bench-office: setup-dev ## how quickly an office of 100,000 pages is answered, with plots, to docs/benchmarks (about 10 minutes)
	$(BIN)/python -m bench.office

wheels: setup ## a folder with all that an installation without a network needs: build/bundle (about 700 MB)
	bash tools/bundle.sh $(BIN)/python build/bundle

offline: wheels ## install from build/bundle with the network cut, read a page there and find it
	PYTHON=$(PYTHON) bash tools/try_offline.sh build/bundle

dependency-audit: setup ## hashes, licences, and known vulnerabilities by ADVISORIES=folder of OSV files
	$(BIN)/python tools/dependency_audit.py $(if $(ADVISORIES),--advisories $(ADVISORIES))

lint: setup-dev ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docs/client/edossier_client.py
	$(BIN)/lint-imports

format: setup-dev ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and what the tests built
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(VENV)/.setup: requirements.lock pyproject.toml pipeline/models.py
	$(PYTHON) tools/check_python.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -c 'import cv2' 2>/dev/null || bash tools/system_packages.sh libgl1 libglib2.0-0
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pipeline.models install
	touch $@

setup-dev: $(VENV)/.setup-dev

setup-servers: ## veraPDF and Elasticsearch nodes for the tests, by Maven
	bash tests/verapdf/install.sh
	bash tests/engines/node/install.sh

$(VENV)/.setup-dev: $(VENV)/.setup requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock
	bash tools/system_packages.sh poppler-utils chromium fonts-noto-cjk fonts-arphic-ukai fonts-arphic-uming fonts-wqy-zenhei
	touch $@

lock: ## write the lock files anew from pyproject.toml
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet pip-tools
	build/lock/bin/pip-compile $(LOCK_OPTIONS) --extra build -o requirements.lock pyproject.toml
	build/lock/bin/pip-compile $(LOCK_OPTIONS) --extra build --extra dev -o requirements-dev.lock pyproject.toml
	$(PYTHON) tools/without_telemetry.py requirements.lock requirements-dev.lock
