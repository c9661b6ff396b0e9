#!/bin/sh
# The service and its page, as `make serve` starts them. The first argument is
# cargo's target folder. Without OPENAI_API_KEY the sandbox stands in for
# OpenAI, and a connection to it is stored.
set -eu

cd "$(dirname "$0")/.."
. tests/starting.sh
target=$1
connector=$target/release/connector
export CONNECTOR_COMPONENTS="$target/components"

if [ -n "${OPENAI_API_KEY:-}" ]; then
    exec "$connector" serve
fi

data=$(mktemp -d)
# The sandbox ends with the service, and what was stored goes with it.
trap 'kill "${sandbox:-}" 2>/dev/null || true; rm -rf "$data"' EXIT INT TERM
start_sandbox "$target" "$data/.sandbox"
echo "OPENAI_API_KEY is not set: the connection \"Sandbox\" leads to $sandbox_url."
echo "The sandbox checks requests as OpenAI documents them and makes up its answers."
echo sk-sandbox-any-token-will-do | "$connector" connection add openai --name Sandbox \
    --set baseUrl="$sandbox_url" --data-dir "$data/store" >/dev/null
"$connector" serve --allow-private-addresses --data-dir "$data/store"
