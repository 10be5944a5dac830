#!/bin/sh
# Runs every suite, with all features; each runner's own closing lines stand in the output. Goes on after a failure, and
# lists the failures at the end.
set -u
cd "$(dirname "$0")/.."
scripts/setup.sh || exit 2
. scripts/environment.sh

failed=""
step() {
    name=$1
    shift
    echo
    echo "== $name: $*"
    "$@" || failed="$failed
  $name"
}

consumer="--manifest-path tests/consumer/Cargo.toml"

step "format" cargo fmt --all --check
step "format, consumer" cargo fmt $consumer --check
step "format, fuzz targets" cargo fmt --manifest-path fuzz/Cargo.toml --check
step "lint, all features" cargo clippy --workspace --all-targets --all-features -- -D warnings
step "lint, codec without features" cargo clippy -p vqz-codec --no-default-features -- -D warnings
step "lint, consumer" cargo clippy $consumer --target-dir target -- -D warnings
# Builds the programs as well, with the features that the tests' own dependencies turn on: one build for both.
step "tests" cargo test --workspace --all-features --no-fail-fast
step "build, consumer" cargo build $consumer --target-dir target
step "tests, Python" python3 -m unittest discover --start-directory tests/python --verbose
step "tests, second decoder" python3 -m unittest discover --start-directory spec/decoder --verbose
step "fuzz, a minute a target" scripts/fuzz.sh 60

echo
if [ -n "$failed" ]; then
    echo "FAILED:$failed"
    exit 1
fi
echo "all suites passed"
