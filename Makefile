# The only task runner. People need two of these: `make run` starts Fourhands, `make test` checks all of it.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
.PHONY: run setup test tools lint types web unit bench idle soak bench-kernels judge attack chaos fuzz format lock clean

run: setup ; @exec fourhands serve --with-room
setup: ; @.make/setup run
tools: ; @.make/setup test
test: tools ; @$(MAKE) --no-print-directory --jobs 2 --output-sync lint types web && $(MAKE) --no-print-directory unit
lint: ; ruff check . && ruff format --check . && lint-imports --no-cache
types: ; mypy
web: ; cd frontend && npm run --silent check && npm run --silent lint -- ../protocol/ts && npm test --silent
# Three at a time, for most of them wait; what fails beside others is named and has to pass alone.
unit: ; pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder || pytest --last-failed --last-failed-no-failures none
bench: ; @.make/setup bench && python -m tests.bench
idle: tools ; python -m tests.bench.idle
soak: tools ; python -m tests.bench.soak
bench-kernels: tools ; python -m tests.bench.bench_kernels
judge: tools ; FOURHANDS_JUDGE=all pytest --numprocesses 2 tests/kernels/judge
attack: tools ; @python -m tests.attack
chaos: tools ; @python -m tests.chaos
fuzz: tools ; FOURHANDS_FUZZ_SEEDS=500 FOURHANDS_MUTATIONS=100000 pytest tests/fuzz tests/faults/test_server_killed.py tests/server/live/test_runs_of_a_room.py tests/server/web/test_typed_traces.py tests/server/web/test_every_client.py
format: ; ruff check --fix-only . && ruff format . && cd frontend && npx biome check --write . ../protocol/ts
lock: ; @.make/lock
clean: ; rm -rf .venv .kernels frontend/node_modules server/fourhands_server/static
