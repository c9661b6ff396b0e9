# Sourced by the scripts beside it that run something against the sandbox.

# Starts the sandbox, which writes to a file, and waits until it listens. Sets
# `sandbox` to its process and `sandbox_url` to where it is:
# start_sandbox TARGET FILE
start_sandbox() {
    "$1/release/openai-sandbox" >"$2" 2>/dev/null &
    sandbox=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -s "$2" ] && break
        sleep 0.2
    done
    sandbox_url=$(sed -n 's/^listening on //p' "$2")
}
