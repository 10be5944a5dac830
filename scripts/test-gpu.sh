#!/bin/sh
# Runs the suites that want CUDA: the engines, on the GPU through onnxruntime, and fits with libtorch. Skips aloud
# without a GPU. Where ORT_DYLIB_PATH names a libonnxruntime with CUDA, that one is used; otherwise a wheel is installed
# into .deps/gpu/.
set -eu
cd "$(dirname "$0")/.."
if ! command -v nvidia-smi >/dev/null 2>&1 || ! nvidia-smi --list-gpus 2>/dev/null | grep -q GPU; then
    echo "SKIPPED: test-gpu: nvidia-smi finds no GPU"
    exit 0
fi
if [ -z "${ORT_DYLIB_PATH:-}" ]; then
    # Apart from the other wheels: the build without CUDA has the same module names.
    if [ ! -e .deps/gpu/.installed ]; then
        rm -rf .deps/gpu
        python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
            --only-binary :all: --target .deps/gpu 'onnxruntime-gpu[cuda,cudnn]'
        : >.deps/gpu/.installed
    fi
    for library in "$PWD"/.deps/gpu/onnxruntime/capi/libonnxruntime.so.*; do
        [ -e "$library" ] && export ORT_DYLIB_PATH="$library"
    done
    for folder in "$PWD"/.deps/gpu/nvidia/*/lib; do
        [ -d "$folder" ] && LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    done
    export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
fi
VQZ_TEST_GPU=1 cargo test --package vqz-tests --features onnxruntime --test engines -- --nocapture
# Fits on the GPU with the torch that LIBTORCH or, with LIBTORCH_USE_PYTORCH=1, python3 knows.
if [ -n "${LIBTORCH:-}${LIBTORCH_USE_PYTORCH:-}" ]; then
    cargo test --package vqz-trainer --features onnxruntime --test gpu -- --nocapture
else
    echo "SKIPPED: fits on the GPU: set LIBTORCH, or LIBTORCH_USE_PYTORCH=1, for a torch with CUDA"
fi
