#!/bin/sh
# Runs the tests of the Python package on the library that the tests' build made: with the oldest releases of zarr and xarray that
# it supports, and with the newest, in environments of their own under .deps-python/. Other arguments are given to unittest.
set -u
cd "$(dirname "$0")/.."
. scripts/environment.sh
unset PYTHONPATH

library=target/debug/lib_vqz.so
[ -e "$library" ] || library=target/debug/lib_vqz.dylib
if [ ! -e "$library" ]; then
    echo "python: target/debug/lib_vqz.so is not there; \`cargo build -p vqz-python\` makes it" >&2
    exit 2
fi

# The first Python of these that is there and starts.
first_of() {
    for name in "$@"; do
        for path in "$name" "$HOME/.pyenv/versions/$name"*/bin/python; do
            if "$path" -c 'import venv' 2>/dev/null; then
                echo "$path"
                return
            fi
        done
    done
}

failed=0
# lane NAME PYTHON REQUIREMENT...
lane() {
    name=$1 python=$2
    shift 2
    if [ -z "$python" ]; then
        echo "python: SKIPPED: the lane $name: no Python of its version is here"
        return
    fi
    folder=.deps-python/$name
    wanted=$("$python" --version; echo "$@")
    if [ "$(cat "$folder/.installed" 2>/dev/null || true)" != "$wanted" ]; then
        rm -rf "$folder"
        "$python" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "$@" &&
            printf '%s\n' "$wanted" >"$folder/.installed" || { failed=1; return; }
    fi
    "$folder/bin/python" scripts/python_package.py "$library" "$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    echo "python: lane $name: $("$folder/bin/python" -c 'import sys, zarr, xarray; print("Python", sys.version.split()[0], "zarr", zarr.__version__, "xarray", xarray.__version__)')"
    "$folder/bin/python" -m unittest discover --start-directory python/tests --verbose || failed=1
}

# A server of S3 on loopback, with dependencies of its own.
python=$(first_of python3.13 3.13 python3.12 3.12 python3.11 3.11 python3)
if [ ! -e .deps-python/s3/.installed ]; then
    rm -rf .deps-python/s3
    "$python" -m venv .deps-python/s3 &&
        .deps-python/s3/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: "moto[server]" &&
        touch .deps-python/s3/.installed || failed=1
fi

lane oldest "$(first_of python3.11 3.11 python3)" "zarr==3.1.6" "xarray==2025.7.1" "dask==2025.7.0" "distributed==2025.7.0" rioxarray
lane newest "$(first_of python3.13 3.13 python3.12 3.12)" "zarr>=3.4,<4" xarray dask distributed rioxarray \
    obstore s3fs icechunk
exit $failed
