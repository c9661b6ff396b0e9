#!/bin/sh
# A tour of the four actions with the `connector` command, for `make run`. The
# first argument is cargo's target folder.
set -eu

cd "$(dirname "$0")/.."
. scripts/sandbox.sh
target=$1
connector=$target/release/connector
export CONNECTOR_COMPONENTS="$target/components"
out=out
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n%s\n' "$*"; }
show() { printf '  $ %s\n' "$*"; }

if [ -n "${OPENAI_API_KEY:-}" ]; then
    say "Using ${OPENAI_BASE_URL:-https://api.openai.com/v1} with your OPENAI_API_KEY."
else
    trap 'kill "${sandbox:-}" 2>/dev/null || true; rm -f "$out/.sandbox"' EXIT INT TERM
    start_sandbox "$target" "$out/.sandbox"
    OPENAI_BASE_URL=$sandbox_url
    OPENAI_API_KEY=sk-sandbox-any-token-will-do
    export OPENAI_BASE_URL OPENAI_API_KEY
    say "OPENAI_API_KEY is not set: using the sandbox at $OPENAI_BASE_URL."
    echo "It validates requests and returns sample data; nothing leaves this machine."
fi

say "1. Connection test"
show connector test openai
"$connector" test openai

say "2. Ask, with text output"
show connector run openai/v1/ask "'…'" --raw
"$connector" run openai/v1/ask --raw \
    'In one sentence: what is a WebAssembly component?' | tee "$out/ask.txt"

say "3. Ask, with an object that matches a schema"
cat >"$out/ask-object.input.json" <<'JSON'
{
  "messages": [{ "role": "user", "content": "Name a city and its population." }],
  "responseFormat": 1,
  "responseSchema": "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"population\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"city\",\"population\"],\"additionalProperties\":false}"
}
JSON
show connector run openai/v1/ask --input $out/ask-object.input.json
"$connector" run openai/v1/ask --input "$out/ask-object.input.json" | tee "$out/ask-object.json"

say "4. Create Image"
show connector run openai/v1/createImage --set 'imageMessages[0].content=…' --output-dir $out
"$connector" run openai/v1/createImage --output-dir "$out" \
    --set 'imageMessages[0].content=A lighthouse at dusk, flat colors' --set size=1024x1024

say "5. Text-To-Speech"
show connector run openai/v1/createSpeech --set 'input=…' --set voice=alloy --set responseFormat=wav --output-dir $out
"$connector" run openai/v1/createSpeech --output-dir "$out" \
    --set 'input=The host adds the token, and the connector never sees it.' \
    --set voice=alloy --set responseFormat=wav

say "6. Create Transcriptions, of the audio from step 5"
show connector run openai/v1/createTranscription --file file=$out/speech.wav
"$connector" run openai/v1/createTranscription --file "file=$out/speech.wav" | tee "$out/transcription.json"

say "All four actions succeeded. Their output is in $out/:"
ls -1 "$out"

say "Next:"
cat <<EOF
  export CONNECTOR_COMPONENTS=$target/components PATH=$target/release:\$PATH
  connector list                       # connectors and their actions
  connector docs openai                # every property of every action
  connector schema openai/v1/ask       # the JSON Schema for a form
  OPENAI_API_KEY=sk-… make run         # the same with OpenAI
EOF
