#!/usr/bin/env bash
# The initial copy against `mysqldump | mysql`, in one run.
#
#   bench/copy.sh [--tables N] [--rows N] [--copy PATH]
#
# Source and target are MySQL 9.7 and durable. sysbench fills N tables of N rows; then they are
# copied into the emptied target by mysqldump | mysql and by understudy, which writes LOAD DATA LOCAL
# where the target has local_infile = ON, multi-row REPLACE where not, on one, two and four
# connections. Prints seconds for each; every copy is compared by CHECKSUM TABLE.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

tables=8 rows=100000 copy=build/release/bench/copy
while (($#)); do
    case $1 in
    --tables) tables=$2 ;;
    --rows) rows=$2 ;;
    --copy) copy=$2 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'copy.sh: %s\n' "$1" >&2; exit 1; }
[[ -x $copy ]] || fail "$copy is not there: cmake --preset release && cmake --build --preset release"
command -v sysbench >/dev/null || fail 'sysbench is not installed: scripts/install.sh'

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
clean_up() {
    local pid
    for pid in $(cat "$work"/*/mysqld.pid 2>/dev/null); do
        kill -KILL "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

root=$(tests/servers/fetch.sh mysql-9.7)
on() {
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/$1/mysqld.sock" --batch \
        --skip-column-names --execute="$2"
}
server() {
    tests/servers/private_server.sh start mysql-9.7 "$work/$1" "${@:2}" | cut -d' ' -f1
}
account="CREATE USER bench@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'%'"
checksums() {
    local i
    for ((i = 1; i <= tables; i++)); do on "$1" "CHECKSUM TABLE sbtest.sbtest$i"; done
}
empty_target() {
    on target 'DROP DATABASE IF EXISTS sbtest; DROP DATABASE IF EXISTS understudy'
}
show() {
    [[ $(checksums target) == "$expected" ]] || fail "$1: the copy differs from the source"
    printf '%-40s %6s s\n' "$1" "$2"
}

source_port=$(server source)
target_port=$(server target)
on source "CREATE DATABASE sbtest; $account"
on target "$account"
sysbench oltp_write_only --db-driver=mysql --mysql-user=root --mysql-db=sbtest --rand-seed=42 \
    --mysql-socket="$work/source/mysqld.sock" --tables="$tables" --table-size="$rows" prepare \
    >"$work/sysbench.log" 2>&1 || { cat "$work/sysbench.log" >&2; fail 'sysbench failed'; }
expected=$(checksums source)

begin=$(date +%s.%N)
"$root/bin/mysqldump" --no-defaults --user=root --socket="$work/source/mysqld.sock" \
    --set-gtid-purged=OFF --single-transaction --databases sbtest |
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/target/mysqld.sock"
show 'mysqldump | mysql' "$(awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')"

for infile in OFF ON; do
    on target "SET GLOBAL local_infile = $infile"
    for connections in 1 2 4; do
        empty_target
        time=$("$copy" "$source_port" "$target_port" bench bench "$connections")
        writer=$([[ $infile == ON ]] && echo 'LOAD DATA' || echo REPLACE)
        show "understudy, $writer, connections: $connections" "$time"
    done
done
