# `make run` runs four actions; `make test` runs all tests.

TARGET    := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
CONNECTOR := $(TARGET)/release/connector
CARGO_ALL := --release --locked --workspace
# The packages for `run` and `serve`. The last one enables the same features as
# the whole workspace, so that wasmtime is built only once.
CARGO_RUN := --release --locked --package connector --package openai-sandbox --package workspace-hack

.PHONY: setup openai page build connectors run serve test validator schemas check-schemas lint audit dist package bench soak workers clean

setup:         ## the toolchain for connectors, if it is missing; may install system packages
	@scripts/setup.sh

openai: setup  ## the OpenAI connector; `make build` also approves it
	@echo "Compiling the OpenAI connector to WebAssembly"
	scripts/build-connector.sh component/openai $(TARGET)/components/openai.wasm --locked

page:          ## the service's web page
	host/ui/build.sh $(TARGET) || echo "continuing without the page"

build: openai page ## everything
	cargo build $(CARGO_ALL)
	$(CONNECTOR) lock $(TARGET)/components

connectors: build ## more connectors for the tests: another provider, another language
	tests/connectors/build.sh $(TARGET)
	$(CONNECTOR) lock $(TARGET)/test-components

run: openai    ## four actions, with OpenAI if OPENAI_API_KEY is set, otherwise with the sandbox
	@echo "Compiling the command, wasmtime and the sandbox (once; about ten minutes on two cores)"
	cargo build $(CARGO_RUN)
	$(CONNECTOR) lock $(TARGET)/components
	@scripts/run.sh $(TARGET)

serve: openai page ## the service and its web page, with the sandbox if OPENAI_API_KEY is not set
	cargo build $(CARGO_RUN)
	$(CONNECTOR) lock $(TARGET)/components
	@scripts/serve.sh $(TARGET)

test: build connectors ## all tests; installs their dependencies
	tests/steady/install.sh $(TARGET)
	tests/judges/install.sh $(TARGET)
	tests/forms/install.sh $(TARGET)
	tests/browser/install.sh
	tests/nats/install.sh $(TARGET)
	tests/openapi/install.sh $(TARGET)
	tests/mcp/install.sh $(TARGET)
	tests/node-red/install.sh $(TARGET)
	tests/all.sh $(TARGET) $(CARGO_ALL)

validator: setup ## rebuilds the JSON validator component, which is checked in
	scripts/build-validator.sh

schemas: build connectors ## regenerates schemas/
	cargo build $(CARGO_ALL) --example schemas
	$(TARGET)/release/examples/schemas schemas $(TARGET)/components/openai.wasm $(TARGET)/test-components/anthropic.wasm

check-schemas: build connectors ## fails with a diff if schemas/ is stale
	cargo build $(CARGO_ALL) --example schemas
	$(TARGET)/release/examples/schemas schemas --check $(TARGET)/components/openai.wasm $(TARGET)/test-components/anthropic.wasm

lint:          ## formatting, clippy, documentation, and the tests named in SECURITY.md
	scripts/check-security.py
	cargo fmt --all --check
	cargo clippy $(CARGO_ALL) --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc $(CARGO_ALL) --no-deps

audit:         ## licenses, sources, duplicates; builds cargo-deny once
	scripts/audit.sh $(TARGET)

dist: page     ## the release binary: TARGET/dist/connector
	scripts/package/reproducible.sh $(TARGET) cargo build --profile dist --locked --workspace --bin connector

# Leaves TARGET/components alone, where `build` keeps the connectors together with the
# file that approves them.
package: setup dist ## a Debian package, a tarball and an SBOM: TARGET/package
	rm -rf $(TARGET)/package
	scripts/build-connector.sh component/openai $(TARGET)/package/components/openai.wasm --locked
	scripts/build-connector.sh component/anthropic $(TARGET)/package/components/anthropic.wasm --locked
	scripts/package/build.sh $(TARGET)/dist/connector $(TARGET)/package/components $(TARGET) $(TARGET)/package

bench: build dist ## all benchmarks, compared with seven peers; installs what they need; takes half an hour
	tests/bench/peers/install.sh $(TARGET)
	tests/bench/bench.py $(TARGET)

soak: build    ## ten minutes (or SOAK_MINUTES) of runs and faults; fails if anything is lost or leaked
	cargo build $(CARGO_ALL) --example soak
	$(TARGET)/release/examples/soak

workers: build ## measures the cost of a run on a worker and in NATS; takes half a minute
	tests/nats/install.sh $(TARGET)
	cargo build $(CARGO_ALL) --example workers
	$(TARGET)/release/examples/workers

clean:
	cargo clean
	rm -rf out
