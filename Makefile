# `make demo` and `make test` start from a bare clone and do all the set-up they need.
.DEFAULT_GOAL := help
.PHONY: help setup lock lint test test-vm demo bench golden clean
CONFIGURATION ?= 1
# Hundreds of Python processes start here. Where the environment forbids bytecode, as many containers do, each would compile anew all
# that it imports, which takes longer than most of them run.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/bytecode
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo build/uv/bin/uv)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## The environment in .venv; a second run ends at once
	@tools/setup

demo: setup ## A lab of emulated devices, planned, applied, drifted, mended (CONFIGURATION=1 or 2)
	@tools/demo $(CONFIGURATION)

test: setup ## Everything: form, types, reference sites, the whole suite with coverage
	@tools/test

test-vm: setup ## The roles on virtual machines, which take their time under emulation (40 minutes at most)
	@tools/test-vm

lint: setup ## Form and types alone
	@tools/lint

bench: setup ## The measured claims, each against its peer; fills benchmarks/RESULTS.md
	@.venv/bin/python benchmarks/run.py

golden: setup ## Refresh the golden files; read the git diff afterwards
	@for site in configuration-1 configuration-2; do .venv/bin/infra-kit render inventory/$$site --out tests/golden/$$site; done

lock: setup ## Choose the newest allowed version of every package again
	$(UV) pip compile pyproject.toml --all-extras --group dev --group judges --python-version 3.11 --universal --generate-hashes \
	    --no-emit-index-url --no-header --upgrade --output-file requirements.lock --quiet

clean: ## Remove what the other targets made
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .coverage .coverage.*
