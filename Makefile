# Paper Round. `make` lists the targets. Needs Python 3.11 or newer and nothing else: everything goes into .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes
ADMIN ?=
SEED ?=
RUNS ?=

# Settings a public site would have: what `check --deploy` and the migrations are checked with.
PUBLIC := ENV_FILE=/dev/null DATA_DIR=$(VENV)/lint SITE_URL=https://digest.example.org DATABASE_URL= REDIS_URL= \
	SECRET_KEY=only-for-the-deploy-check-4f7d1c9a0b2e6853f1d7c9a0b2e68 TRUSTED_PROXIES=1 \
	EMAIL_URL=smtp://mail.example.org:587 DEFAULT_FROM_EMAIL=papers@digest.example.org \
	ACCOUNT_FROM_EMAIL=account@digest.example.org REPLY_TO_EMAIL=editors@digest.example.org \
	BOUNCE_EMAIL=bounces@digest.example.org POSTAL_ADDRESS='1 Reading Room, 12345 Papertown'
# What one pass of the tests must not inherit.
PLAIN := env -u DATABASE_URL -u REDIS_URL

.DEFAULT_GOAL := help
.PHONY: help demo run admin test browser-test faults bench lint format settings sbom requirements messages clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## see the whole product work on sample papers; mails land in var/outbox
	@$(BIN)/python manage.py demo

run: $(VENV)/.runtime  ## web, worker and beat on http://127.0.0.1:8000 (ADMIN=you@example.org makes an administrator)
	@$(BIN)/python manage.py run $(if $(ADMIN),--admin $(ADMIN))

admin: $(VENV)/.runtime  ## make an administrator, asking for name and password
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py createsuperuser

test: $(VENV)/.dev  ## the whole suite, on SQLite and beside it on PostgreSQL and Redis, with some of the faults
	@echo "== SQLite and the folder broker: runs beside the next, printed after it"; \
	words=$$(mktemp); $(PLAIN) $(BIN)/pytest --quiet -m 'not browser and not faults' >$$words 2>&1 & lite=$$!; \
	echo "== PostgreSQL and Redis"; $(BIN)/python -m tests.services \
		$(BIN)/pytest --quiet -m 'not browser and not faults'; full=$$?; \
	wait $$lite; lite=$$?; echo "== SQLite and the folder broker"; cat $$words; rm -f $$words; \
	echo "== Faults, a part of make faults"; $(BIN)/python -m tests.services \
		$(BIN)/pytest --quiet -m 'faults and not thorough' tests/faults; faults=$$?; \
	test $$lite = 0 || echo "make test: the pass on SQLite failed"; \
	test $$full = 0 || echo "make test: the pass on PostgreSQL and Redis failed"; \
	test $$faults = 0 || echo "make test: the faults failed"; \
	test $$lite = 0 && test $$full = 0 && test $$faults = 0

browser-test: $(VENV)/.dev $(VENV)/.node  ## the pages in headless Chromium; screenshots land in var/screenshots
	@$(PLAIN) $(BIN)/pytest --quiet -m browser

faults: $(VENV)/.dev  ## kill, cut and refuse everything a digest needs; SEED=1 RUNS=20 for more random schedules
	@$(PLAIN) FAULT_SEED=$(SEED) FAULT_RUNS=$(RUNS) $(BIN)/python -m tests.services \
		$(BIN)/pytest --quiet -m faults tests/faults

bench: $(VENV)/.dev  ## run the benchmarks of tests/benchmarks, one after the other
	@for file in tests/benchmarks/bench_*.py; do name=$$(basename $$file .py); echo "== $$name"; \
		$(PLAIN) $(BIN)/python -m tests.benchmarks.$$name || exit 1; done

lint: $(VENV)/.dev  ## style, types, import directions, templates, security, migrations, deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --quiet --lint --check
	$(BIN)/bandit --configfile pyproject.toml --quiet --severity-level medium --recursive digest_site papers subscriptions
	$(BIN)/deptry .
	$(PUBLIC) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PUBLIC) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.dev  ## let ruff and djlint put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --quiet --reformat

settings: $(VENV)/.dev  ## write SETTINGS.md afresh, from the settings and .env.example
	@$(BIN)/python -m tests.reference

sbom: $(VENV)/.dev  ## write var/sbom.json: every pinned package with hashes, licence and who needs it (CycloneDX)
	@$(BIN)/python -m tests.sbom

requirements:  ## pin requirements*.txt afresh, with hashes (needs uv)
	@command -v uv >/dev/null || { echo "make requirements needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url requirements.in --output-file requirements.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --constraint requirements.txt requirements-ses.in --output-file requirements-ses.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --constraint requirements.txt requirements-sentry.in --output-file requirements-sentry.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --constraint requirements.txt requirements-dev.in --output-file requirements-dev.txt

messages: $(VENV)/.dev  ## bring the translations up to date with the sources (needs gettext)
	@command -v msgfmt >/dev/null || { echo "make messages needs GNU gettext."; exit 1; }
	@$(BIN)/python manage.py makemessages --locale de --no-obsolete --no-wrap --no-location \
		--ignore '.venv*' --ignore 'tests/*' --ignore 'var/*' --verbosity 0
	@sed -i '/^"POT-Creation-Date/d' digest_site/locale/*/LC_MESSAGES/django.po
	@$(BIN)/python manage.py compilemessages --ignore '.venv*' --verbosity 0

clean:  ## remove .venv and the tools' caches; var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov

# Made before anything else; the stamps below make a warm run do nothing.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Paper Round needs Python 3.11 or newer. Install one and run make again," \
		"or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Paper Round needs Python 3.11 or newer; $(PYTHON) is older or missing."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) lacks the venv module." \
		"Install it (Debian, Ubuntu: the package python3-venv) and run make again."; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing requirements.txt (once)"
	@$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing requirements-dev.txt (once)"
	@$(PIP) --requirement requirements-dev.txt
	@touch $(VENV)/.runtime $@

# Checks that exist only for Node: for the browser tests. The scripts stand beside their packages, where Node looks.
$(VENV)/.node: $(wildcard tests/node/*) | $(BIN)/python
	@command -v npm >/dev/null || { echo "make browser-test needs Node.js and npm."; exit 1; }
	@mkdir -p $(VENV)/node && cp tests/node/* $(VENV)/node
	@echo "Installing tests/node/package.json (once)"
	@cd $(VENV)/node && npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock
	@touch $@
