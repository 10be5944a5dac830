#!/bin/sh
# Runs every suite, with all features; each runner's own closing lines stand in the output. Goes on after a failure, and
# lists the failures at the end.
set -u
cd "$(dirname "$0")/.."
scripts/setup.sh || exit 2
. scripts/environment.sh

# A fresh clone is built once: what an incremental build would need is not written down.
[ -d target/debug/incremental ] || export CARGO_INCREMENTAL=0

# Puts the seconds of processor time of all commands so far, user and system, into `spent`. Not in a subshell: that would
# count its own commands only.
count() {
    times >target/times.tmp
    spent=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); sum += 60 * part[1] + part[2] } print int(sum) }' \
        target/times.tmp)
}

failed=""
table=""
step() {
    name=$1
    shift
    echo
    echo "== $name: $*"
    begun=$(date +%s)
    count
    before=$spent
    "$@" || failed="$failed
  $name"
    count
    table="$table$(printf '%-34s %6d s %6d s' "$name" $(($(date +%s) - begun)) $((spent - before)))
"
}

# Runs a command in the background, after those that were begun so before.
others=""
before_it=""
meanwhile() {
    name=$1
    log="target/meanwhile-$(echo "$name" | tr -c 'a-z\n' -).log"
    shift
    after=$before_it
    (
        while [ -n "$after" ] && kill -0 "$after" 2>/dev/null; do sleep 1; done
        begun=$(date +%s)
        "$@"
        code=$?
        echo "$name: $(($(date +%s) - begun)) s"
        exit $code
    ) >"$log" 2>&1 &
    before_it=$!
    others="$others $before_it:$log"
}

# Waits for these, and shows what they said.
finished() {
    for other in $others; do
        wait "${other%%:*}" || failed="$failed
  ${other#*:}"
        echo
        cat "${other#*:}"
    done
}

mkdir -p target
# Clippy compiles the workspace in place of rustc, and lints as it goes; so dependencies are compiled once, and need no check
# besides. It takes its arguments from this variable, with this word after each.
RUSTC_WORKSPACE_WRAPPER="$(rustc --print sysroot)/bin/clippy-driver"
CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__"
# So does documentation, which is written where examples run.
RUSTDOC="$PWD/scripts/rustdoc.sh"
export RUSTC_WORKSPACE_WRAPPER CLIPPY_ARGS RUSTDOC

step "format" cargo fmt --all --check
step "lint, codec without features" cargo clippy -p vqz-codec --no-default-features -- -D warnings
step "circles between modules" python3 scripts/circles.py
# The one build: programs, tests, the library for Python, and the dependencies of the fuzz targets, with all features.
step "lint and build" cargo build --workspace --all-features --all-targets
step "tests, documentation" cargo test --workspace --all-features --no-fail-fast
# Two suites keep one core busy each; they are shown when they are done.
meanwhile "tests, second decoder" python3 -m unittest discover --start-directory spec/decoder --verbose
meanwhile "tests, Python" python3 -m unittest discover --start-directory tests/python --verbose
step "tests, Python package" scripts/python.sh
step "meanwhile" finished
step "fuzz, 15 seconds a target" scripts/fuzz.sh 15

echo
printf '%-34s %8s %8s\n%s' "step" "clock" "processor" "$table"
echo
if [ -n "$failed" ]; then
    echo "FAILED:$failed"
    exit 1
fi
echo "all suites passed"
