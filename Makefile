# The one task runner: each target is one line; `make run` and `make test` are all that most people need.
.DEFAULT_GOAL := run
.PHONY: setup

setup: ; @.ci/setup
