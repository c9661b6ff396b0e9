# What the installers of the tests' tools have in common; they source it and
# set `script` to their own name. Functions end the script with a sentence if
# they cannot do what they are for.

say() { echo "$script: $*" >&2; }

# Prints the Debian packages that are missing for Node.js with npm.
missing_node() {
    command -v node >/dev/null && command -v npm >/dev/null || echo nodejs npm
}

# install_missing WHAT [PACKAGE…]: installs Debian packages if this user may.
install_missing() {
    what=$1
    shift
    [ $# != 0 ] || return 0
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say "$what are needed; hint: as root, 'apt-get install $*'"
        exit 1
    fi
    say "installing $* (Debian)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2
}

# install_modules FOLDER: what package-lock.json in the working directory
# names, with its checksums. Nothing that comes with it is run.
install_modules() {
    cp package.json package-lock.json "$1"
    (cd "$1" && npm ci --ignore-scripts --include=optional --no-audit --no-fund --loglevel=error >/dev/null)
}
