# Sourced by scripts that use the sandbox.

# Starts the sandbox with its output in FILE, and waits until it is listening.
# Sets `sandbox` to its process id and `sandbox_url` to its URL:
# start_sandbox TARGET FILE
start_sandbox() {
    "$1/release/openai-sandbox" >"$2" 2>/dev/null &
    sandbox=$!
    until sandbox_url=$(sed -n 's/^listening on //p' "$2") && [ -n "$sandbox_url" ]; do
        kill -0 $sandbox 2>/dev/null || { echo "the sandbox failed to start" >&2; exit 1; }
        sleep 0.1
    done
}
