# The front door. `make` alone prints this help.
SHELL := /bin/sh
# Every path below is the checkout's, so it is where make must be (a Makefile of another folder is not followed there).
ifeq ($(filter Makefile ./Makefile,$(lastword $(MAKEFILE_LIST))),)
$(error Call it as `make -C FOLDER`, with the folder of this Makefile, or in that folder)
endif
# What a shell says to every Python is meant for other programs: where modules are, that asserts are left out.
unexport $(filter-out PYTHON PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED,$(filter PYTHON% MYPY% RUFF_%,$(.VARIABLES)))
PY := .venv/bin/python
.DEFAULT_GOAL := help

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make what is missing: .venv, connector jars, compiled functions (the other targets do it too)
	@sh local/setup/setup.sh

demo: setup ## unicorns through Kinesis and Flink into rows, on this machine; Ctrl-C ends it and checks every row
	@$(PY) -m local demo $(ARGS)

# Three at a time, though there may be two cores, as most of a test's time is waiting; a file's tests share what they
# start. In the order of tests/conftest.py: a file of one test may be the longest. With compiled modules, also where a
# shell says that no program should keep them: all workers import all tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test: setup ## run every test
	@$(PYTEST) $(ARGS)

quick: setup ## run the tests that start neither Flink nor a browser, without the slow ones: no package, no page is built
	@$(PYTEST) -m "not faults and not flink and not chromium and not slow" $(ARGS)

faults: setup ## break things while data flows, and account for every record; ARGS=--unprotected shows that each case can fail
	@$(PY) -m pytest -m faults -n 2 tests/faults $(ARGS)

bench: setup ## measure: the job beside other programs and all the rest, in 40 minutes on 2 quiet cores; BENCHMARKS=... names some
	@$(PY) -m benchmarks --peers $(BENCHMARKS) $(ARGS)

bench-quick: setup ## the same with small sizes, in 3 minutes: checks that all results are equal
	@$(PY) -m benchmarks --quick $(BENCHMARKS) $(ARGS)

package: setup ## the zip for Amazon Managed Flink: sources and one jar, checked; JOB=... names another job than the unicorns'
	@$(PY) -m deploy package $(or $(JOB),unicorn_summary) $(ARGS)

page: setup ## build the dashboard's page again, dashboard/dist, with Node from PyPI
	@$(PY) -m dashboard.build build

lint: setup ## ruff, mypy --strict, sqlfluff, the page's TypeScript
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m sqlfluff lint --disable-progress-bar jobs pipeline
	@$(PY) -m dashboard.build check

reference: setup ## write docs/reference.md again, from the command lines, the settings and the connectors' options
	@$(PY) -m tests.reference

PIN := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

lock: setup ## pin requirements.in again into requirements.txt, with hashes, and so the peers of the benchmarks
	@$(PIN) requirements.in --output-file requirements.txt
	@$(PIN) benchmarks/peers.in --output-file benchmarks/peers.txt

clean: ## remove what set-up, tests and demos made here (.venv, .cache, .state)
	@rm -rf .venv .cache .state dashboard/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup demo test quick faults bench bench-quick package page lint reference lock clean
