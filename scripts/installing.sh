# Functions for messages and packages. Sourced by install scripts, which set `me`
# to their own name.

say() { echo "$me: $*" >&2; }

# Installs Debian packages, if possible: debian WHAT PACKAGE...
debian() {
    what=$1
    shift
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say "$what is required; hint: as root, run 'apt-get install $*'"
        exit 1
    fi
    say "installing $* (Debian)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2
}

# Prints the first Python that is recent enough and can create virtual
# environments. Debian's may come after another one on PATH.
find_python() {
    for candidate in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys, venv; assert sys.version_info >= (3, 11)' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Creates a virtual environment with exactly the packages that a file lists:
# virtual_environment FOLDER REQUIREMENTS
virtual_environment() {
    find_python >/dev/null || debian "Python 3.11 or later with venv" python3 python3-venv
    python=$(find_python) || { say "Debian's Python is older than 3.11"; exit 1; }
    "$python" -m venv --clear "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$2" >&2
}

# Installs the packages in the working directory's package-lock.json, verifies
# their checksums, and runs none of their scripts: node_modules FOLDER
node_modules() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        debian "Node.js with npm" nodejs npm
    fi
    cp package.json package-lock.json "$1"
    (cd "$1" && npm ci --ignore-scripts --include=optional --no-audit --no-fund --loglevel=error >/dev/null)
}

# Installs packages into OUT, as `node_modules` does, and copies FILEs there. Does
# nothing if the checksum of the inputs matches OUT/installed:
# node_packages OUT WHAT FILE...
node_packages() {
    out=$1
    what=$2
    shift 2
    wanted=$(cat install.sh ../../scripts/installing.sh package-lock.json "$@" | cksum)
    if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -d "$out/node_modules" ]; then
        return
    fi
    rm -f "$out/installed"
    say "installing $what into $out"
    node_modules "$out"
    [ $# = 0 ] || cp "$@" "$out"
    echo "$wanted" >"$out/installed"
}
