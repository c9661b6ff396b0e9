#!/bin/sh
# The service and its page, as `make serve` starts them. The first argument is
# cargo's target folder. A connection is stored for as long as it runs: to
# OpenAI with the environment's OPENAI_API_KEY, else to the sandbox, which stands
# in for OpenAI.
set -eu

cd "$(dirname "$0")/.."
. scripts/sandbox.sh
target=$1
connector=$target/release/connector
export CONNECTOR_COMPONENTS="$target/components"

data=$(mktemp -d)
# The sandbox ends with the service, and what was stored goes with it.
trap 'kill "${sandbox:-}" 2>/dev/null || true; rm -rf "$data"' EXIT INT TERM

# Reads the token from standard input: store NAME [ARGUMENT]...
store() {
    name=$1
    shift
    "$connector" connection add openai --name "$name" "$@" --data-dir "$data/store" >/dev/null
}

set --
if [ -n "${OPENAI_API_KEY:-}" ]; then
    [ -z "${OPENAI_BASE_URL:-}" ] || set -- "$@" --set baseUrl="$OPENAI_BASE_URL"
    [ -z "${OPENAI_ORG_ID:-}" ] || set -- "$@" --set organization="$OPENAI_ORG_ID"
    [ -z "${OPENAI_PROJECT_ID:-}" ] || set -- "$@" --set project="$OPENAI_PROJECT_ID"
    printf '%s\n' "$OPENAI_API_KEY" | store OpenAI "$@"
    echo "The connection \"OpenAI\" has your OPENAI_API_KEY."
    set --
    # Whoever names a server means it, wherever it is.
    [ -z "${OPENAI_BASE_URL:-}" ] || set -- --allow-private-addresses
else
    start_sandbox "$target" "$data/.sandbox"
    echo "OPENAI_API_KEY is not set: the connection \"Sandbox\" leads to $sandbox_url."
    echo "The sandbox checks requests and makes up its answers."
    echo sk-sandbox-any-token-will-do | store Sandbox --set baseUrl="$sandbox_url"
    # It is on this machine.
    set -- --allow-private-addresses
fi
"$connector" serve "$@" --data-dir "$data/store"
