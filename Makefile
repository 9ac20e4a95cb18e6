# The few commands that people and CI use. They need python3 (3.11 to 3.13), make and the package registry; all
# that they install stays in .venv and .tools here.

PYTHON ?= python3
OUT ?= out
PHOTOS ?=
MINUTES ?= 2

# The uv that uv.lock was made with; an older one on the PATH is left alone, and a local one is used.
UV_VERSION := 0.13.9

# Our environment is .venv here, whatever the user's shell has active.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONHOME PYTHONPATH

quoted = '$(subst ','\'',$(1))'

.PHONY: help setup demo up seed test faults check format clean

help: ## List these commands
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile | while read -r name about; do printf '  make %-7s %s\n' "$$name" "$$about"; done

setup: .venv/ready ## Install everything (the others do it by themselves)

demo: .venv/ready ## Stage photos from end to end: PHOTOS="a.jpg b.jpg" takes yours, OUT=folder the results
	@exec .venv/bin/stage demo --out $(call quoted,$(value OUT)) --named $(call quoted,$(value PHOTOS))

# Ctrl-C ends it with exit code 0, so that make has nothing to complain about.
up: .venv/ready ## Run it all until Ctrl-C
	@exec .venv/bin/stage up

seed: .venv/ready ## Fill what `make up` runs with made-up people and jobs
	@exec .venv/bin/stage seed

# Four at once keep two cores busy: half of the time tests wait, for a dead worker's lease to run out, say.
test: .venv/ready ## Run the tests, with branch coverage
	.venv/bin/python -m pytest -n 4 --dist worksteal --cov --cov-branch --cov-report=term
	@echo "Domain and application, of which 95 % must be covered:"
	@.venv/bin/python -m coverage report --include='domain/*,application/*' --fail-under=95

faults: .venv/ready ## Kill, starve and restart processes at random, from a new seed, for MINUTES
	.venv/bin/python -m tests.faults --minutes $(MINUTES)

check: .venv/ready ## Check format, lint, types and layers
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/ready ## Format the code and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean: ## Remove what was installed, and the data of demo and up; results in out/ stay
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m infrastructure.embedded.removal .stage; fi
	rm -rf .venv .tools .stage .coverage* htmlcov .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "This needs Python 3.11, 3.12 or 3.13. $(PYTHON) --version says: $$($(PYTHON) --version 2>&1)" >&2; \
		echo "If you have one under another name: make $(MAKECMDGOALS) PYTHON=python3.12, say." >&2; exit 1; }
	@set -e; uv=uv; \
	if ! $(PYTHON) -c "$$UV_ON_PATH_WILL_DO"; then \
		uv=.tools/bin/uv; \
		if [ ! -f .tools/uv-$(UV_VERSION) ]; then \
			$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
				echo "$(PYTHON) has no venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
			echo "Installing uv $(UV_VERSION) into .tools"; \
			$(PYTHON) -m venv --clear .tools; \
			.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
			touch .tools/uv-$(UV_VERSION); \
		fi; \
	fi; \
	"$$uv" sync --frozen --compile-bytecode --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

define UV_ON_PATH_WILL_DO
import re, subprocess, sys
try:
    said = subprocess.run(["uv", "--version"], capture_output=True, text=True).stdout
except OSError:
    sys.exit(1)
version = [int(part) for part in re.findall(r"\d+", said)[:3]]
sys.exit(version < [int(part) for part in "$(UV_VERSION)".split(".")])
endef
export UV_ON_PATH_WILL_DO
