#!/bin/sh
# Packages the command and the connectors:
#
#     scripts/package/build.sh COMMAND COMPONENTS TARGET OUT
#
# COMMAND is the program, COMPONENTS the folder with the connectors, TARGET the
# folder for tools. Writes a tarball and a Debian package to OUT. The same files
# produce identical packages, because the entries are sorted and have the time of
# the last commit.
# VERSION overrides the workspace's version.
set -eu

me=scripts/package/build.sh
[ $# = 4 ] || { echo "usage: $me COMMAND COMPONENTS TARGET OUT" >&2; exit 2; }

command=$(realpath "$1")
components=$(realpath "$2")
target=$(realpath "$3")
mkdir -p "$4"
out=$(realpath "$4")
cd "$(dirname "$0")/../.."
. scripts/installing.sh
for tool in dpkg-deb dpkg; do
    command -v $tool >/dev/null || { say "$tool is required; hint: Debian and Ubuntu include it"; exit 1; }
done

version=${VERSION-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$(git log -1 --format=%ct 2>/dev/null || echo 315532800)}
export SOURCE_DATE_EPOCH
umask 022

# The layout of the tarball: the command looks for connectors in the folder
# `components` next to the folder of its program.
files=$out/files
rm -rf "$files"
mkdir -p "$files/bin" "$files/components" "$files/share/man/man1"
install -m 755 "$command" "$files/bin/connector"
for connector in "$components"/*.wasm; do
    install -m 644 "$connector" "$files/components/"
done
"$command" lock "$files/components" >/dev/null
"$command" man "$files/share/man/man1"
completions=$files/share/completions
mkdir "$completions"
for shell in bash zsh fish; do
    "$command" completions $shell >"$completions/connector.$shell"
done
# The documents in the repository's layout, so that their links work, and a
# connector as an example.
documents=$files/share/doc
mkdir -p "$documents/component"
cp README.md ARCHITECTURE.md SECURITY.md CONTRIBUTING.md "$documents/"
cp -rL docs wit schemas "$documents/"
cp -rL component/helpdesk "$documents/component/"
cp LICENSE CHANGELOG.md "$files/"
scripts/package/sbom.sh "$target" "$files/sbom"

name=connector-$version-$(uname -m)-linux
tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
    --mode=u+rwX,go+rX,go-w --mtime="@$SOURCE_DATE_EPOCH" \
    --transform="s,^\.,$name," --directory "$files" . | gzip --no-name >"$out/$name.tar.gz"

# The layout of the Debian package. /usr/bin/connector is a symbolic link, so that
# the command finds the connectors next to the folder of the actual program.
root=$out/root
rm -rf "$root"
own=$root/usr/lib/connector
doc=$root/usr/share/doc/connector
mkdir -p "$own" "$doc" "$root/usr/bin" "$root/usr/share/man/man1" "$root/DEBIAN"
cp -r "$files/bin" "$files/components" "$own/"
ln -s ../lib/connector/bin/connector "$root/usr/bin/connector"
for page in "$files"/share/man/man1/*; do
    gzip --no-name --best <"$page" >"$root/usr/share/man/man1/$(basename "$page").gz"
done
install -D -m 644 "$completions/connector.bash" "$root/usr/share/bash-completion/completions/connector"
install -D -m 644 "$completions/connector.zsh" "$root/usr/share/zsh/vendor-completions/_connector"
install -D -m 644 "$completions/connector.fish" "$root/usr/share/fish/vendor_completions.d/connector.fish"
for unit in scripts/package/*.service; do
    install -D -m 644 "$unit" "$root/usr/lib/systemd/system/$(basename "$unit")"
done
for settings in scripts/package/*.conf; do
    install -D -m 644 "$settings" "$root/etc/connector/$(basename "$settings")"
done
cp -r "$files/sbom" "$documents/." "$doc/"
install -m 644 LICENSE "$doc/copyright"
gzip --no-name --best <CHANGELOG.md >"$doc/changelog.gz"
for script in postinst prerm postrm; do
    install -m 755 "scripts/package/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find etc -type f | LC_ALL=C sort | sed 's,^,/,') >"$root/DEBIAN/conffiles"
# The newest glibc symbol version that the program needs.
libc=$(grep --text --only-matching 'GLIBC_2\.[0-9]*' "$command" | LC_ALL=C sort -Vu | tail -n 1)
cat >"$root/DEBIAN/control" <<END
Package: connector
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: ${MAINTAINER-The connector project}
Section: utils
Priority: optional
Installed-Size: $(du --summarize --apparent-size --block-size=1024 "$root" | cut -f 1)
Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1
Description: runs connectors: WebAssembly components that offer the actions of a service
 The command, an HTTP service with a page, MCP tools and a queue worker, with
 the connectors for OpenAI and Anthropic. Connectors never see a token.
END
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
chmod -R u+rwX,go+rX,go-w "$root"
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" \
    "$out/connector_${version}_$(dpkg --print-architecture).deb" >/dev/null

rm -rf "$files" "$root"
(cd "$out" && sha256sum ./*.tar.gz ./*.deb)
