#!/usr/bin/env bash
# Looking into a log: rows as text against mysqlbinlog, a condition on row values, the same through the index
# of keys, and counting; all of one binary log file in one run.
#
#   bench/relay_show.sh [--megabytes N] [--rounds N] [--segment-megabytes N] [--build DIR]
#                       [--data DIR]
#
# A private MySQL 9.7 fills one binary log file of N megabytes (default and at most 1024) with transactions of
# 1000 inserted rows of 18 types, then 301 updates, one update and 100 deletes each, binlog_row_metadata=FULL.
# understudy's receiver pulls it into a relay log with segments of so many megabytes (default 16), whose sealed
# segments get their indexes of keys. Then the server is stopped and everything is measured on the file in the
# page cache; prints medians of wall and CPU seconds, and ratios (above 1: understudy is faster). With --data the
# logs are kept there and, where they are there already, measured again.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

megabytes=1024 rounds=3 segment=16 build=build/release data=
while (($#)); do
    case $1 in
    --megabytes) megabytes=$2 ;;
    --rounds) rounds=$2 ;;
    --segment-megabytes) segment=$2 ;;
    --build) build=$2 ;;
    --data) data=$2 ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

fail() { printf 'relay_show.sh: %s\n' "$1" >&2; exit 1; }
((megabytes <= 1024)) || fail 'a binary log file has at most 1024 megabytes'
for program in understudy bench/relay_pull bench/decode_rows; do
    [[ -x $build/$program ]] || fail "$build/$program is not there: cmake --preset release && cmake --build --preset release"
done
understudy=$build/understudy

work=$(mktemp -d /tmp/understudy-bench.XXXXXX)
export UNDERSTUDY_OWNER=$$
trap 'tests/servers/private_server.sh stop "$work/source" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

root=$(tests/servers/fetch.sh mysql-9.7)
: "${data:=$work}"
mkdir -p "$data"

make_logs() {
read -r port _ < <(tests/servers/private_server.sh start mysql-9.7 "$work/source" --gtid-mode=ON \
    --sync-binlog=0 --innodb-flush-log-at-trx-commit=0 --binlog-row-metadata=FULL \
    --max-binlog-size=$((megabytes << 20)) --innodb-buffer-pool-size=1G)
on_source() {
    "$root/bin/mysql" --no-defaults --user=root --socket="$work/source/mysqld.sock" --batch \
        --skip-column-names "$@"
}
on_source <<'EOF_SQL'
CREATE DATABASE bench;
USE bench;
CREATE TABLE digits (d INT PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL,
  status ENUM('new', 'paid', 'sent', 'back') NOT NULL, amount DECIMAL(12, 2) NOT NULL,
  created DATETIME(6) NOT NULL, changed TIMESTAMP(3) NOT NULL, name VARCHAR(80), note TEXT,
  score DOUBLE, share FLOAT, marks SET('a', 'b', 'c'), doc JSON, token VARBINARY(32), level TINYINT,
  day DATE, took TIME(2), since YEAR, bits BIT(10));
DELIMITER //
CREATE PROCEDURE fill()
BEGIN
  INSERT INTO orders (customer, status, amount, created, changed, name, note, score, share, marks,
                      doc, token, level, day, took, since, bits)
  SELECT FLOOR(RAND() * 100000), 1 + FLOOR(RAND() * 4), ROUND(RAND() * 10000, 2),
         '2026-01-01' + INTERVAL FLOOR(RAND() * 1e9) MICROSECOND,
         '2026-01-01' + INTERVAL FLOOR(RAND() * 1e6) SECOND,
         CONCAT('customer ', SHA2(RAND(), 224)), REPEAT(HEX(RAND() * 1e9), 1 + RAND() * 6),
         RAND() * 1e6, RAND(), FLOOR(RAND() * 8),
         JSON_OBJECT('n', FLOOR(RAND() * 1000), 'tags', JSON_ARRAY('x', RAND())),
         UNHEX(SHA2(RAND(), 224)), RAND() * 100, '2026-01-01' + INTERVAL RAND() * 300 DAY,
         SEC_TO_TIME(RAND() * 80000), 1990 + RAND() * 40, RAND() * 1000
  FROM digits a, digits b, digits c;
  SET @last = (SELECT MAX(id) FROM orders);
  UPDATE orders SET status = 'paid', amount = amount + 1, changed = NOW(3)
  WHERE id BETWEEN @last - 900 AND @last - 600;
  UPDATE orders SET customer = customer + 1 WHERE id = @last - 1;
  DELETE FROM orders WHERE id BETWEEN @last - 500 AND @last - 401;
END//
DELIMITER ;
CREATE USER pull@'%' IDENTIFIED BY 'pull';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO pull@'%';
RESET BINARY LOGS AND GTIDS;
EOF_SQL
fills=$(printf 'CALL fill();%.0s' {1..10})
while (($(on_source --execute='SHOW BINARY LOGS' | wc -l) < 2)); do on_source bench --execute="$fills"; done
read -r file offset _ < <(on_source --execute='SHOW BINARY LOG STATUS')
first=$(on_source --execute='SHOW BINARY LOGS' | awk 'NR == 1 {print $1}')
id=$(on_source bench --execute='SELECT MAX(id) DIV 3 FROM orders')
UNDERSTUDY_BENCH_INDEX=1 "$build/bench/relay_pull" 127.0.0.1 "$port" pull pull plain "$file" "$offset" \
    "$data/relay" 1 1024 "$segment" >/dev/null
mv "$work/source/data/$first" "$data/binlog"
printf '%s\n' "$id" >"$data/id"
tests/servers/private_server.sh stop "$work/source"
}
[[ -s $data/id ]] || make_logs
id=$(<"$data/id")
log=$data/binlog
bytes=$(stat -c %s "$log")
cat "$log" "$data"/relay/* >/dev/null

# One run, as a line "WALL USER SYSTEM" in seconds.
once() {
    local TIMEFORMAT='%R %U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1
}
# "WALL CPU" in seconds, medians of both, of such lines.
medians() {
    local all
    all=$(cat)
    awk '{print $1}' <<<"$all" | sort -n | awk '{a[NR] = $1} END {printf "%s ", a[int((NR + 1) / 2)]}'
    awk '{print $2 + $3}' <<<"$all" | sort -n | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'
}
timed() {
    local round
    for ((round = 0; round < rounds; ++round)); do once "$@"; done | medians
}
theirs_wall=0 theirs_cpu=0
print_report() { # what wall cpu
    awk -v what="$1" -v wall="$2" -v cpu="$3" -v wall_there="$theirs_wall" -v cpu_there="$theirs_cpu" \
        -v bytes="$bytes" 'BEGIN {
        printf "%-72s %7.3f s (cpu %7.3f s)  %6.3f s/GB (cpu %6.3f)", what, wall, cpu, wall / bytes * 1e9, cpu / bytes * 1e9
        if (wall_there > 0) printf "  ratio %.2f (cpu %.2f)", wall_there / wall, cpu_there / cpu
        printf "\n" }'
}
report() { # what command…
    local wall cpu
    read -r wall cpu < <(timed "${@:2}")
    print_report "$1" "$wall" "$cpu"
}

printf 'binary log file: %d MB; relay log: %d MB in %d segments; %s cores; medians of %d\n' $((bytes / 1000000)) \
    "$(du -sm "$data/relay" | awk '{print $1}')" "$(ls "$data"/relay/*.segment | wc -l)" "$(nproc)" "$rounds"
# In turns, so that whatever else the machine does hits all of them.
for ((round = 0; round < rounds; ++round)); do
    once "$root/bin/mysqlbinlog" --no-defaults -v --base64-output=decode-rows "$log" >>"$work/mysqlbinlog"
    once "$build/bench/decode_rows" "$log" >>"$work/decode_rows"
    once "$understudy" relay show --full --threads 1 "$log" >>"$work/one_thread"
    once "$understudy" relay show --full "$log" >>"$work/all_threads"
done
read -r wall cpu < <(medians <"$work/mysqlbinlog")
print_report 'mysqlbinlog -v --base64-output=decode-rows' "$wall" "$cpu"
theirs_wall=$wall theirs_cpu=$cpu
for what in 'decode_rows decode_rows, one thread' 'one_thread relay show --full, one thread' \
    'all_threads relay show --full'; do
    read -r wall cpu < <(medians <"$work/${what%% *}")
    print_report "${what#* }" "$wall" "$cpu"
done
theirs_wall=0 theirs_cpu=0
where="amount > 10000.9 and status = 'paid'"
report "relay show --where \"$where\", one thread" "$understudy" relay show --threads 1 --where "$where" "$log"
report "relay show --where \"$where\"" "$understudy" relay show --where "$where" "$log"
report 'the same of the relay log' "$understudy" relay show --where "$where" "$data/relay"
report "relay show --where 'id = $id'" "$understudy" relay show --where "id = $id" "$log"
report 'the same of the relay log, by its index' "$understudy" relay show --where "id = $id" "$data/relay"
report "relay history bench.orders $id, by the index" "$understudy" relay history bench.orders "$id" "$data/relay"
report 'relay stat' "$understudy" relay stat "$log"
report 'relay stat of the relay log' "$understudy" relay stat "$data/relay"
report 'relay verify' "$understudy" relay verify "$log"
report 'relay verify of the relay log' "$understudy" relay verify "$data/relay"
