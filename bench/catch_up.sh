#!/usr/bin/env bash
# Catching up with a backlog, in many shapes: understudy against native replicas of the same source.
#
#   bench/catch_up.sh [--scenarios "oltp hot …"] [--scale X] [--native "4 8 16 32"]
#                     [--writer auto|row-image|sql] [--program PATH] [--against PATH] [--csv FILE]
#
# Source, native replica and target are MySQL 9.7. Followers are durable (sync_binlog = 1,
# innodb_flush_log_at_trx_commit = 1). For each scenario both followers are in sync and stopped
# while the source executes its transactions (bench/catch_up/scenarios.sh; --scale 0.1: a tenth of
# them); then understudy and the native replica with each count of workers catch up one after the
# other, each from an empty relay log and from the same data, and are compared with the source.
# --against is another understudy, which does the same first, with a target of its own; --native ""
# leaves replicas out. Prints seconds, the ratios of the default of 4 workers and of the best to
# understudy, its CPU seconds for each GB of binary log and its largest resident set.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
# shellcheck source=bench/catch_up/scenarios.sh
source bench/catch_up/scenarios.sh

wanted="${scenarios[*]}" scale=1 native_workers='4 16' writer=auto csv=''
program=build/release/understudy against=''
connections=8
while (($#)); do
    case $1 in
    --scenarios) wanted=$2 ;;
    --scale) scale=$2 ;;
    --native) native_workers=$2 ;;
    --writer) writer=$2 ;;
    --program) program=$2 ;;
    --against) against=$2 ;;
    --csv) csv=$2 ;;
    *) sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'catch_up.sh: %s\n' "$1" >&2; exit 1; }
[[ -x $program ]] || fail "$program is not there: cmake --preset release && cmake --build --preset release"
command -v sysbench >/dev/null || fail 'sysbench is not installed: scripts/install.sh'

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
clean_up() {
    local pid
    for pid in $(cat "$work"/*/mysqld.pid 2>/dev/null) ${run_pid:-}; do
        kill -KILL "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    rm -rf "$work"
}
run_pid=''
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

root=$(tests/servers/fetch.sh mysql-9.7)
server() { tests/servers/private_server.sh start mysql-9.7 "$work/$1" "${@:2}" >/dev/null; }
on() {
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/$1/mysqld.sock" --batch \
        --skip-column-names --execute="$2"
}
now() { date +%s.%N; }
seconds_since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
note() { printf '%s  %s\n' "$(date +%T)" "$1" >&2; }
binlog_bytes() { on source 'SHOW BINARY LOGS' | awk '{ total += $2 } END { print total }'; }
sysbench_on_source() {
    sysbench oltp_write_only --db-driver=mysql --mysql-user=root --mysql-db=bench --rand-seed=42 \
        --mysql-socket="$work/source/mysqld.sock" --tables=8 --table-size=100000 "$@" \
        >"$work/sysbench.log" 2>&1 || { cat "$work/sysbench.log" >&2; fail "sysbench $* failed"; }
}
# Only the followers' durability is measured.
source_is_hasty() {
    on source "SET GLOBAL sync_binlog = $(($1 ? 0 : 1));
        SET GLOBAL innodb_flush_log_at_trx_commit = $(($1 ? 2 : 1))"
}

prepare() {
    on source 'CREATE DATABASE bench; CREATE DATABASE bench_load'
    if [[ $1 == oltp ]]; then
        sysbench_on_source prepare
    else
        scenario_tables "$1" >"$work/tables.sql"
        "$root/bin/mysql" --no-defaults --user=root --socket="$work/source/mysqld.sock" bench \
            <"$work/tables.sql"
        on source "DELIMITER ;;
CREATE PROCEDURE bench_load.run(who INT, count INT)
BEGIN
    DECLARE n INT DEFAULT 0;
    DECLARE first INT DEFAULT 0;
    DECLARE body VARBINARY(4096);
    DECLARE CONTINUE HANDLER FOR 1213, 1452 BEGIN ROLLBACK; END;
    WHILE n < count DO
        $(scenario_transaction "$1")
        SET n = n + 1;
    END WHILE;
END;;"
    fi
}

load() {
    local count=$2 who pids=()
    if [[ $1 == oltp ]]; then
        sysbench_on_source run --threads=$connections --time=0 --events="$count"
        return
    fi
    ((count >= connections)) || count=$connections
    for ((who = 0; who < connections; who++)); do
        on source "CALL bench_load.run($who, $((count / connections)))" &
        pids+=($!)
    done
    wait "${pids[@]}" || fail "the load of $1 failed"
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

# With the program and the target's name; seconds of CPU and the largest resident set in KiB go to
# $work/used.
understudy_catches_up() {
    local status=0 used='0 0' line ticks
    ticks=$(getconf CLK_TCK)
    "$1" run "$work/$2.toml" --data-dir "$work/$2.data" --until caught-up \
        >"$work/understudy.log" 2>&1 &
    run_pid=$!
    while line=$(grep VmHWM "/proc/$run_pid/status" 2>/dev/null); do
        used="$(awk -v t="$ticks" '{ print ($14 + $15) / t }' "/proc/$run_pid/stat" 2>/dev/null) \
$(awk '{ print $2 }' <<<"$line")"
        sleep 0.1
    done
    wait "$run_pid" || status=$?
    run_pid=''
    echo "$used" >"$work/used"
    ((status == 0)) || { cat "$work/understudy.log" >&2; fail "understudy ended with $status"; }
}

same_as_source() {
    demo/compare.sh "$root/bin/mysql" "$work/source/mysqld.sock" "$work/$1/mysqld.sock" bench \
        >"$work/compare.log" || { cat "$work/compare.log"; fail "$1 differs from the source"; }
}

# A target of its own for each understudy.
add_target() {
    server "$1"
    on "$1" "CREATE USER apply@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO apply@'%'"
    cat >"$work/$1.toml" <<TASK
source = { host = "127.0.0.1", port = $(<"$work/source/port"), user = "repl", password = "bench" }
target = { host = "127.0.0.1", port = $(<"$work/$1/port"), user = "apply", password = "bench" }
objects.include = ["bench.*"]
apply.writer = "$writer"
TASK
}

stop() { tests/servers/private_server.sh stop "$work/$1" >/dev/null; }

run_scenario() {
    local name=$1 count bytes began ours other='-' native='' best='' default='' seconds each
    count=$(awk -v n="${transactions[$name]}" -v s="$scale" 'BEGIN { printf "%d", n * s < 8 ? 8 : n * s }')
    note "$name: ${explained[$name]}, $count transactions"
    rm -rf "$work"/{source,native,native.synced,target,target.data,other,other.data}
    server source
    server native
    on source "CREATE USER repl@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO repl@'%'"
    add_target target
    [[ -z $against ]] || add_target other
    source_is_hasty 1
    prepare "$name"
    on native "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1',
        SOURCE_PORT = $(<"$work/source/port"), SOURCE_USER = 'repl', SOURCE_PASSWORD = 'bench',
        SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1"
    native_catches_up
    understudy_catches_up "$program" target
    [[ -z $against ]] || understudy_catches_up "$against" other
    stop native
    cp -r "$work/native" "$work/native.synced"
    bytes=$(binlog_bytes)
    load "$name" "$count"
    bytes=$(($(binlog_bytes) - bytes))
    source_is_hasty 0
    sync

    if [[ -n $against ]]; then
        began=$(now)
        understudy_catches_up "$against" other
        other=$(seconds_since "$began")
        same_as_source other
        stop other
    fi
    began=$(now)
    understudy_catches_up "$program" target
    ours=$(seconds_since "$began")
    same_as_source target
    stop target
    for each in $native_workers; do
        rm -rf "$work/native"
        cp -r "$work/native.synced" "$work/native"
        sync
        server native --replica-parallel-workers="$each"
        began=$(now)
        native_catches_up
        seconds=$(seconds_since "$began")
        same_as_source native
        stop native
        native+="$each:$seconds "
        [[ $each != 4 ]] || default=$seconds
        best=$(awk -v a="${best:-$seconds}" -v b="$seconds" 'BEGIN { print a < b ? a : b }')
    done
    stop source
    read -r cpu peak <"$work/used"
    awk -v name="$name" -v mb=$((bytes / 1000000)) -v bytes="$bytes" -v native="$native" \
        -v default="${default:-$best}" -v best="$best" -v ours="$ours" -v other="$other" \
        -v cpu="$cpu" -v peak="$peak" \
        'BEGIN { printf "%-17s %6d %-34s %7s %7.1f %7.2f %7.2f %8.1f %6d\n", name, mb, native, other,
            ours, default / ours, best / ours, cpu / bytes * 1e9, peak / 1024 }'
    if [[ -n $csv ]]; then
        [[ -s $csv ]] || echo 'scenario,transactions,binlog_bytes,native,against_s,understudy_s,cpu_s,peak_kib' >"$csv"
        echo "$name,$count,$bytes,$native,$other,$ours,$cpu,$peak" >>"$csv"
    fi
}

printf '%-17s %6s %-34s %7s %7s %7s %7s %8s %6s\n' scenario MB 'native workers:seconds' against ours \
    'x 4' 'x best' 'cpu s/GB' 'rss MB'
for name in $wanted; do
    [[ -n ${transactions[$name]:-} ]] || fail "no scenario is called $name: ${scenarios[*]}"
    run_scenario "$name"
done
