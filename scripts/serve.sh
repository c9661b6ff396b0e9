#!/bin/sh
# Starts the service and its web page, for `make serve`. The first argument is
# cargo's target folder. Stores a temporary connection: to OpenAI if
# OPENAI_API_KEY is set, otherwise to the sandbox.
set -eu

cd "$(dirname "$0")/.."
. scripts/sandbox.sh
target=$1
connector=$target/release/connector
export CONNECTOR_COMPONENTS="$target/components"

data=$(mktemp -d)
# Stops the sandbox and deletes the stored data when the service stops.
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
    echo "The connection \"OpenAI\" uses your OPENAI_API_KEY."
    set --
    # The user chose this server, which may have a private address.
    [ -z "${OPENAI_BASE_URL:-}" ] || set -- --allow-private-addresses
else
    start_sandbox "$target" "$data/.sandbox"
    echo "OPENAI_API_KEY is not set: the connection \"Sandbox\" uses $sandbox_url."
    echo "The sandbox validates requests and returns sample data."
    echo sk-sandbox-any-token-will-do | store Sandbox --set baseUrl="$sandbox_url"
    # The sandbox is on this machine.
    set -- --allow-private-addresses
fi
"$connector" serve "$@" --data-dir "$data/store"
