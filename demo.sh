#!/usr/bin/env bash
# Understudy at work, on two MySQL 9.7 servers that live only as long as this script.
#
#   ./demo.sh [--seconds N] [--writers N]
#
# Installs what is missing, builds, starts a source and a target, fills a small shop on the source
# and lets writers go on changing it while understudy copies it and keeps the copy equal. Ctrl-C, or
# N seconds, end the writers; then everything is caught up and compared. Exits 0 only if both sides
# are equal in every row and definition.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}"

seconds=0 writers=4
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }
while (($#)); do
    case $1 in
    --seconds) seconds=${2:?"--seconds needs a number"}; shift 2 ;;
    --writers) writers=${2:?"--writers needs a number"}; shift 2 ;;
    -h | --help) usage; exit ;;
    *) printf 'demo.sh: %s is not known\n\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
done
if ! [[ $seconds =~ ^[0-9]+$ && $writers =~ ^[1-9][0-9]*$ ]]; then
    echo 'demo.sh: --seconds and --writers take whole numbers' >&2
    exit 2
fi

interactive=''
[[ ! -t 1 ]] || interactive=yes
if [[ $interactive && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

# Short, because a socket's path must be: the kernel allows 108 bytes.
work=$(mktemp -d /tmp/understudy-demo.XXXXXX)
# Cleans up even after this script was killed with -9. Servers and understudy see to themselves
# (UNDERSTUDY_OWNER, pdeathsig).
setsid bash -c 'tail --pid="$1" -s 0.5 -f /dev/null; sleep 1; rm -rf "$2"' bash $$ "$work" \
    </dev/null >/dev/null 2>&1 &

understudy_pid='' step_pid='' writer_pids=()
stop_asked=''

# shellcheck disable=SC2329
clean_up() {
    trap '' INT TERM HUP
    local pid
    [[ -z $interactive ]] || printf '\e[?25h'
    for pid in $step_pid $understudy_pid "${writer_pids[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    for pid in $(cat "$work"/source/mysqld.pid "$work"/target/mysqld.pid 2>/dev/null); do
        kill -KILL "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

give_up() {
    printf '\n%s✗ %s%s\n' "$red" "$1" "$plain" >&2
    exit 1
}

# step TITLE COMMAND…: a line that says what is going on; the command's words only when it fails.
step() {
    local title=$1 log=$work/step.log began=$SECONDS status=0
    shift
    "$@" </dev/null >"$log" 2>&1 &
    step_pid=$!
    if [[ $interactive ]]; then
        local frames='⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏' turn=0 room
        while kill -0 "$step_pid" 2>/dev/null; do
            room=$(($(tput cols 2>/dev/null || echo 80) - 34))
            printf '\r\e[K  %s %-26s %s%.*s%s' "${frames:turn++ % 10:1}" "$title" "$dim" \
                "$((room > 0 ? room : 0))" "$(tail -n 1 "$log" | tr -d '\r\t\e')" "$plain"
            sleep 0.1
        done
        printf '\r\e[K'
    fi
    wait "$step_pid" || status=$?
    step_pid=''
    if ((status != 0)); then
        printf '  %s✗%s %s\n\n' "$red" "$plain" "$title"
        tail -n 40 "$log" >&2
        give_up "$title: that did not work; its last words are above"
    fi
    printf '  %s✓%s %-26s %s%s%s\n' "$green" "$plain" "$title" "$dim" \
        "$(result_of "$title") $((SECONDS - began)) s" "$plain"
}

result_of() { cat "$work/result" 2>/dev/null && rm -f "$work/result" || true; }
say_result() { printf '%s,' "$1" >"$work/result"; }

on() { # on SIDE SQL
    "$mysql" --no-defaults --user=root --socket="$work/$1/mysqld.sock" \
        --default-character-set=utf8mb4 --batch --skip-column-names --execute="$2"
}

build() {
    cmake --preset release && cmake --build --preset release --target understudy
    say_result "$(build/release/understudy --version | head -n 1)"
}

start_servers() {
    mkdir -p "$work"
    UNDERSTUDY_OWNER=$$ tests/servers/private_server.sh start mysql-9.7 "$work/source" &
    local first=$!
    UNDERSTUDY_OWNER=$$ tests/servers/private_server.sh start mysql-9.7 "$work/target" \
        --log-bin-trust-function-creators=ON
    wait "$first"
    say_result "source on port $(<"$work/source/port"), target on port $(<"$work/target/port")"
}

make_accounts() {
    on source "CREATE USER repl@'%' IDENTIFIED BY 'demo';
        GRANT REPLICATION SLAVE, REPLICATION CLIENT, SHOW_ROUTINE ON *.* TO repl@'%';
        GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO repl@'%'"
    on target "CREATE USER apply@'%' IDENTIFIED BY 'demo';
        GRANT REPLICATION_APPLIER, SESSION_VARIABLES_ADMIN, SYSTEM_USER, SET_ANY_DEFINER,
            ALLOW_NONEXISTENT_DEFINER ON *.* TO apply@'%';
        GRANT ALL ON shop.* TO apply@'%';
        GRANT ALL ON understudy.* TO apply@'%'"
}

fill_shop() {
    local side=$work/source/mysqld.sock
    for file in demo/shop.sql demo/writers.sql; do
        "$mysql" --no-defaults --user=root --socket="$side" --default-character-set=utf8mb4 <"$file"
    done
    make_accounts
    say_result "$(on source "SELECT CONCAT(
        (SELECT COUNT(*) FROM shop.orders), ' orders with ',
        (SELECT COUNT(*) FROM shop.order_lines), ' lines')")"
}

write_task() {
    : >"$work/shop.toml"
    chmod 600 "$work/shop.toml"
    cat >"$work/shop.toml" <<TASK
[source]
host = "127.0.0.1"
port = $(<"$work/source/port")
user = "repl"
password = "demo"
tls.mode = "verify-ca"
tls.ca = "source/data/ca.pem"

[target]
host = "127.0.0.1"
port = $(<"$work/target/port")
user = "apply"
password = "demo"
tls.mode = "verify-ca"
tls.ca = "target/data/ca.pem"

[objects]
include = ["shop.*"]
TASK
}

# In sessions of their own as well: the mysql client takes Ctrl-C for itself.
start_writers() {
    local i
    for ((i = 0; i < writers; i++)); do
        setsid setpriv --pdeathsig KILL "$mysql" --no-defaults --user=root \
            --socket="$work/source/mysqld.sock" traffic --execute='CALL keep_writing()' \
            </dev/null >>"$work/writers.log" 2>&1 &
        writer_pids+=($!)
    done
}

stop_writers() {
    local pid status=0
    on source 'UPDATE traffic.control SET enough = TRUE'
    for pid in "${writer_pids[@]}"; do wait "$pid" || status=$?; done
    writer_pids=()
    if ((status != 0)); then
        cat "$work/writers.log" >&2
        give_up 'a writer failed; its words are above'
    fi
}

# In a session of its own: then Ctrl-C reaches this script alone, which passes one signal on.
start_understudy() {
    setsid setpriv --pdeathsig KILL build/release/understudy run "$work/shop.toml" \
        --data-dir "$work/data" "$@" &
    understudy_pid=$!
}

# Until understudy ends by itself, somebody asks, or the time ($1 seconds, 0: no limit) is over.
watch_understudy() {
    local until=$((SECONDS + $1))
    while kill -0 "$understudy_pid" 2>/dev/null && [[ -z $stop_asked ]]; do
        if (($1 > 0 && SECONDS >= until)); then break; fi
        sleep 0.2 || true
    done
}

# Waits at most $1 seconds for its end; its exit status is ours.
end_understudy() {
    local status=0 until=$((SECONDS + $1))
    stop_asked=''
    while kill -0 "$understudy_pid" 2>/dev/null; do
        if ((SECONDS >= until)); then give_up "understudy did not end within $1 s"; fi
        if [[ -n $stop_asked ]]; then give_up 'ended at once, before both sides could be compared'; fi
        sleep 0.1 || true
    done
    wait "$understudy_pid" || status=$?
    understudy_pid=''
    return "$status"
}

printf '\n%sUnderstudy%s follows a MySQL server and keeps a copy of it equal.\n\n' "$bold" "$plain"
step 'packages' scripts/install.sh
step 'build' build
step 'MySQL 9.7, downloaded once' tests/servers/fetch.sh mysql-9.7
mysql=$(tests/servers/fetch.sh mysql-9.7)/bin/mysql
step 'two private servers' start_servers
step 'a shop on the source' fill_shop
write_task

printf '\n%s writers change the shop from now on: orders, cascading deletes, JSON, a table without key.\n' "$writers"
printf '%s$ understudy run shop.toml%s' "$bold" "$plain"
if ((seconds > 0)); then printf '   %s(for %s s)%s\n\n' "$dim" "$seconds" "$plain"
else printf '   %s(Ctrl-C ends it)%s\n\n' "$dim" "$plain"; fi

trap 'stop_asked=yes' INT TERM HUP
start_writers
start_understudy
watch_understudy "$seconds"
kill -TERM "$understudy_pid" 2>/dev/null || true
end_understudy 120 || give_up 'understudy stopped with an error; its words are above'
trap 'exit 130' INT TERM HUP

stop_writers
transactions=$(on source "SELECT SUBSTRING_INDEX(@@GLOBAL.gtid_executed, '-', -1)")
printf '\nThe writers are stopped; the source has executed %s transactions.\n' "$transactions"
printf '%s$ understudy run shop.toml --until caught-up%s\n\n' "$bold" "$plain"
start_understudy --until caught-up
end_understudy 900 || give_up 'understudy could not catch up; its words are above'

printf '\n%sIs the target equal to the source?%s Every row and definition, compared:\n\n' "$bold" "$plain"
if demo/compare.sh "$mysql" "$work/source/mysqld.sock" "$work/target/mysqld.sock" shop; then
    printf '\n%s✓ Equal.%s\n\n' "$green$bold" "$plain"
else
    give_up 'The target differs from the source.'
fi
