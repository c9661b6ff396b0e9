#!/bin/sh
# Tests the connector as a component with the installed `connector` command. No
# provider or account is needed.
set -eu
cd "$(dirname "$0")"

[ -d node_modules ] || npm ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error
node sdk/build.mjs {{name}}.wasm
connector check --strict ./{{name}}.wasm
connector run ./{{name}}.wasm/v1/getItem 17 --replay recorded/get-item.json --check-output
