# Sourced by the scripts that run tests: where .deps/ lies, and which libonnxruntime to open.
PYTHONPATH="$PWD/.deps${PYTHONPATH:+:$PYTHONPATH}"
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
if [ -z "${ORT_DYLIB_PATH:-}" ]; then
    for library in "$PWD"/.deps/onnxruntime/capi/libonnxruntime.so.*; do
        [ -e "$library" ] && export ORT_DYLIB_PATH="$library"
    done
fi
