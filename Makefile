# Two commands on a fresh machine: `make demo` and `make test`. Each does its own set-up; `make help` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test long lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: setup ## Live through a day in Millbrook, a made-up town (ARGS="..." for its options)
	@.venv/bin/beadle demo $(ARGS)

test: setup ## Check style, types, architecture and behaviour (ARGS="..." for pytest)
	@.venv/bin/python .ci/checks.py $(ARGS)

long: setup ## The long suites, an hour or so: fifty kills, and all that benchmarks/evidence.py promises
	@.venv/bin/pytest -m long
	@.venv/bin/python benchmarks/evidence.py --soak 3000

setup: ## Make .venv with everything in it; a second time takes no time
	@.ci/setup

browser: ## Look again for a browser and fonts, and install what is missing
	@.ci/setup --browser

lock: setup ## Write requirements.lock and .ci/tools.lock anew from pyproject.toml and .ci/tools.in
	@.venv/bin/uv pip compile pyproject.toml --universal --all-extras --group dev --group bench --generate-hashes \
		--no-emit-index-url --no-header -p 3.11 -q -o requirements.lock
	@.venv/bin/uv pip compile .ci/tools.in --universal --generate-hashes \
		--no-emit-index-url --no-header -p 3.11 -q -o .ci/tools.lock

clean: ## Remove .venv and what the tools left behind; records and evidence are never touched
	@rm -rf .venv .coverage htmlcov .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	@find .ci bot connectors tests -name __pycache__ -type d -prune -exec rm -rf {} +
