#!/usr/bin/env bash
# Installs what building and testing need, all of it Debian 12's own packages; what is there already
# is left alone. Needs root, or sudo. Arguments are further packages: test.sh wants a browser.
set -euo pipefail

packages=(
    clang-19 libclang-rt-19-dev lld-19 clang-format-19 clang-tidy-19
    cmake ninja-build ccache pkg-config git
    libboost1.81-dev libboost-json1.81-dev libssl-dev default-libmysqlclient-dev
    libsodium-dev libzstd-dev zlib1g-dev libxxhash-dev libcli11-dev libtomlplusplus-dev libspdlog-dev libfmt-dev
    libgtest-dev libgmock-dev libbenchmark-dev
    # The connector's caching_sha2_password, with which MySQL 8 and later sign in.
    libmariadb3
    # For the servers that the tests start, and what they run against them.
    debian-archive-keyring ca-certificates openssl tzdata sysbench mydumper
    # For tests/regression, and a reader of relay logs that is not ours.
    python3
    # For making and trying the package.
    dpkg-dev file procps
    # Run by the tests of online schema changes.
    percona-toolkit
)
# npm fetches the MySQL 5.6 that the tests start. Debian's package conflicts with a Node.js from
# elsewhere, which brings its own.
command -v npm >/dev/null || packages+=(nodejs npm)

packages+=("$@")

missing=()
for package in "${packages[@]}"; do
    # shellcheck disable=SC2016
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    echo "install.sh: everything is there"
    exit
fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        printf 'install.sh: missing: %s\n' "${missing[*]}" >&2
        echo "install.sh: run it as root, or install sudo: packages can be installed by root only" >&2
        exit 1
    fi
    as_root=(sudo)
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

echo "install.sh: installing ${missing[*]}"
# A machine whose package lists are missing or old cannot find or download them.
if ! apt --no-install-recommends install "${missing[@]}"; then
    apt update
    if ! apt --no-install-recommends install "${missing[@]}"; then
        echo "install.sh: apt-get cannot install: ${missing[*]}" >&2
        echo "install.sh: Debian 12 or later is needed; apt's own words are above" >&2
        exit 1
    fi
fi
