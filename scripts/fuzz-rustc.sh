#!/bin/sh
# Stands before rustc in the build of fuzz/: our own crates, and only these, are instrumented for libFuzzer. Stable
# rustc takes the flags; build scripts and the crates that others wrote stay as they are, and are shared with the
# workspace's build.
case "${CARGO_PKG_NAME:-}" in
vqz-codec | vqz-zarr | vqz-fuzz)
    exec "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$@" ;;
esac
