#!/bin/sh
# Builds the component that validates JSON (component/json-schema) into
# host/core, where it is kept, so that whoever embeds the library need not
# build it. `validator.lock` beside it names what it was made of.
set -eu

cd "$(dirname "$0")/../host/core/json-schema"
source=../../../component/json-schema
# Small, since it is kept. The random numbers of `getrandom` come from the
# component's `random.rs`.
GUEST_RUSTFLAGS='--cfg getrandom_backend="custom"' GUEST_OPT_LEVEL=z GUEST_STRIP=true \
    ../../../scripts/build-connector.sh $source validator.wasm --locked
sha256sum validator.wasm $source/src/*.rs ../../../wit/json-schema.wit >validator.lock
