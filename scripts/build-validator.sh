#!/bin/sh
# Builds the component that validates JSON (component/json-schema) into
# host/core, where it is kept, so that whoever embeds the library need not
# build it. `json_schema.lock` beside it names what it was made of.
set -eu

cd "$(dirname "$0")/.."
cd host/core/src/runtime
# Small, since it is kept. The random numbers of `getrandom` come from the
# component's `random.rs`.
GUEST_RUSTFLAGS='--cfg getrandom_backend="custom"' GUEST_OPT_LEVEL=z GUEST_STRIP=true \
    ../../../../scripts/build-connector.sh ../../../../component/json-schema json_schema.wasm --locked
sha256sum json_schema.wasm ../../../../component/json-schema/src/*.rs \
    ../../../../wit/json-schema.wit >json_schema.lock
