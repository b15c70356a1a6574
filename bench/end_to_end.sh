#!/usr/bin/env bash
# Catching up with a backlog: understudy against a native replica of the same source, in one run.
#
#   bench/end_to_end.sh [--transactions N] [--tables N] [--rows N] [--threads N] [--workers N]
#                       [--program PATH] [--csv FILE]
#
# Source, native replica and target are MySQL 9.7, everything durable (sync_binlog = 1,
# innodb_flush_log_at_trx_commit = 1). Both followers are in sync and stopped when the source
# executes N transactions of sysbench's oltp_write_only; then one after the other catches up, from
# an empty relay log: what is timed is pulling and applying. Both are compared with the source in
# the end. Prints seconds, the ratio and understudy's largest resident set.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

transactions=100000 tables=8 rows=10000 threads=8 workers='' csv=''
program=build/release/understudy
while (($#)); do
    case $1 in
    --transactions) transactions=$2 ;;
    --tables) tables=$2 ;;
    --rows) rows=$2 ;;
    --threads) threads=$2 ;;
    --workers) workers=$2 ;;
    --program) program=$2 ;;
    --csv) csv=$2 ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'end_to_end.sh: %s\n' "$1" >&2; exit 1; }
[[ -x $program ]] || fail "$program is not there: cmake --preset release && cmake --build --preset release"
command -v sysbench >/dev/null || fail 'sysbench is not installed: scripts/install.sh'

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
run_pid=''
clean_up() {
    local pid
    [[ -z $run_pid ]] || kill -KILL "$run_pid" 2>/dev/null || true
    for pid in $(cat "$work"/*/mysqld.pid 2>/dev/null); do
        kill -KILL "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

root=$(tests/servers/fetch.sh mysql-9.7)
server() { tests/servers/private_server.sh start mysql-9.7 "$work/$1" "${@:2}" >/dev/null; }
on() {
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/$1/mysqld.sock" --batch \
        --skip-column-names --execute="$2"
}
load() {
    sysbench oltp_write_only --db-driver=mysql --mysql-user=root --mysql-db=bench --rand-seed=42 \
        --mysql-socket="$work/source/mysqld.sock" --tables="$tables" --table-size="$rows" "$@" \
        >"$work/sysbench.log" 2>&1 || { cat "$work/sysbench.log" >&2; fail "sysbench $* failed"; }
}
now() { date +%s.%N; }
seconds_since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
note() { printf '%s  %s\n' "$(date +%T)" "$1" >&2; }

make_servers() {
    server source
    server native ${workers:+--replica-parallel-workers="$workers"}
    server target
    on source "CREATE DATABASE bench;
        CREATE USER repl@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO repl@'%'"
    on target "CREATE USER apply@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO apply@'%'"
    cat >"$work/bench.toml" <<TASK
source = { host = "127.0.0.1", port = $(<"$work/source/port"), user = "repl", password = "bench" }
target = { host = "127.0.0.1", port = $(<"$work/target/port"), user = "apply", password = "bench" }
objects.include = ["bench.*"]
TASK
}

# Until the replica has executed all that the source has.
native_catches_up() {
    local executed
    executed=$(on source 'SELECT @@GLOBAL.gtid_executed')
    on native 'START REPLICA'
    if [[ $(on native "SELECT WAIT_FOR_EXECUTED_GTID_SET('$executed', 3600)") != 0 ]]; then
        on native 'SHOW REPLICA STATUS' >&2
        fail 'the native replica did not catch up'
    fi
    on native 'STOP REPLICA'
}

# Runs understudy to its end; its largest resident set goes to $work/peak, in KiB.
understudy_catches_up() {
    local status=0 peak=0 line
    "$program" run "$work/bench.toml" --data-dir "$work/data" --until caught-up \
        >"$work/understudy.log" 2>&1 &
    run_pid=$!
    while line=$(grep VmHWM "/proc/$run_pid/status" 2>/dev/null); do
        peak=$(awk '{ print $2 }' <<<"$line")
        sleep 0.1
    done
    wait "$run_pid" || status=$?
    run_pid=''
    echo "$peak" >"$work/peak"
    ((status == 0)) || { cat "$work/understudy.log" >&2; fail "understudy ended with $status"; }
}

note 'starting source, native replica and target'
make_servers
note "preparing $tables tables of $rows rows"
load prepare
on native "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1',
    SOURCE_PORT = $(<"$work/source/port"), SOURCE_USER = 'repl', SOURCE_PASSWORD = 'bench',
    SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1"
note 'bringing both followers in sync'
native_catches_up
understudy_catches_up

note "executing $transactions transactions on the source"
binlog_before=$(on source 'SHOW BINARY LOGS' | awk '{ total += $2 } END { print total }')
load run --threads="$threads" --time=0 --events="$transactions"
binlog_bytes=$(($(on source 'SHOW BINARY LOGS' | awk '{ total += $2 } END { print total }') - binlog_before))

note 'the native replica catches up'
began=$(now)
native_catches_up
native=$(seconds_since "$began")

note 'understudy catches up'
began=$(now)
understudy_catches_up
ours=$(seconds_since "$began")

note 'comparing both with the source'
for follower in native target; do
    demo/compare.sh "$root/bin/mysql" "$work/source/mysqld.sock" "$work/$follower/mysqld.sock" bench \
        >"$work/compare.log" || { cat "$work/compare.log"; fail "$follower differs from the source"; }
done

ratio=$(awk -v a="$native" -v b="$ours" 'BEGIN { printf "%.2f", a / b }')
peak=$(awk '{ printf "%.0f", $1 / 1024 }' "$work/peak")
relay=$(du -sb "$work"/data/*/relay | awk '{ total += $1 } END { printf "%.0f", total / 1e6 }')
replica_workers=$(on native 'SELECT @@GLOBAL.replica_parallel_workers')
printf '\n%-34s %10s\n' "$transactions transactions" "$((binlog_bytes / 1000000)) MB of binary log"
printf '%-34s %10s s\n' "native replica, $replica_workers workers" "$native"
printf '%-34s %10s s\n' 'understudy' "$ours"
printf '%-34s %10s\n' 'native / understudy' "$ratio"
printf '%-34s %10s MB\n' 'understudy: largest resident set' "$peak"
printf '%-34s %10s MB\n' 'understudy: relay log on disk' "$relay"
printf '%-34s %10s\n' 'native = source, target = source' 'yes'
if [[ -n $csv ]]; then
    [[ -s $csv ]] || echo 'transactions,binlog_bytes,native_s,understudy_s,ratio,peak_mb,relay_mb' >"$csv"
    echo "$transactions,$binlog_bytes,$native,$ours,$ratio,$peak,$relay" >>"$csv"
fi
