#!/bin/sh
# Builds the component that validates JSON (component/json-schema) into
# host/core. It is checked in, so that users of the library do not have to build
# it. `validator.lock` next to it contains the hashes of its sources.
set -eu

cd "$(dirname "$0")/../host/core/json-schema"
source=../../../component/json-schema
# Optimized for size, because it is checked in. The component's `random.rs`
# provides the random numbers for `getrandom`.
GUEST_RUSTFLAGS='--cfg getrandom_backend="custom"' GUEST_OPT_LEVEL=z GUEST_STRIP=true \
    ../../../scripts/build-connector.sh $source validator.wasm --locked
sha256sum validator.wasm $source/src/*.rs ../../../wit/json-schema.wit >validator.lock
