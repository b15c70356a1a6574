#!/usr/bin/env bash
# Everything a change has to pass: installs what is missing, builds the dev preset (with
# AddressSanitizer and UndefinedBehaviorSanitizer), runs the unit tests, then the live tests on real
# servers, which are fetched the first time. Arguments go to both ctest runs: ./test.sh -R gtid
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}"

# Chromium is for the console's test.
scripts/install.sh chromium

# The servers come while the compiler works; what they say is shown when they fail.
servers_log=$(mktemp)
trap 'rm -f "$servers_log"' EXIT
{
    for kind in mysql-9.7 mysql-5.6 mariadb-10.11 mariadb-11.8; do
        tests/servers/fetch.sh "$kind"
    done
    tests/console/fetch.sh
} >"$servers_log" 2>&1 &
servers=$!

cmake --preset dev
cmake --build --preset dev

ctest --test-dir build/dev -L unit --output-on-failure --no-tests=error --parallel 2 "$@"

if ! wait "$servers"; then
    cat "$servers_log" >&2
    echo "test.sh: the live tests have no servers" >&2
    exit 1
fi
# Live tests mostly wait for their servers, of which each has its own.
ctest --test-dir build/dev -L live --output-on-failure --no-tests=error --parallel 3 "$@"
