#!/bin/sh
# Stands before rustdoc in the tests, which call it to run the examples of each library. It writes the library's documentation
# first, warnings denied, from the same build: `cargo doc` would check all dependencies once more.
set -eu
rustdoc="$(rustc --print sysroot)/bin/rustdoc"

# Writes documentation, given the arguments of a run of examples.
document() {
    skip=""
    for argument in "$@"; do
        shift
        case $argument in
        --test-run-directory | --test-args) skip=1 ;;
        --test | --test-run-directory=* | --test-args=*) ;;
        *) [ -n "$skip" ] || set -- "$@" "$argument"; skip="" ;;
        esac
    done
    "$rustdoc" "$@" -D warnings --out-dir target/doc
}

case " $* " in
*" --test "*) document "$@" ;;
esac
exec "$rustdoc" "$@"
