#!/usr/bin/env bash
# The initial copy against `mydumper` + `myloader` and `mysqldump | mysql`, in one run.
#
#   bench/copy.sh [--tables N] [--rows N] [--rounds N] [--connections "1 2 4"] [--tls] [--copy PATH]
#
# Source and target are MySQL 9.7 and durable. sysbench fills N tables of N rows; then they are
# copied into the emptied target by each of the tools (mydumper and myloader with two threads and
# without compression; myloader with the binary log off, as it does by default, and on, as the others
# have it), and by understudy, which writes LOAD DATA LOCAL where the target has local_infile = ON
# (once more with initial.binlog = false) and multi-row REPLACE where not. Prints seconds, how many times as fast as the slowest, CPU seconds of
# both servers, and the largest resident set of understudy; every copy is compared by CHECKSUM
# TABLE. The others use sockets; understudy uses TCP, with --tls encrypted on both sides.
# One table of five million rows: --tables 1 --rows 5000000
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

tables=8 rows=100000 rounds=1 connections_list='1 2 4' tls=no-tls copy=build/release/bench/copy
while (($#)); do
    case $1 in
    --tables) tables=$2 ;;
    --rows) rows=$2 ;;
    --rounds) rounds=$2 ;;
    --connections) connections_list=$2 ;;
    --copy) copy=$2 ;;
    --tls) tls=tls; shift; continue ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'copy.sh: %s\n' "$1" >&2; exit 1; }
[[ -x $copy ]] || fail "$copy is not there: cmake --preset release && cmake --build --preset release"
for program in sysbench mydumper myloader; do
    command -v "$program" >/dev/null || fail "$program is not installed: scripts/install.sh"
done

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
account="CREATE USER bench@'%' IDENTIFIED WITH caching_sha2_password BY 'bench'; GRANT ALL ON *.* TO bench@'%'"
checksums() {
    local i
    for ((i = 1; i <= tables; i++)); do on "$1" "CHECKSUM TABLE sbtest.sbtest$i"; done
}
empty_target() {
    on target 'DROP DATABASE IF EXISTS sbtest; DROP DATABASE IF EXISTS understudy'
    sleep 1 # what dropping leaves behind is purged in the background
}
now() { date +%s.%N; }
# CPU seconds of a server so far.
cpu_of() {
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%.2f", ($12 + $13) / hz }' \
        "/proc/$(cat "$work/$1/mysqld.pid")/stat"
}
begin_measure() { begin=$(now) source_begin=$(cpu_of source) target_begin=$(cpu_of target); }
difference() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b - a }'; }
slowest=
# show WHO [MEMORY]: time since begin_measure, and whether the target is equal.
show() {
    local seconds source_cpu target_cpu
    seconds=$(difference "$begin" "$(now)")
    source_cpu=$(difference "$source_begin" "$(cpu_of source)")
    target_cpu=$(difference "$target_begin" "$(cpu_of target)")
    [[ $(checksums target) == "$expected" ]] || fail "$1: the copy differs from the source"
    [[ -n $slowest ]] || slowest=$seconds
    printf '%-42s %7s s  %5s x  CPU: source %s s, target %s s%s\n' "$1" "$seconds" \
        "$(awk -v a="$slowest" -v b="$seconds" 'BEGIN { printf "%.2f", a / b }')" "$source_cpu" \
        "$target_cpu" "${2:+, own $2}"
}

source_port=$(server source)
target_port=$(server target)
on source "CREATE DATABASE sbtest; $account"
on target "$account"
sysbench oltp_write_only --db-driver=mysql --mysql-user=root --mysql-db=sbtest --rand-seed=42 \
    --mysql-socket="$work/source/mysqld.sock" --tables="$tables" --table-size="$rows" --threads=2 prepare \
    >"$work/sysbench.log" 2>&1 || { cat "$work/sysbench.log" >&2; fail 'sysbench failed'; }
for ((i = 1; i <= tables; i++)); do on source "ANALYZE TABLE sbtest.sbtest$i" >/dev/null; done
expected=$(checksums source)

mysqldump_to_mysql() {
    begin_measure
    "$root/bin/mysqldump" --no-defaults --user=root --socket="$work/source/mysqld.sock" \
        --set-gtid-purged=OFF --single-transaction --databases sbtest |
        "$root/bin/mysql" --no-defaults --user=root --socket="$work/target/mysqld.sock"
    show 'mysqldump | mysql'
}
mydumper_to_myloader() {
    local who=$1
    shift
    rm -rf "$work/dump"
    begin_measure
    mydumper --socket="$work/source/mysqld.sock" --user=root --database=sbtest --threads=2 \
        --outputdir="$work/dump" --rows=100000 --less-locking --verbose=1 \
        >"$work/mydumper.log" 2>&1 || { cat "$work/mydumper.log" >&2; fail 'mydumper failed'; }
    myloader --socket="$work/target/mysqld.sock" --user=root --directory="$work/dump" --threads=2 --verbose=1 "$@" \
        >"$work/myloader.log" 2>&1 || { cat "$work/myloader.log" >&2; fail 'myloader failed'; }
    show "$who"
    rm -rf "$work/dump"
}
understudy_copy() {
    empty_target
    begin_measure
    memory=$("$copy" "$source_port" "$target_port" bench bench "$2" "$tls" "$3")
    show "understudy, $1" "$memory"
}

for ((round = 1; round <= rounds; round++)); do
    empty_target
    mysqldump_to_mysql
    empty_target
    mydumper_to_myloader 'mydumper, myloader, 2 threads, no binlog'
    empty_target
    mydumper_to_myloader 'mydumper, myloader, 2 threads' --enable-binlog
    for infile in OFF ON; do
        on target "SET GLOBAL local_infile = $infile"
        writer=$([[ $infile == ON ]] && echo 'LOAD DATA' || echo REPLACE)
        for connections in $connections_list; do
            understudy_copy "$writer, connections: $connections" "$connections" binlog
            [[ $infile == OFF ]] || understudy_copy "$writer, no binlog: $connections" "$connections" no-binlog
        done
    done
done
