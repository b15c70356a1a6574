#!/usr/bin/env bash
# Formats our C++ files in place; with --check only says which are not, and fails if any is not.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

case ${1:-} in
--check) action=(--dry-run --Werror) ;;
'') action=(-i) ;;
*)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
git ls-files -z '*.cpp' '*.hpp' | xargs -0 --no-run-if-empty -n 50 clang-format-19 "${action[@]}"
