#!/bin/sh
# The service and its page, as `make serve` starts them. The first argument is
# cargo's target folder. Without OPENAI_API_KEY the sandbox stands in for
# OpenAI, and a connection to it is stored.
set -eu

cd "$(dirname "$0")/.."
target=$1
connector=$target/release/connector
export CONNECTOR_COMPONENTS="$target/components"

if [ -n "${OPENAI_API_KEY:-}" ]; then
    exec "$connector" serve
fi

data=$(mktemp -d)
"$target/release/openai-sandbox" >"$data/.sandbox" 2>/dev/null &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || true; rm -rf "$data"' EXIT INT TERM
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$data/.sandbox" ] && break
    sleep 0.2
done
url=$(sed -n 's/^listening on //p' "$data/.sandbox")
echo "OPENAI_API_KEY is not set: the connection \"Sandbox\" leads to $url."
echo "The sandbox checks requests as OpenAI documents them and makes up its answers."
echo sk-sandbox-any-token-will-do | "$connector" connection add openai --name Sandbox \
    --set baseUrl="$url" --data-dir "$data/store" >/dev/null
"$connector" serve --allow-private-addresses --data-dir "$data/store"
