#!/usr/bin/env bash
# clang-tidy over our sources, the most recently changed first, as .clang-tidy says. Needs a
# configured build/dev. Arguments name the files; without any it is all files that are not tests.
#
# It takes seconds a file, so it stops beginning new ones after UNDERSTUDY_TIDY_SECONDS (600) and
# says how many it did. A finding in any of them fails it.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

seconds_max=${UNDERSTUDY_TIDY_SECONDS:-600}
[[ -r build/dev/compile_commands.json ]] || {
    echo "tidy.sh: build/dev is not configured: cmake --preset dev" >&2
    exit 2
}

if (($#)); then
    files=("$@")
else
    mapfile -t files < <(
        git log --format= --name-only -- '*.cpp' ':!tests' ':!bench' | awk 'NF && !seen[$0]++' |
            while read -r file; do
                # Deleted ones are in the log as well, and only what is built has compile commands.
                if [[ -e $file ]] && grep -qF "/$file\"" build/dev/compile_commands.json; then
                    printf '%s\n' "$file"
                fi
            done
    )
fi
if ((${#files[@]} == 0)); then
    echo "tidy.sh: no file to check" >&2
    exit 2
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export results seconds_max
start=$(date +%s)
export start

# One file; its findings are kept apart so that those of parallel runs do not mix.
check() {
    (($(date +%s) - start < seconds_max)) || return 0
    local name=$results/${1//\//_}
    if clang-tidy-19 -p build/dev --quiet "$1" >"$name.out" 2>"$name.err"; then
        : >"$name.passed"
    else
        cat "$name.out" "$name.err" >"$name.failed"
    fi
}
export -f check
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$0"'

passed=$(find "$results" -name '*.passed' | wc -l)
failed=$(find "$results" -name '*.failed' | wc -l)
find "$results" -name '*.failed' -exec cat {} +
echo "tidy.sh: $passed files without findings, $failed with, of ${#files[@]};" \
    "no new file after $seconds_max s"
((failed == 0))
