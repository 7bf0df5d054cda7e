# `make run` talks, `make test` tests. Both make what they need, in .venv beside this file, and say what they do.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
ARGS ?=
DEV := $(if $(filter 127.% localhost ::1,$(HOST)),--dev)

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
CLIENTS := tests/clients/node_modules/.package-lock.json
SAY := @printf '\033[1m%s\033[0m\n'

.DEFAULT_GOAL := help
.PHONY: browser bench bench-peers check clean clients docs format help numbers reference run soak test

help:
	@echo "make run     serve the page at http://localhost:$(PORT) (needs no key; with MISTRAL_API_KEY it talks to Voxtral); graphs can be edited there"
	@echo "make test    all tests, with a real browser, a process per core"
	@echo "make check   ruff and mypy"
	@echo "make format  let ruff put the code in form"
	@echo "make soak    10,000 random conversations with faults, in virtual time (ARGS=... goes to python -m voicegraph.testing.soak)"
	@echo "make bench   the README's figures, some 12 minutes of a quiet machine (ARGS=... goes to python -m benchmarks)"
	@echo "make bench-peers   the same callers against Pipecat and FastRTC, each in an environment of its own (docs/benchmarks.md)"
	@echo "make numbers the README's tables and the plot, from the results of these two"
	@echo "make reference  write docs/reference/ from the processors themselves"
	@echo "make docs    the documentation as a site, in site/"
	@echo "make clean   remove what these made"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter (3.11 or newer); HOST= and PORT= where make run listens; ARGS= goes to the program"

run: $(RUN_STAMP)
	$(SAY) "Starting voicegraph; open http://$(subst 127.0.0.1,localhost,$(HOST)):$(PORT) when it listens"
	@exec $(BIN)/python -m voicegraph serve --host $(HOST) --port $(PORT) $(DEV) $(ARGS)

test: $(DEV_STAMP) browser clients
	$(SAY) "Running the tests"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

check: $(DEV_STAMP)
	$(SAY) "ruff check, ruff format --check, mypy"
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m ruff format --quiet --check .
	@$(BIN)/python -m mypy

format: $(DEV_STAMP)
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

bench: $(DEV_STAMP)
	$(SAY) "Measuring: some 12 minutes, during which the machine should have nothing else to do"
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(DEV_STAMP) $(PEERS)/pipecat/.installed $(PEERS)/fastrtc/.installed
	$(SAY) "Measuring voicegraph, Pipecat and FastRTC: some 10 minutes, during which the machine should have nothing else to do"
	@$(BIN)/python -m benchmarks.peers $(ARGS)

numbers: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks.report

soak: $(DEV_STAMP)
	$(SAY) "Holding 10,000 random conversations in virtual time: some minutes"
	@$(BIN)/python -m voicegraph.testing.soak -n 10000 $(ARGS)

reference: $(DEV_STAMP)
	@$(BIN)/python docs/reference.py

docs: $(DEV_STAMP)
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet docs site
	$(SAY) "The documentation is in site/: open site/index.html"

clean:
	rm -rf site $(VENV) $(PEERS) tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

browser: $(DEV_STAMP)
	@$(BIN)/python tests/browser/find_browser.py --install >/dev/null

# The field's clients, for the tests. Without Node.js the tests that need them are skipped; on CI that is a failure.
clients:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(CLIENTS); \
	elif [ "$$CI" = true ]; then echo "There is no npm here: the tests of the field's clients need Node.js 20 or newer" >&2; exit 1; \
	else echo "There is no npm here, so the tests of the field's clients will be skipped: they need Node.js 20 or newer"; fi

# --- what the targets stand on ------------------------------------------------------------------------------------------------------

# The stamps are what make compares: installed again only when pyproject.toml changed. An install for development serves `run` as well.
$(RUN_STAMP): pyproject.toml | $(BIN)/python
	$(SAY) "Installing voicegraph with the offline engines (once, a minute or so)"
	@$(BIN)/python -m pip --require-virtualenv install -qq --disable-pip-version-check -e '.[local]'
	@touch $@

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	$(SAY) "Installing voicegraph with what its tests need (once, a minute or so)"
	@$(BIN)/python -m pip --require-virtualenv install -qq --disable-pip-version-check -e '.[local,dev]'
	@touch $@ $(RUN_STAMP)

$(CLIENTS): tests/clients/package-lock.json
	$(SAY) "Installing the field's clients for the tests (some seconds)"
	@cd tests/clients && npm ci --silent
	@touch $@

$(PEERS)/%/.installed: benchmarks/peers/requirements-%.txt
	@$(PYTHON) -m venv $(PEERS)/$*
	$(SAY) "Installing $* into $(PEERS)/$* (once, some minutes)"
	@$(PEERS)/$*/bin/python -m pip --require-virtualenv install -qq --disable-pip-version-check -r $<
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or say which: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "voicegraph needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Say which to use: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: sudo apt-get install python3-venv; on Fedora: sudo dnf install python3-pip" >&2; exit 1; }
	$(SAY) "Making a virtual environment in $(VENV)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
