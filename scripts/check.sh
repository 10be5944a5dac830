#!/bin/sh
# A quick check before a commit, under three minutes once everything has been built: format, lints, unit tests of the
# crates that changed, circles between modules, links of the documentation. `make test` runs everything.
#
#   scripts/check.sh            the crates that differ from the branch main, or from the last commit on main itself
#   scripts/check.sh all        the unit tests of every crate
#
# With GDAL and libtorch at hand (`make setup` installs them) it checks all crates with all features, otherwise the
# crates and features that need neither.
set -u
cd "$(dirname "$0")/.."
. scripts/environment.sh

if pkg-config --exists gdal 2>/dev/null && [ -n "${LIBTORCH:-}${LIBTORCH_USE_PYTORCH:-}" ]; then
    scope="--workspace --all-features"
else
    echo "check: without GDAL or libtorch: the trainer and the features gdal, peers and onnxruntime are left out; \`make setup\` installs both"
    scope=""
fi

failed=""
step() {
    name=$1
    shift
    begun=$(date +%s)
    echo "== $name"
    "$@" || failed="$failed
  $name: $*"
    echo "   $(($(date +%s) - begun)) s"
}

# Builds the unit tests of all crates, for one set of features, and runs those of the crates that changed.
unit_tests() {
    # shellcheck disable=SC2086
    cargo test $scope --lib --bins --no-run --locked --message-format=json-render-diagnostics |
        python3 scripts/changed_tests.py "$@"
}

step "format" cargo fmt --all --check
# shellcheck disable=SC2086
step "lints" cargo clippy --quiet $scope --all-targets --locked -- -D warnings
step "unit tests" unit_tests "$@"
[ -f scripts/circles.py ] && step "circles" python3 scripts/circles.py
step "links" python3 scripts/links.py

if [ -n "$failed" ]; then
    echo "FAILED:$failed"
    exit 1
fi
echo "check passed; \`make test\` runs every suite"
