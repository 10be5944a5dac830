#!/bin/sh
# Runs the suites that want CUDA: the engines, on the GPU through onnxruntime. Skips aloud without one.
set -eu
cd "$(dirname "$0")/.."
if ! command -v nvidia-smi >/dev/null 2>&1 || ! nvidia-smi --list-gpus 2>/dev/null | grep -q GPU; then
    echo "SKIPPED: test-gpu: nvidia-smi finds no GPU"
    exit 0
fi
scripts/setup.sh
. scripts/environment.sh
# A build of onnxruntime with CUDA apart from the other wheels, which has the same module names.
if [ "$(cat .deps/gpu/.installed 2>/dev/null || true)" != "onnxruntime-gpu" ]; then
    rm -rf .deps/gpu
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
        --only-binary :all: --target .deps/gpu 'onnxruntime-gpu[cuda,cudnn]'
    echo "onnxruntime-gpu" >.deps/gpu/.installed
fi
for library in "$PWD"/.deps/gpu/onnxruntime/capi/libonnxruntime.so.*; do
    [ -e "$library" ] && export ORT_DYLIB_PATH="$library"
done
for folder in "$PWD"/.deps/gpu/nvidia/*/lib; do
    [ -d "$folder" ] && LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
VQZ_TEST_GPU=1 cargo test --package vqz-tests --features onnxruntime --test engines -- --nocapture
