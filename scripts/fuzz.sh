#!/bin/sh
# Builds the fuzz targets and runs each for so many seconds (60 unless told), one after the other: fuzz.sh [seconds] [target...]
# A finding is kept in fuzz/artifacts/TARGET and makes the exit code 1; run it again by
#   target/debug/examples/TARGET fuzz/artifacts/TARGET/crash-...
# What was found to reach more code is kept in fuzz/corpus/TARGET, so that a later run goes on from there.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=${*:-container entropy model configuration ingest}

# Only our crates are instrumented, by the wrapper; the others are those of the workspace's tests, whose features these are.
RUSTC_WORKSPACE_WRAPPER="$PWD/scripts/fuzz-rustc.sh" cargo build --quiet --locked --workspace --all-features \
    --example container --example entropy --example model --example configuration --example ingest || exit 2

# The engine and the models are those of the targets, wherever they run.
unset VQZ_ENGINE VQZ_MODEL_PATH
export XDG_DATA_HOME=/nonexistent ORT_DYLIB_PATH=/nonexistent
# Seconds that one input may take, and MiB of the process: tract plans a graph for each model that opens.
ceilings() {
    case $1 in
    model) echo "-timeout=20 -rss_limit_mb=2048" ;;
    *) echo "-timeout=10 -rss_limit_mb=1024" ;;
    esac
}

count=0
cases=0
findings=0
for target in $targets; do
    corpus=fuzz/corpus/$target
    artifacts=fuzz/artifacts/$target
    log=$artifacts/log.tmp
    mkdir -p "$corpus" "$artifacts"
    dictionary=
    [ -f "fuzz/dictionaries/$target.dict" ] && dictionary=-dict=fuzz/dictionaries/$target.dict
    # shellcheck disable=SC2046,SC2086
    VQZ_FUZZ_SEEDS=$corpus "target/debug/examples/$target" "$corpus" $dictionary $(ceilings "$target") \
        -max_total_time="$seconds" -artifact_prefix="$artifacts/" -print_final_stats=1 >"$log" 2>&1
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    count=$((count + 1))
    cases=$((cases + ${runs:-0}))
    echo "fuzz: $target: ${runs:-0} cases, ${coverage:-0} edges covered"
    if [ "${coverage:-0}" -eq 0 ]; then
        findings=$((findings + 1))
        echo "fuzz: $target: no edge is covered, so the crates are not instrumented: see scripts/fuzz-rustc.sh"
    fi
    if [ "$code" -ne 0 ]; then
        findings=$((findings + 1))
        echo "fuzz: $target: FOUND, exit code $code:"
        tail -40 "$log"
    fi
done
if [ "$findings" -gt 0 ]; then
    echo "fuzz: $count targets, $cases cases, FINDINGS in $findings targets; inputs are in fuzz/artifacts"
    exit 1
fi
echo "fuzz: $count targets, $cases cases, no findings"
