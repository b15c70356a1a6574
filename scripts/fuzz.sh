#!/usr/bin/env bash
# Runs the libFuzzer target of every decoder and says what came of it.
#
#   scripts/fuzz.sh SECONDS [TARGET...]     so much processor time each; two at a time; all targets
#                                           without names
#
# Only idle processor time is used. What a target finds lies in build/fuzz/runs/TARGET and makes the exit code 1; inputs
# that reach more code than the corpus does lie in build/fuzz/runs/TARGET/new. To keep them, small and without those that
# add nothing: build/fuzz/tests/fuzz/fuzz_TARGET -merge=1 tests/fuzz/corpus/TARGET build/fuzz/runs/TARGET/new
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

(($# >= 1)) && [[ $1 =~ ^[0-9]+$ ]] || {
    printf 'usage: scripts/fuzz.sh SECONDS [TARGET...]\n' >&2
    exit 2
}
export seconds=$1
shift
[[ -f build/fuzz/build.ninja ]] || cmake --preset fuzz
known=$(ninja -C build/fuzz -t targets all | sed -n 's/^fuzz_\([a-z_]*\): phony$/\1/p' | sort)
(($#)) || mapfile -t targets <<<"$known"
(($# == 0)) || targets=("$@")
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

# One target; prints a line of figures. On a busy machine a run gets less of the processor than it lasts, so that there are
# as many runs as it takes; each begins with what those before it found.
run_one() {
    local target=$1 code=0 runs=build/fuzz/runs/$1 started=$SECONDS spent=0 executed=0 left units
    rm -rf "$runs"
    mkdir -p "$runs/new"
    local corpora=("tests/fuzz/corpus/$target")
    TIMEFORMAT='%U %S'
    while ((code == 0 && spent < seconds)); do
        left=$((seconds - spent))
        { time chrt -i 0 nice -n 19 "build/fuzz/tests/fuzz/fuzz_$target" "-max_total_time=$left" -timeout=30 \
            -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 "-artifact_prefix=$runs/" "$runs/new" \
            "${corpora[@]}" >"$runs/log" 2>&1 || code=$?; } 2>"$runs/time"
        units=$(sed -n 's/^stat::number_of_executed_units: *//p' "$runs/log")
        executed=$((executed + ${units:-0}))
        spent=$((spent + $(awk '{printf "%d", $1 + $2 + 1}' "$runs/time")))
    done
    printf '%-20s %12s executions %8s s of processor in %5s s, %4s new inputs, %s\n' "$target" "$executed" "$spent" \
        "$((SECONDS - started))" "$(find "$runs/new" -type f | wc -l)" \
        "$( ((code == 0)) && printf 'no finding' || printf 'FOUND: %s' "$runs/log")"
    return "$code"
}
export -f run_one

printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'run_one "$1" || exit 1' bash {}
