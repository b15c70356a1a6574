#!/usr/bin/env bash
# Prints the directory of playwright-core, which drives Chromium; npm fetches it the first time. It
# is one pinned package without dependencies, and brings no browser: that is Debian's.
set -euo pipefail

version=1.60.0
integrity=9bW6zvX/m0lEbgTKJ6YppOKx8H3VOPBMOCFh2irXFOT4BbHgrx5hPjwJYLT40Lu+4qtD36qKc/Hn56StUW57IA==

fail() {
    printf 'tests/console/fetch.sh: %s\n' "$1" >&2
    exit 1
}

cache=${UNDERSTUDY_SERVERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/understudy/servers}
root=$cache/playwright-core-$version
if [[ ! -d $root ]]; then
    command -v npm >/dev/null || fail 'npm is missing; scripts/install.sh installs it'
    mkdir -p "$cache"
    exec 9>"$root.lock"
    flock 9
    if [[ ! -d $root ]]; then
        work=$(mktemp -d "$cache/.playwright-core.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        (cd "$work" && npm pack --silent --fetch-retries=5 "playwright-core@$version" >npm.log 2>&1) || {
            cat "$work/npm.log" >&2
            fail "npm cannot fetch playwright-core@$version; its words are above"
        }
        found=$(openssl dgst -sha512 -binary "$work"/*.tgz | openssl base64 -A)
        [[ $found == "$integrity" ]] ||
            fail "playwright-core@$version is not the package that it was (sha512-$found)"
        tar -xzf "$work"/*.tgz -C "$work"
        mv "$work/package" "$root"
    fi
fi
printf '%s\n' "$root"
