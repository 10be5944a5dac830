#!/bin/sh
# Packages every crate that is published, in the order in which they depend on each other, as crates.io would get it, and
# looks at what is in the packages.
#
#   scripts/package.sh            packages and looks
#   scripts/package.sh verify     also builds each crate from its package; the trainer needs libtorch
#   scripts/package.sh publish    publishes; needs a token of crates.io
#
# Cargo packages and verifies all members in one go: what is not on crates.io yet is taken from the packages before.
set -eu
cd "$(dirname "$0")/.."
. scripts/environment.sh
most_bytes=1000000
# Members of the workspace that are not published.
private="--exclude vqz-tests --exclude vqz-consumer --exclude vqz-fuzz"

# shellcheck disable=SC2086
case ${1:-} in
"") cargo package --workspace $private --locked --no-verify ${VQZ_PACKAGE_OPTIONS:-} ;;
verify) cargo package --workspace $private --locked ${VQZ_PACKAGE_OPTIONS:-} ;;
publish) exec cargo publish --workspace $private --locked ;;
*)
    echo "package: found ${1}, allowed are verify and publish" >&2
    exit 2
    ;;
esac

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
wrong=0
for crate in codec zarr raster archive report trainer cli; do
    [ -d "$crate" ] || continue
    package=target/package/vqz-$crate-$version.crate
    bytes=$(wc -c <"$package")
    files=$(tar tzf "$package" | sed "s|^vqz-$crate-$version/||")
    printf '%-8s %8d bytes, %4d files\n' "$crate" "$bytes" "$(echo "$files" | wc -l)"
    if [ "$bytes" -gt "$most_bytes" ]; then
        echo "package: vqz-$crate has $bytes bytes, allowed are $most_bytes; exclude data in $crate/Cargo.toml" >&2
        wrong=1
    fi
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        if ! echo "$files" | grep -qx "$file"; then
            echo "package: vqz-$crate lacks $file" >&2
            wrong=1
        fi
    done
done
exit "$wrong"
