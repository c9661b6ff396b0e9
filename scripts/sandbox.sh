# Sourced by the scripts beside it that run something against the sandbox.

# Starts the sandbox, which writes to a file, and waits until it listens. Sets
# `sandbox` to its process and `sandbox_url` to where it is:
# start_sandbox TARGET FILE
start_sandbox() {
    "$1/release/openai-sandbox" >"$2" 2>/dev/null &
    sandbox=$!
    until sandbox_url=$(sed -n 's/^listening on //p' "$2") && [ -n "$sandbox_url" ]; do
        kill -0 $sandbox 2>/dev/null || { echo "the sandbox does not start" >&2; exit 1; }
        sleep 0.1
    done
}
