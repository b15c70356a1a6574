#!/usr/bin/env bash
# Prints a directory with playwright-core, which drives Chromium, and axe-core, which looks at pages
# for what keeps people out. npm fetches them the first time: pinned packages without dependencies.
# They bring no browser; that is Debian's.
set -euo pipefail

# package version sha512
packages='
playwright-core 1.60.0 9bW6zvX/m0lEbgTKJ6YppOKx8H3VOPBMOCFh2irXFOT4BbHgrx5hPjwJYLT40Lu+4qtD36qKc/Hn56StUW57IA==
axe-core 4.10.3 Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg==
'

fail() {
    printf 'tests/console/fetch.sh: %s\n' "$1" >&2
    exit 1
}

# fetch PACKAGE VERSION SHA512: $work/PACKAGE
fetch() {
    local package=$1 version=$2 wanted=$3 found
    mkdir "$work/$package"
    (cd "$work/$package" && npm pack --silent --fetch-retries=5 "$package@$version" >npm.log 2>&1) || {
        cat "$work/$package/npm.log" >&2
        fail "npm cannot fetch $package@$version; its words are above"
    }
    found=$(openssl dgst -sha512 -binary "$work/$package"/*.tgz | openssl base64 -A)
    [[ $found == "$wanted" ]] || fail "$package@$version is not the package that it was (sha512-$found)"
    tar -xzf "$work/$package"/*.tgz -C "$work/$package" --strip-components=1
    rm "$work/$package"/*.tgz
}

cache=${UNDERSTUDY_SERVERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/understudy/servers}
root=$cache/console-$(printf '%s' "$packages" | cksum | cut -d ' ' -f 1)
if [[ ! -d $root ]]; then
    command -v npm >/dev/null || fail 'npm is missing; scripts/install.sh installs it'
    mkdir -p "$cache"
    exec 9>"$root.lock"
    flock 9
    if [[ ! -d $root ]]; then
        work=$(mktemp -d "$cache/.console.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        while read -r package version sha512; do
            [[ -z $package ]] || fetch "$package" "$version" "$sha512"
        done <<<"$packages"
        chmod 755 "$work"
        mv "$work" "$root"
    fi
fi
printf '%s\n' "$root"
