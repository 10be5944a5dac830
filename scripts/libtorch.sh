#!/bin/sh
# Installs the CPU half of libtorch, which vqz-train needs, from PyPI's torch wheel into a folder (.deps/libtorch by
# default): half a gigabyte instead of the four that `pip install torch` takes. Where a whole torch is installed, with
# CUDA or without, this is not needed: see docs/guides/networks.md.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
folder=${1:-$root/.deps/libtorch}
torch=2.11.0
if [ "$(cat "$folder/build-version" 2>/dev/null || true)" = "$torch" ]; then
    exit 0
fi
case "$(uname -s)-$(uname -m)" in
Linux-x86_64 | Linux-aarch64) ;;
*)
    echo "libtorch.sh: for $(uname -s) on $(uname -m) install torch $torch with pip and set LIBTORCH_USE_PYTORCH=1" >&2
    exit 2
    ;;
esac
wheels=$(mktemp -d "${TMPDIR:-/tmp}/vqz-libtorch.XXXXXX")
trap 'rm -rf "$wheels"' EXIT
download() {
    # The libraries are the same in the wheels for all versions of Python.
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.12 \
        --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_25_$(uname -m)" \
        --platform "manylinux2014_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" --dest "$wheels" "$@"
}
echo "libtorch.sh: downloading torch $torch (0.5 GB)"
download "torch==$torch" "nvidia-cuda-runtime>=13,<14" "nvidia-cuda-cupti>=13,<14"
mkdir -p "$folder"
python3 - "$wheels" "$folder" <<'PYTHON'
import os, pathlib, shutil, sys, zipfile

wheels, folder = map(pathlib.Path, sys.argv[1:])
# libtorch_cpu links against two libraries of CUDA, which do nothing without a GPU.
libraries = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith("torch/include/"):
                target = folder / name.removeprefix("torch/")
            elif "/lib/" in name and name.rsplit("/", 1)[1] in libraries:
                target = folder / "lib" / name.rsplit("/", 1)[1]
                libraries.remove(target.name)
            else:
                continue
            if not name.endswith("/"):
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
if libraries:
    sys.exit("libtorch.sh: the wheels lack " + ", ".join(sorted(libraries)))
link = folder / "lib/libtorch.so"
link.unlink(missing_ok=True)
os.symlink("libtorch_cpu.so", link)
PYTHON
# Written last: a folder without it is incomplete.
printf '%s\n' "$torch" >"$folder/build-version"
echo "libtorch.sh: installed into $folder"
