#!/usr/bin/env bash
# A database server in a directory of its own, for shell users (the demo, the benchmarks, by hand).
#
#   tests/servers/private_server.sh start KIND DIR [mysqld options…]   prints "PORT SOCKET"
#   tests/servers/private_server.sh stop DIR                           the directory stays
#
# KIND as fetch.sh knows it. DIR holds everything of the instance (data/, mysqld.sock, error.log);
# starting it a second time continues on the data and the port that it had. Options come after the
# ones of <KIND>.options and so override them; GTIDs are on unless --gtid-mode=OFF is given.
# With UNDERSTUDY_OWNER=PID in the environment, the server is killed and DIR removed as soon as that
# process is gone, however it ended.
set -euo pipefail

fail() {
    printf 'private_server.sh: %s\n' "$1" >&2
    shift
    if (($#)); then printf '  %s\n' "$@" >&2; fi
    exit 1
}

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)

# A killed server may stay a zombie for a while where nobody reaps orphans at once.
alive() {
    local state
    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) && [[ $state != Z ]]
}

running() { [[ -s $1/mysqld.pid ]] && alive "$(<"$1/mysqld.pid")"; }

# Asks over the server's own socket, so an answer can come from no other server.
answers() {
    "$client" --no-defaults --user=root --socket="$dir/mysqld.sock" ping >/dev/null 2>&1
}

kind_options() {
    cat "$here/$kind.options"
    if [[ $kind != mariadb-* ]]; then
        printf '%s\n' --gtid-mode=ON --enforce-gtid-consistency=ON
    fi
}

# launch PORT OPTIONS…: 0 answers, 1 the port was taken, 2 anything else.
launch() {
    local port=$1 options daemon=mysqld deadline
    shift
    mapfile -t options < <(kind_options)
    [[ $kind != mariadb-* ]] || daemon=mariadbd
    rm -f "$dir/mysqld.pid" "$dir/mysqld.sock"
    : >"$dir/error.log"
    # Not /tmp: a MariaDB that starts removes there what looks like another's temporary tables.
    mkdir -p "$dir/tmp"
    setsid "$root/bin/$daemon" --datadir="$dir/data" --user="$(id -un)" --bind-address=127.0.0.1 \
        --tmpdir="$dir/tmp" --port="$port" --socket="$dir/mysqld.sock" --pid-file="$dir/server.pid" \
        --server-id="$((port * 1000 + RANDOM % 1000))" --log-error="$dir/error.log" \
        "${options[@]}" "$@" </dev/null >>"$dir/error.log" 2>&1 &
    printf '%s\n' "$!" >"$dir/mysqld.pid"
    deadline=$((SECONDS + 60))
    while ((SECONDS < deadline)); do
        if answers; then return 0; fi
        if ! running "$dir"; then
            if grep -qiE 'bind on tcp/ip port|address already in use' "$dir/error.log"; then return 1; fi
            return 2
        fi
        sleep 0.1
    done
    kill -KILL "$(<"$dir/mysqld.pid")" 2>/dev/null || true
    return 2
}

watch_owner() {
    setsid bash -c '
        tail --pid="$1" -s 0.5 -f /dev/null
        pid=$(cat "$2/mysqld.pid" 2>/dev/null) && kill -KILL "$pid" 2>/dev/null
        for try in 1 2 3 4 5 6 7 8 9; do
            rm -rf "$2" && break
            sleep 0.5
        done
    ' bash "$1" "$dir" </dev/null >/dev/null 2>&1 &
}

start() {
    kind=$1
    mkdir -p "$2"
    dir=$(cd "$2" && pwd -P)
    shift 2
    root=$("$here/fetch.sh" "$kind")
    # MySQL 5.6 comes without client tools, and the ones of 9.7 no longer sign in to it.
    case $kind in
    mysql-9.7) client=$root/bin/mysqladmin ;;
    *) client=$("$here/fetch.sh" mariadb-10.11)/bin/mariadb-admin ;;
    esac
    # The kernel's limit for the path of a socket is 108 bytes with the final zero.
    ((${#dir} < 90)) || fail "the path $dir is too long for a socket in it"
    ! running "$dir" || fail "a server runs in $dir already"
    local fresh=
    if [[ ! -d $dir/data ]]; then
        fresh=yes
        rm -rf "$dir/data.new"
        cp -a --reflink=auto "$root/template" "$dir/data.new"
        rm -f "$dir/data.new/auto.cnf"
        mv "$dir/data.new" "$dir/data"
    fi
    local port code
    for _ in {1..20}; do
        # Below the ephemeral range, where outgoing connections do not take ports in passing.
        port=$((12000 + RANDOM % 20000))
        [[ -n $fresh || ! -s $dir/port ]] || port=$(<"$dir/port")
        code=0
        launch "$port" "$@" || code=$?
        ((code == 1)) || break
        rm -f "$dir/port"
    done
    if ((code != 0)); then
        tail -n 15 "$dir/error.log" >&2
        fail "$kind does not start in $dir" "the end of its error log is above"
    fi
    printf '%s\n' "$port" >"$dir/port"
    [[ -z ${UNDERSTUDY_OWNER:-} ]] || watch_owner "$UNDERSTUDY_OWNER"
    printf '%s %s\n' "$port" "$dir/mysqld.sock"
}

stop() {
    local dir=$1 pid
    if ! running "$dir"; then return 0; fi
    pid=$(<"$dir/mysqld.pid")
    kill -TERM "$pid"
    for _ in {1..300}; do
        alive "$pid" || break
        sleep 0.1
    done
    if alive "$pid"; then
        kill -KILL "$pid"
        fail "the server in $dir did not stop within 30 s and was killed"
    fi
    rm -f "$dir/mysqld.pid"
}

case ${1:-} in
start) (($# >= 3)) || fail "usage: private_server.sh start KIND DIR [options…]"; start "${@:2}" ;;
stop) (($# == 2)) || fail "usage: private_server.sh stop DIR"; stop "$2" ;;
*) fail "usage: private_server.sh start KIND DIR [options…] | stop DIR" ;;
esac
