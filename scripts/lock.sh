#!/bin/sh
# Pin every dependency: one universal lock per purpose, with hashes and without the names of any server.
# Pins that still fit are kept; `scripts/lock.sh --upgrade` moves them all to the newest that fit.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
# A tool of its own, beside the environment it must not change.
tools=.venv/lock-tools
if [ ! -x "$tools/bin/uv" ]; then
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip --disable-pip-version-check --quiet install "uv==$UV_VERSION"
fi

pin() {
    lock=$1
    shift
    UV_PYTHON_DOWNLOADS=never "$tools/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --group build "$@" --output-file "$lock"
}

# The larger first: what a centre runs is held to the versions that the checks ran with.
pin requirements/dev.lock --extra postgres --group dev "$@"
pin requirements/run.lock --extra postgres --constraint requirements/dev.lock "$@"
pin requirements/bench.lock --extra bench --group dev --constraint requirements/dev.lock "$@"
