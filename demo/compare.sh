#!/usr/bin/env bash
# Is a database the same on two servers? Every definition and every row, exactly.
#
#   demo/compare.sh MYSQL SOURCE_SOCKET TARGET_SOCKET DATABASE
#
# Signs in as root over the sockets; both sides have to be at rest. A line per table and object;
# exits 1 if anything differs. Rows are compared as sorted lists of quoted values, so NULL, '' and
# 'NULL' are three things, and the order in which a server returns rows does not matter.
set -euo pipefail

mysql=$1 source=$2 target=$3 database=$4
same=0 different=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
    green='' red='' dim='' plain=''
fi

ask() {
    "$mysql" --no-defaults --user=root --socket="$1" --default-character-set=utf8mb4 \
        --batch --raw --skip-column-names --execute="$2" "$database"
}

# Binary values as hex: sort and diff work on lines.
columns() {
    ask "$1" "SET group_concat_max_len = 1000000; SELECT GROUP_CONCAT(CASE
            WHEN DATA_TYPE IN ('float', 'double') THEN CONCAT('QUOTE(', name, ' + 0e0)')
            WHEN DATA_TYPE LIKE '%blob' OR DATA_TYPE LIKE '%binary'
                OR DATA_TYPE IN ('bit', 'geometry', 'vector') THEN CONCAT('QUOTE(HEX(', name, '))')
            ELSE CONCAT('REPLACE(QUOTE(', name, '), ''\\n'', ''\\\\n'')') END ORDER BY position)
        FROM (SELECT DATA_TYPE, ORDINAL_POSITION AS position,
                  CONCAT('\`', REPLACE(COLUMN_NAME, '\`', '\`\`'), '\`') AS name
              FROM information_schema.COLUMNS
              WHERE TABLE_SCHEMA = '$database' AND TABLE_NAME = '$2') c"
}

rows() {
    ask "$1" "SET time_zone = '+00:00'; SELECT $(columns "$1" "$2") FROM \`$2\`" |
        LC_ALL=C sort >"$3"
}

# Without the counter, which a rolled-back INSERT leaves higher on the source, and without the time
# at which a trigger was made.
definition() {
    ask "$1" "SHOW CREATE $2 \`$3\`" |
        sed -E 's/ AUTO_INCREMENT=[0-9]+//; s/\t[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+$//'
}

thousands() { LC_ALL=C sed -E ':again; s/^([0-9]+)([0-9]{3})/\1,\2/; t again' <<<"$1"; }

verdict() {
    local name=$1 left=$2 right=$3 what=$4
    if cmp -s "$left" "$right"; then
        same=$((same + 1))
        printf '  %s✓%s %-26s %s%s%s\n' "$green" "$plain" "$name" "$dim" "$what" "$plain"
    else
        different=$((different + 1))
        printf '  %s✗ %-26s differs%s\n' "$red" "$name" "$plain"
        diff --suppress-common-lines "$left" "$right" | cut -c 1-160 | head -n 8 | sed 's/^/      /' || true
    fi
}

table() {
    rows "$source" "$1" "$work/source" &
    rows "$target" "$1" "$work/target"
    wait $!
    local count sum
    count=$(thousands "$(wc -l <"$work/source")")
    sum=$(sha256sum "$work/source" | cut -c 1-12)
    definition "$source" TABLE "$1" >>"$work/source"
    definition "$target" TABLE "$1" >>"$work/target"
    verdict "$1" "$work/source" "$work/target" "$(printf '%10s rows   sha256 %s…' "$count" "$sum")"
}

object() {
    definition "$source" "$1" "$2" >"$work/source"
    definition "$target" "$1" "$2" >"$work/target" || true
    verdict "$2" "$work/source" "$work/target" "$(printf '%15s' "${1,,}")"
}

# What exists, as "KIND NAME" lines; a thing that only one side has is a difference too.
everything() {
    ask "$1" "SELECT kind, name FROM (
        SELECT IF(TABLE_TYPE = 'VIEW', 'VIEW', 'TABLE') AS kind, TABLE_NAME AS name
            FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$database'
        UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS
            WHERE TRIGGER_SCHEMA = '$database'
        UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES
            WHERE ROUTINE_SCHEMA = '$database'
        UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS
            WHERE EVENT_SCHEMA = '$database') objects
        ORDER BY kind <> 'TABLE', kind, name"
}

everything "$source" >"$work/all-source"
everything "$target" >"$work/all-target" || true
if ! cmp -s "$work/all-source" "$work/all-target"; then
    verdict "list of objects" "$work/all-source" "$work/all-target" ''
fi
while IFS=$'\t' read -r kind name; do
    grep -qxF "$kind"$'\t'"$name" "$work/all-target" || continue
    if [[ $kind == TABLE ]]; then table "$name"; else object "$kind" "$name"; fi
done <"$work/all-source"

((different == 0))
