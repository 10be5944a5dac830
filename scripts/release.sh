#!/bin/sh
# Builds the program for this machine and packs it with licences and models into dist/, with a checksum beside it.
#
#   scripts/release.sh            for this machine
#   scripts/release.sh TARGET     for another target that rustup has installed
set -eu
cd "$(dirname "$0")/.."
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

cargo build --locked --release --package vqz-cli --target "$target"
program=vqz
[ -f "target/$target/release/vqz.exe" ] && program=vqz.exe

name=vqz-$version-$target
rm -rf "dist/$name"
mkdir -p "dist/$name"
cp "target/$target/release/$program" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "dist/$name/"
# `vqz demo` finds both beside the folder that it is called in.
cp -r models sample "dist/$name/"
(cd dist && tar czf "$name.tar.gz" "$name")
rm -rf "dist/$name"
python3 - "dist/$name.tar.gz" <<'PYTHON'
import hashlib, pathlib, sys

archive = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(archive.read_bytes()).hexdigest()
archive.with_name(archive.name + ".sha256").write_text(f"{digest}  {archive.name}\n")
print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
PYTHON
