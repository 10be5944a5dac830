#!/bin/sh
# Stands before rustc in the build of fuzz/: the crates that the targets run are instrumented for libFuzzer. Stable rustc
# takes the flags. Cargo calls it for members of the workspace only, so the crates that others wrote are those of the tests.
case "${CARGO_PKG_NAME:-}" in
vqz-codec | vqz-zarr | vqz-raster | vqz-archive | vqz-fuzz)
    exec "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$@" ;;
esac
