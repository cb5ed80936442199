# Two commands matter: `make run` and `make test`. They need Python ≥ 3.11 with venv, nothing else.

VENV := .venv
PY := $(VENV)/bin/python
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
PIP := $(PY) -m pip install -qq --disable-pip-version-check --require-hashes
export PORTAL_ENV ?= development

# Where the environment's Python is gone, so is the environment.
$(shell test -x $(PY) || rm -f $(RUN) $(DEV))

.DEFAULT_GOAL := help
.PHONY: help run test lint format static words bench soak lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

run: $(RUN) ## set up, load the demo once, start web and worker (PORT=8000); Ctrl-C ends it
	@exec $(PY) -m portal.launcher run --with-parent

test: $(DEV) static ## the whole test suite (ARGS="tests/tickets -k reopen" for a part of it)
	@PORTAL_ENV=test exec $(PY) -m pytest $(ARGS)

lint: $(DEV) ## static checks
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m djlint --lint --quiet templates

format: $(DEV) ## formatting
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

static: $(RUN) ## join, hash and compress css and js into static/dist; compile the translations
	@$(PY) -m portal.core.web.build

words: $(DEV) ## bring the translations up to date with the texts in code and templates
	@$(VENV)/bin/pybabel -q extract -F portal/translations/babel.cfg -k _l -k lazy_gettext -k lazy_ngettext:1,2 \
		--no-location --sort-output -o portal/translations/messages.pot .
	@for language in de; do $(VENV)/bin/pybabel -q update --no-fuzzy-matching --ignore-obsolete --init-missing \
		--ignore-pot-creation-date --no-wrap -l $$language -d portal/translations -i portal/translations/messages.pot || exit 1; done
	@rm portal/translations/messages.pot

bench: $(DEV) static ## the benchmark with its table
	@PORTAL_ENV=test exec $(PY) -m bench $(ARGS)

soak: $(DEV) static ## fault, race, isolation and timing tests at full size; report under docs/measured/
	@exec $(PY) -m tests.soak $(ARGS)

lock: $(DEV) ## requirements/*.in → *.txt, with hashes, for every supported Python
	@$(PY) -m pip install --quiet uv
	@for name in run servers dev; do $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade \
		requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## remove what was made, but not VAR_DIR's data
	@rm -rf $(VENV) static/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Filled again where a lock is newer.
$(RUN): requirements/run.txt requirements/servers.txt requirements/venv.sh
	@sh requirements/venv.sh $(VENV)
	@echo "Installing what the portal needs (the first time takes about a minute) …"
	@$(PIP) -r requirements/run.txt -r requirements/servers.txt
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@echo "Installing what tests and checks need …"
	@$(PIP) -r requirements/dev.txt
	@touch $@
