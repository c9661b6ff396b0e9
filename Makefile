# `make run` builds everything and runs the four actions; `make test` proves it.

TARGET    := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
CONNECTOR := $(TARGET)/release/connector
# Always the whole workspace: cargo then agrees with itself on every feature,
# and wasmtime is built once.
CARGO_ALL := --release --locked --workspace

.PHONY: build connectors run serve test schemas check-schemas lint audit dist bench soak workers clean

build:         ## the component, the page, the host and the sandbox
	component/build.sh
	host/ui/build.sh $(TARGET) || echo "going on without the page"
	cargo build $(CARGO_ALL)
	$(CONNECTOR) lock $(TARGET)/components

connectors: build ## the connectors that the tests have besides: another provider, another language
	tests/connectors/build.sh $(TARGET)
	$(CONNECTOR) lock $(TARGET)/test-components

run: build     ## all four actions, against OpenAI if OPENAI_API_KEY is set, else the sandbox
	@tests/tour.sh $(TARGET)

serve: build   ## the service and its page, with the sandbox if OPENAI_API_KEY is not set
	@tests/serve.sh $(TARGET)

test: build connectors ## every test; installs what they need
	tests/steady/install.sh $(TARGET)
	tests/judges/install.sh $(TARGET)
	tests/forms/install.sh $(TARGET)
	tests/browser/install.sh
	tests/nats/install.sh
	tests/openapi/install.sh $(TARGET)
	tests/mcp/install.sh $(TARGET)
	tests/node-red/install.sh $(TARGET)
	tests/all.sh $(TARGET) $(CARGO_ALL)

schemas: build connectors ## writes schemas/ anew
	cargo build $(CARGO_ALL) --example schemas
	$(TARGET)/release/examples/schemas $(TARGET)/components/openai.wasm schemas
	$(TARGET)/release/examples/schemas $(TARGET)/test-components/anthropic.wasm tests/connectors/anthropic/schemas

check-schemas: build connectors ## fails with a diff if schemas/ is stale
	cargo build $(CARGO_ALL) --example schemas
	$(TARGET)/release/examples/schemas $(TARGET)/components/openai.wasm schemas --check
	$(TARGET)/release/examples/schemas $(TARGET)/test-components/anthropic.wasm tests/connectors/anthropic/schemas --check

lint:          ## formatting and clippy
	cargo fmt --all --check
	cargo clippy $(CARGO_ALL) --all-targets -- --deny warnings

audit:         ## licences, sources, duplicates; builds cargo-deny, once
	tests/audit.sh $(TARGET)

dist: build    ## the command as it is shipped: TARGET/dist/connector
	cargo build --profile dist --locked --workspace --bin connector

bench: dist    ## every figure, as a table, beside seven peers, which it installs; half an hour
	tests/bench/peers/install.sh $(TARGET)
	tests/bench/bench.py $(TARGET)

soak: build    ## ten minutes (or SOAK_MINUTES) of runs and faults; fails if anything is lost or kept
	cargo build $(CARGO_ALL) --example soak
	$(TARGET)/release/examples/soak

workers: build ## what a run costs on a worker and in NATS; half a minute
	tests/nats/install.sh
	cargo build $(CARGO_ALL) --example workers
	$(TARGET)/release/examples/workers

clean:
	cargo clean
	rm -rf out
