#!/usr/bin/env bash
# The pull alone: receive, check, compress, write and fsync a source's binary log, against
# mysqlbinlog --raw, which receives and writes it.
#
#   bench/relay_pull.sh [--megabytes N] [--rounds N] [--program PATH] [--levels "1 3"] [--frames "1024 256"]
#                       [--links "plain tls plain+zlib tls+zstd"]
#
# A private MySQL 9.7 executes sysbench's oltp_write_only until its binary log has N megabytes
# (default 300). Then both pull it in turns, plain and with TLS; prints medians, the ratio
# mysqlbinlog / understudy (above 1: understudy is faster), what went over the wire for understudy
# and what the files need. With several links, levels or frame sizes (KB) each is measured.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

megabytes=300 rounds=3 levels=1 frames=1024 links="plain tls"
program=build/release/bench/relay_pull
while (($#)); do
    case $1 in
    --megabytes) megabytes=$2 ;;
    --rounds) rounds=$2 ;;
    --program) program=$2 ;;
    --levels) levels=$2 ;;
    --frames) frames=$2 ;;
    --links) links=$2 ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'relay_pull.sh: %s\n' "$1" >&2; exit 1; }
[[ -x $program ]] || fail "$program is not there: cmake --preset release && cmake --build --preset release"
command -v sysbench >/dev/null || fail 'sysbench is not installed: scripts/install.sh'

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
trap 'tests/servers/private_server.sh stop "$work/source" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

root=$(tests/servers/fetch.sh mysql-9.7)
read -r port _ < <(tests/servers/private_server.sh start mysql-9.7 "$work/source" \
    --gtid-mode=OFF --sync-binlog=0 --innodb-flush-log-at-trx-commit=2)
on_source() {
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/source/mysqld.sock" --batch \
        --skip-column-names --execute="$1"
}
sysbench_on_source() {
    sysbench oltp_write_only --db-driver=mysql --mysql-user=root --mysql-db=bench --rand-seed=42 \
        --mysql-socket="$work/source/mysqld.sock" --tables=8 --table-size=10000 --threads=8 "$@" \
        >"$work/sysbench.log" 2>&1 || { cat "$work/sysbench.log" >&2; fail 'sysbench failed'; }
}
binlog_bytes() { on_source 'SHOW BINARY LOGS' | awk '{sum += $2} END {print sum}'; }

on_source "CREATE DATABASE bench; CREATE USER pull@'%' IDENTIFIED BY 'pull';
    GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO pull@'%'"
sysbench_on_source prepare
# Only the load itself: the inserts of prepare compress otherwise.
on_source 'RESET BINARY LOGS AND GTIDS'
while (($(binlog_bytes) < megabytes * 1000000)); do
    sysbench_on_source --time=0 --events=20000 run
done
read -r file offset _ < <(on_source 'SHOW BINARY LOG STATUS')
first=$(on_source 'SHOW BINARY LOGS' | awk 'NR == 1 {print $1}')
printf 'binary log: %d MB, %s cores\n' $(($(binlog_bytes) / 1000000)) "$(nproc)"

now() { date +%s.%N; }
median() { sort -n | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }
with_mysqlbinlog() { # plain|tls[+zlib|+zstd]
    local mode=DISABLED compression=uncompressed begin
    [[ $1 == plain* ]] || mode=REQUIRED
    [[ $1 != *+* ]] || compression=${1#*+}
    rm -rf "$work/raw"; mkdir "$work/raw"
    begin=$(now)
    "$root/bin/mysqlbinlog" --no-defaults --read-from-remote-server --raw --to-last-log \
        --host=127.0.0.1 --port="$port" --user=pull --password=pull --ssl-mode=$mode \
        --get-server-public-key --compression-algorithms=$compression --result-file="$work/raw/" "$first" 2>/dev/null
    awk -v a="$begin" -v b="$(now)" 'BEGIN {printf "%.2f\n", b - a}'
    rm -rf "$work/raw"
}
bytes_sent() { on_source "SHOW GLOBAL STATUS LIKE 'Bytes_sent'" | awk '{print $2}'; }
with_understudy() { # plain|tls[+zlib|+zstd] level frame
    rm -rf "$work/relay"
    "$program" 127.0.0.1 "$port" pull pull "$1" "$file" "$offset" "$work/relay" "$2" "$3"
    rm -rf "$work/relay"
}

with_mysqlbinlog plain >/dev/null # warms the source's page cache
for how in $links; do
    for level in $levels; do
        for frame in $frames; do
            : >"$work/theirs"; : >"$work/ours"; : >"$work/cpu"
            for ((round = 0; round < rounds; ++round)); do
                with_mysqlbinlog "$how" >>"$work/theirs"
                sent=$(bytes_sent)
                read -r seconds raw stored cpu < <(with_understudy "$how" "$level" "$frame")
                sent=$(($(bytes_sent) - sent))
                echo "$seconds" >>"$work/ours"; echo "$cpu" >>"$work/cpu"
            done
            awk -v how="$how" -v level="$level" -v frame="$frame" -v theirs="$(median <"$work/theirs")" \
                -v ours="$(median <"$work/ours")" -v raw="$raw" -v stored="$stored" -v cpu="$(median <"$work/cpu")" -v sent="$sent" \
                'BEGIN {printf "%-10s  zstd %s, frames of %s KB: mysqlbinlog %.2f s, understudy %.2f s (cpu %.2f s), ratio %.2f, sent %.0f MB, stored %.1f%%\n",
                    how, level, frame, theirs, ours, cpu, theirs / ours, sent / 1000000, 100 * stored / raw}'
        done
    done
done
