# make demo, make test: the two commands of the README. `make help` lists the others.

PYTHON ?= python3
VENV ?= .venv
TRAINING_VENV ?= .venv-training
CLIENT_ENDS ?= .venv-client-ends
PHOTOS ?=
CATALOG ?=
DATA ?= $(OOTD_DATA)
TRAIN_OPTIONS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready
TRAINING_READY := $(TRAINING_VENV)/.ready
# Each stands on those before it.
PACKAGES := $(addsuffix /pyproject.toml,clients/samples clients/python gateway clients/demo)
PIP_OPTIONS := --disable-pip-version-check --no-color
# Folders whose files import each other by their bare names, as programs and Triton's models do. Their
# types are checked folder by folder, since each has names that others have too.
SCRIPTS := $(sort $(dir $(wildcard make/*.py perf/*.py perf/*/*.py model_repository/*/1/*.py)))
# Tests import their helpers by bare names too, from tests/ and from their own folder. mypy takes one
# conftest.py beside helpers at a time: folders that have both are checked apart.
TESTS_APART := tests/triton tests/unit/client tests/unit/gateway
TEST_HELPERS := tests:tests/contract:tests/faults:model_repository/select/1:model_repository/verify/1
# The training packages have an environment of their own: torch and the embedded Triton need
# different versions of numpy.

.DEFAULT_GOAL := help
.PHONY: help demo test up lint format protos check-protos train train-quick test-training clean setup \
  test-client-ends wheels

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(READY) ## Photos in, pictures out: PHOTOS=folder CATALOG=folder-or-csv for your own
	$(BIN)/python -m ootd_demo $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(CATALOG),--catalog "$(CATALOG)")

test: $(READY) ## All tests but training's
	$(BIN)/python -m pytest tests

up: $(READY) ## Triton and the gateway in the foreground, data in ootd-data; Ctrl-C stops both
	OOTD_DATA_FOLDER="$${OOTD_DATA_FOLDER:-ootd-data}" $(BIN)/ootd-gateway

lint: $(READY) check-protos ## ruff, mypy --strict, buf, breaks of the contract, stubs up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy clients/samples/ootd_samples clients/python/ootd gateway/ootd_gateway gateway/ootd_index clients/demo/ootd_demo
	@set -e; for folder in $(SCRIPTS); do \
	  echo "mypy $$folder"; MYPYPATH=$$folder $(BIN)/mypy --no-error-summary $$folder*.py; done
	MYPYPATH=$(TEST_HELPERS) $(BIN)/mypy tests $(foreach folder,$(TESTS_APART),--exclude '^$(folder)/')
	@set -e; for folder in $(TESTS_APART); do \
	  echo "mypy $$folder"; MYPYPATH=tests:$$folder $(BIN)/mypy --no-error-summary $$folder; done
	$(if $(wildcard $(TRAINING_READY)),$(MAKE) lint-training,@echo "types of training: make lint-training")

.PHONY: lint-training
# The packages that training imports are checked by `make lint`, with the numpy that they run with.
lint-training: $(TRAINING_READY) ## mypy --strict over training, in its own environment
	$(TRAINING_VENV)/bin/mypy --follow-imports=silent training/ootd_training

format: $(READY) ## Format Python and protos
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/buf format -w

protos: $(READY) ## Generate the stubs from protos/
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/buf generate
	$(BIN)/python clients/python/derive_sync.py

check-protos: $(READY)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/buf lint
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/buf format --diff --exit-code
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python make/check_breaking.py
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && \
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/buf generate -o "$$out" 2>/dev/null && \
	diff -r --exclude=__pycache__ "$$out/clients/python/ootd/v1" clients/python/ootd/v1 || \
	{ echo "The generated stubs are not those of protos/; run: make protos" >&2; exit 1; }

train: $(TRAINING_READY) ## Train and release all models: DATA=folder with the labelled photos; resumes
	@test -n "$(DATA)" || { echo "Say where the labelled photos are: make train DATA=folder (training/README.md)" >&2; exit 1; }
	$(TRAINING_VENV)/bin/ootd-train all --data "$(DATA)" $(TRAIN_OPTIONS)

train-quick: $(TRAINING_READY) ## The same on a slice, in minutes; releases into training-runs/quick
	@test -n "$(DATA)" || { echo "Say where the labelled photos are: make train-quick DATA=folder" >&2; exit 1; }
	$(TRAINING_VENV)/bin/ootd-train all --data "$(DATA)" --quick $(TRAIN_OPTIONS)

test-client-ends: ## The client's tests with the oldest and the newest grpcio, protobuf and Python there is
	$(PYTHON) make/test_client_ends.py --folder "$(CLIENT_ENDS)" \
	  $(if $(OLDEST_PYTHON),--oldest-python "$(OLDEST_PYTHON)") $(if $(NEWEST_PYTHON),--newest-python "$(NEWEST_PYTHON)")

wheels: $(READY) ## Build the wheels of all packages but training into dist/
	@set -e; for package in $(PACKAGES); do \
	  (cd $$(dirname $$package) && $(abspath $(BIN))/hatchling build -t wheel -d "$(abspath dist)"); \
	done

test-training: $(TRAINING_READY) ## Training's tests, in an environment of their own
	$(TRAINING_VENV)/bin/python -m pytest training/tests

setup: $(READY) ## Only install, into $(VENV)

$(READY): constraints.txt protos/requirements.txt $(PACKAGES)
	@$(PYTHON) make/check_machine.py
	@echo "Setting up $(VENV): about 1.2 GB to fetch the first time, a few minutes ..."
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python make/provide_libpython.py
	$(BIN)/pip install $(PIP_OPTIONS) -c constraints.txt \
	  -e clients/samples -e "clients/python[cli,draw,heic,samples]" \
	  -e "gateway[embedded-lean,development]" -e clients/demo
	$(BIN)/python -m ootd_gateway.embedded.fetch
	$(BIN)/pip install $(PIP_OPTIONS) --quiet --upgrade --no-deps --target $(VENV)/protoc \
	  -r protos/requirements.txt
	@touch $@

$(TRAINING_READY): training/constraints.txt training/pyproject.toml
	@$(PYTHON) make/check_machine.py
	@echo "Setting up $(TRAINING_VENV) with PyTorch ..."
	$(PYTHON) -m venv $(TRAINING_VENV)
	$(TRAINING_VENV)/bin/pip install $(PIP_OPTIONS) -c training/constraints.txt \
	  -e clients/samples -e clients/python -e "training[test]"
	@touch $@

clean: ## Remove what was set up and written
	rm -rf $(VENV) $(TRAINING_VENV) $(CLIENT_ENDS) demo-output build dist .mypy_cache .pytest_cache .ruff_cache
