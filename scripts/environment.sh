# Sourced by the scripts that run tests: where .deps/ lies, and which libtorch and libonnxruntime to open.
PYTHONPATH="$PWD/.deps${PYTHONPATH:+:$PYTHONPATH}"
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
if [ -z "${ORT_DYLIB_PATH:-}" ]; then
    for library in "$PWD"/.deps/onnxruntime/capi/libonnxruntime.so.*; do
        [ -e "$library" ] && export ORT_DYLIB_PATH="$library"
    done
fi
if [ -z "${LIBTORCH:-}${LIBTORCH_USE_PYTORCH:-}" ] && [ -d "$PWD/.deps/libtorch" ]; then
    export LIBTORCH="$PWD/.deps/libtorch"
fi
if [ -n "${LIBTORCH:-}" ]; then
    export LD_LIBRARY_PATH="$LIBTORCH/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
