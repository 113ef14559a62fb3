# Every goal makes the virtual environment that it needs, from a lock file with hashes: no root, no system packages.
# The first run of each installs; later runs start at once until the lock changes. `make demo PYTHON=python3.12` works.

PYTHON ?= python3
DEMO := .venv-demo
DEV := .venv-dev
JOBS ?= 2
DEMO_ARGS ?=
ESTATE_ARGS ?=
TEST_ARGS ?=
PIP := -m pip --disable-pip-version-check --quiet
PYTEST = $(DEV)/bin/python -m pytest -c plugin/pytest.toml --rootdir plugin
BENCHMARKS := $(wildcard benchmarks/*.py)

.DEFAULT_GOAL := help
.PHONY: help demo estate test search lint bench clean

help:
	@echo "make demo    a small real production environment, the whole checklist against it, a decision and its page"
	@echo "make estate  ten real hosts on this machine (Debian, root), infrastructure and security checked against them"
	@echo "make test    the engine's own tests"
	@echo "make search  its properties, with other random examples each time"
	@echo "make lint    style, types, import direction, schemas"
	@echo "make bench   measurements against peers"
	@echo "make clean   removes the demo and the virtual environments"

demo: $(DEMO)/installed
	$(DEMO)/bin/signoff demo run $(DEMO_ARGS)

estate: $(DEV)/installed
	$(DEV)/bin/python -m estate up
	$(DEV)/bin/python -m estate check $(ESTATE_ARGS)

# The tests on the estate share one: they run by themselves, and are skipped with a line that says why where it cannot be.
test: $(DEV)/installed
	$(PYTEST) plugin/tests --ignore plugin/tests/estate -n $(JOBS) $(TEST_ARGS)
ifeq ($(TEST_ARGS),)
	$(PYTEST) plugin/tests/estate -r fEs
endif

search: $(DEV)/installed
	$(PYTEST) plugin/tests --ignore plugin/tests/estate -n $(JOBS) -m hypothesis --hypothesis-profile search $(TEST_ARGS)

lint: $(DEV)/installed
	$(DEV)/bin/ruff check
	$(DEV)/bin/ruff format --check
	$(DEV)/bin/lint-imports
	$(DEV)/bin/mypy
	$(DEV)/bin/mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls conftest.py tests
	$(DEV)/bin/signoff schema --check
	$(DEV)/bin/python .ci/items --check

bench: $(DEV)/installed
ifeq ($(BENCHMARKS),)
	@echo "no benchmarks here: put one into benchmarks/<name>.py"
else
	@set -e; for each in $(BENCHMARKS); do echo "== $$each"; $(DEV)/bin/python "$$each"; done
endif

clean:
	@if [ -x $(DEMO)/bin/signoff ]; then $(DEMO)/bin/signoff demo down; fi
	@if [ -x $(DEV)/bin/python ]; then $(DEV)/bin/python -m estate down; fi
	rm -rf $(DEMO) $(DEV)

# The package itself is installed last and in place, by the locked build backend: nothing is fetched unchecked.
$(DEMO)/installed: requirements/demo.lock pyproject.toml
$(DEV)/installed: requirements/dev.lock pyproject.toml
%/installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "$(PYTHON) is missing or older than Python 3.11; name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments; install them (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "installing into $* from $< (once; a minute or two)"
	@$(PYTHON) -m venv --clear $*
	@$*/bin/python $(PIP) install --require-hashes -r $<
	@$*/bin/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
