#!/bin/sh
# Installs what the tests need beyond rust, cc, make and python3: Debian packages (with sudo where this is not root),
# PyPI wheels into .deps/, and libtorch into .deps/libtorch. What is there already is left alone.
set -eu
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "setup: this needs root: $*" >&2
        echo "setup: run it as root, or install sudo, then run this again" >&2
        exit 2
    fi
}

packages=""
command -v pkg-config >/dev/null 2>&1 || packages="$packages pkg-config"
pkg-config --exists gdal 2>/dev/null || packages="$packages libgdal-dev"
command -v chromium >/dev/null 2>&1 || packages="$packages chromium"
python3 -m pip --version >/dev/null 2>&1 || packages="$packages python3-pip"
if [ -n "$packages" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: missing:$packages; there is no apt-get here, install them by other means" >&2
        exit 2
    fi
    echo "setup: apt-get install$packages"
    as_root apt-get update -qq || echo "setup: apt-get update failed; trying with the lists at hand" >&2
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages
fi

wanted=$(python3 --version; cat tests/python/requirements.txt)
if [ "$(cat .deps/.installed 2>/dev/null || true)" != "$wanted" ]; then
    echo "setup: installing PyPI wheels into .deps/"
    rm -rf .deps
    # With --target, an environment that is managed by Debian does not mind.
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
        --only-binary :all: --target .deps -r tests/python/requirements.txt
    printf '%s\n' "$wanted" >.deps/.installed
fi
if [ -z "${LIBTORCH:-}${LIBTORCH_USE_PYTORCH:-}" ]; then
    scripts/libtorch.sh
fi
