#!/bin/sh
# Lists everything that the command, its page and the connectors are built from,
# as CycloneDX: scripts/package/sbom.sh TARGET FOLDER
#
# The tool is built once, into TARGET/tools.
set -eu

version=0.5.9
me=scripts/package/sbom.sh
[ $# = 2 ] || { echo "usage: $me TARGET FOLDER" >&2; exit 2; }

mkdir -p "$1" "$2"
tools=$(realpath "$1")/tools
out=$(realpath "$2")
cd "$(dirname "$0")/../.."
. scripts/installing.sh
tool=$tools/bin/cargo-cyclonedx

# The tests create packages at the same time; only one of them may build the tool.
mkdir -p "$tools"
exec 9>"$tools/cargo-cyclonedx.lock"
flock 9
if [ "$("$tool" cyclonedx --version 2>/dev/null)" != "cargo-cyclonedx-cyclonedx $version" ]; then
    say "building cargo-cyclonedx"
    cargo install cargo-cyclonedx --version "$version" --locked --quiet --root "$tools"
fi
exec 9>&-

# The tool writes a file next to every manifest, so it runs on a copy.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar --create --exclude=./.git --exclude=./target --exclude=./out . | tar --extract --directory "$copy"

# list PACKAGE FOLDER TARGET
list() {
    (cd "$copy" && "$tool" cyclonedx --quiet --manifest-path "$2/Cargo.toml" --format json \
        --spec-version 1.5 --no-build-deps --target "$3" --override-filename sbom)
    sed "s,file://$copy,file:///source,g" "$copy/$2/sbom.json" >"$out/$1.cdx.json"
}
list connector host/cli "$(rustc -vV | sed -n 's/^host: //p')"
list openai component/openai wasm32-unknown-unknown
list anthropic component/anthropic wasm32-unknown-unknown

# A random serial number and the time would differ between two builds.
(cd host/ui && npm sbom --package-lock-only --sbom-format cyclonedx) |
    sed '/"serialNumber":/d; /"timestamp":/d' >"$out/page.cdx.json"
