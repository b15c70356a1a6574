#!/usr/bin/env bash
# From a commit on the source until it can be read on a follower, at a steady rate: understudy against
# a native replica of the same source, in turns.
#
#   bench/latency.sh [--rate 200] [--seconds 30] [--rounds 3] [--program PATH]
#
# Source, native replica and target are MySQL 9.7 and durable (sync_binlog = 1,
# innodb_flush_log_at_trx_commit = 1). While one follower is measured the other is stopped. The first
# two seconds of each round are not counted: a follower that has just started looks up the tables.
# Prints the
# median, the 90th and 99th percentile and the maximum of each round, in milliseconds.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

rate=200 seconds=30 rounds=3 program=build/release/understudy
while (($#)); do
    case $1 in
    --rate) rate=$2 ;;
    --seconds) seconds=$2 ;;
    --rounds) rounds=$2 ;;
    --program) program=$2 ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
measure=build/release/bench/latency
fail() { printf 'latency.sh: %s\n' "$1" >&2; exit 1; }
for each in "$program" "$measure"; do
    [[ -x $each ]] || fail "$each is not there: cmake --preset release && cmake --build --preset release"
done

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
run_pid=''
clean_up() {
    local pid
    for pid in $(cat "$work"/*/mysqld.pid 2>/dev/null) $run_pid; do
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
for each in source native target; do
    tests/servers/private_server.sh start mysql-9.7 "$work/$each" >/dev/null
done
account="CREATE USER bench@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'%'"
on source "$account"
on target "$account"
on source 'CREATE DATABASE bench; CREATE TABLE bench.latency (id BIGINT PRIMARY KEY);
    CREATE TABLE bench.counted (id INT PRIMARY KEY, n INT NOT NULL);
    INSERT INTO bench.counted WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 999)
        SELECT i, 0 FROM s'
on native "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = $(<"$work/source/port"),
    SOURCE_USER = 'bench', SOURCE_PASSWORD = 'bench', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1"
cat >"$work/target.toml" <<TASK
source = { host = "127.0.0.1", port = $(<"$work/source/port"), user = "bench", password = "bench" }
target = { host = "127.0.0.1", port = $(<"$work/target/port"), user = "bench", password = "bench" }
objects.include = ["bench.*"]
TASK

of() { "$measure" "$(<"$work/source/port")" "$(<"$work/$1/port")" bench bench "$rate" "$seconds"; }
has_caught_up() {
    local executed
    executed=$(on source 'SELECT @@GLOBAL.gtid_executed')
    [[ $(on native "SELECT WAIT_FOR_EXECUTED_GTID_SET('$executed', 300)") == 0 ]] ||
        fail 'the native replica did not catch up'
}
printf '%-11s %8s %8s %8s %8s\n' "$rate/s" p50 p90 p99 max
line() { printf '%-11s %8s %8s %8s %8s\n' "$@"; }
for ((round = 0; round < rounds; round++)); do
    on native 'START REPLICA'
    has_caught_up
    # shellcheck disable=SC2046
    line native $(of native)
    on native 'STOP REPLICA'
    "$program" run "$work/target.toml" --data-dir "$work/data" --until caught-up >"$work/log" 2>&1 ||
        { cat "$work/log"; fail 'understudy ended'; }
    "$program" run "$work/target.toml" --data-dir "$work/data" >"$work/log" 2>&1 &
    run_pid=$!
    # shellcheck disable=SC2046
    line understudy $(of target)
    kill "$run_pid"
    wait "$run_pid" || { cat "$work/log"; fail 'understudy ended with an error'; }
    run_pid=''
done
