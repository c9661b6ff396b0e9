#!/bin/sh
# Tests the connector, first natively and then as a component with the installed
# `connector` command. No provider or account is needed.
set -eu
cd "$(dirname "$0")"

cargo test --package {{name}}-connector
scripts/setup.sh
scripts/build-connector.sh . {{name}}.wasm
connector check --strict ./{{name}}.wasm
connector run ./{{name}}.wasm/v1/getItem 17 --replay recorded/get-item.json --check-output
