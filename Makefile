# Every target is one line; what they do stands in scripts/ and in Python.
.DEFAULT_GOAL := help
# Where it is set, each of the dozens of processes that a test starts compiles everything that it imports once more.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run rebuild test soak check fmt bench venv venv-test venv-models lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo at http://localhost:8000 (PORT, DATA_DIR, DATABASE_URL, REDIS_URL are honoured)
	@scripts/run

rebuild: ## the study at its real size with simulated people, in DATA_DIR/rebuild (SCALE, RATERS, SEED, QUEUE=1)
	@scripts/rebuild

test: ## everything on SQLite, with Chromium and local models; what a database can change, on PostgreSQL and Redis too
	@$(MAKE) --no-print-directory -j 2 venv-test venv-models
	@.venv-test/bin/python -m tests.run

soak: venv-test ## kills and races again and again (ROUNDS, SECONDS, SEED, DATABASES=sqlite,postgresql)
	@.venv-test/bin/python -m tests.faults.soak

check: venv-test ## lint, types, arrows between the rooms, missing migrations
	@.venv-test/bin/python -m tests.check

fmt: venv-test ## format and fix what can be fixed
	@.venv-test/bin/ruff check --fix --quiet . ; .venv-test/bin/ruff format .

bench: venv-test ## the measurements in benchmarks/
	@scripts/bench

venv: ## the environment of web and worker (.venv)
	@scripts/venv .venv requirements/base.txt

venv-test: ## the environment of tests and tools (.venv-test)
	@scripts/venv .venv-test requirements/test.txt

venv-models: ## the environment of local models: torch, transformers and their workers (.venv-models, 1.6 GB)
	@scripts/venv .venv-models requirements/models.txt requirements/torch.txt

lock: ## write requirements/*.txt anew from the *.in files (needs uv)
	@scripts/lock
