#!/bin/sh
# Steps of continuous integration that `make test` does not hold; each says what it needs.  ci.sh STEP...
#
#   doc       the crates' documentation, warnings denied
#   wasm      the codec without features for WebAssembly
#   msrv      the default build with the oldest Rust that Cargo.toml allows
#   portable  default build and tests, without GDAL, libtorch and Python: for other platforms
#   book      the book, into target/book; needs mdbook
#   deny      licences, advisories and sources of dependencies; needs cargo-deny
#   semver    changes of the public interface since the last release; needs cargo-semver-checks
set -eu
cd "$(dirname "$0")/.."

# The value of a key in the workspace's Cargo.toml.
key() {
    sed -n "s/^$1 = \"\(.*\)\"/\1/p" Cargo.toml | head -1
}

need() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "ci: $1 is not installed; cargo install --locked $1" >&2
        exit 2
    fi
}

published="vqz-codec vqz-zarr vqz-raster vqz-archive vqz-report vqz-cli"

for name in "$@"; do
    echo "== $name"
    case $name in
    doc)
        # Without what needs libtorch, and without what is not published.
        RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps --workspace --exclude vqz-trainer --exclude vqz-tests \
            --exclude vqz-consumer --exclude vqz-fuzz
        ;;
    wasm)
        rustup target add wasm32-unknown-unknown
        cargo build --locked -p vqz-codec --no-default-features --target wasm32-unknown-unknown
        ;;
    msrv)
        version=$(key rust-version)
        rustup toolchain install --profile minimal "$version"
        # A folder of its own: another compiler would rebuild what stands in target/.
        cargo "+$version" check --locked --target-dir target/msrv
        ;;
    portable)
        cargo build --locked --release
        cargo test --locked
        target/release/vqz demo
        ;;
    book)
        need mdbook
        mdbook build docs
        ;;
    deny)
        need cargo-deny
        cargo deny --all-features --locked check
        ;;
    semver)
        need cargo-semver-checks
        for crate in $published; do
            if cargo info --quiet "$crate" --registry crates-io >/dev/null 2>&1; then
                cargo semver-checks --package "$crate"
            else
                echo "SKIPPED: $crate is not on crates.io yet, there is no release to compare with"
            fi
        done
        ;;
    *)
        echo "ci: there is no step $name" >&2
        exit 2
        ;;
    esac
done
