#pragma once

#include <cstdint>
#include <string>

namespace understudy::protocol {

// Binary log event types, numbered as in libs/mysql/binlog/event/binlog_event.h and MariaDB's
// sql/log_event.h.
enum class event_type : std::uint8_t {
    unknown = 0,
    start_v3 = 1,
    query = 2,
    stop = 3,
    rotate = 4,
    intvar = 5,
    append_block = 9,
    delete_file = 11,
    rand = 13,
    user_var = 14,
    format_description = 15,
    xid = 16,
    begin_load_query = 17,
    execute_load_query = 18,
    table_map = 19,
    write_rows_v1 = 23,
    update_rows_v1 = 24,
    delete_rows_v1 = 25,
    incident = 26,
    heartbeat = 27,
    ignorable = 28,
    rows_query = 29,
    write_rows = 30,
    update_rows = 31,
    delete_rows = 32,
    gtid = 33,
    anonymous_gtid = 34,
    previous_gtids = 35,
    transaction_context = 36,
    view_change = 37,
    xa_prepare = 38,
    partial_update_rows = 39,
    transaction_payload = 40,
    heartbeat_v2 = 41,
    gtid_tagged = 42,
    mariadb_annotate_rows = 160,
    mariadb_binlog_checkpoint = 161,
    mariadb_gtid = 162,
    mariadb_gtid_list = 163,
    mariadb_start_encryption = 164,
    mariadb_query_compressed = 165,
    mariadb_write_rows_compressed_v1 = 166,
    mariadb_update_rows_compressed_v1 = 167,
    mariadb_delete_rows_compressed_v1 = 168,
    mariadb_write_rows_compressed = 169,
    mariadb_update_rows_compressed = 170,
    mariadb_delete_rows_compressed = 171,
};

// "Write_rows", as mysqlbinlog and SHOW BINLOG EVENTS print it; "type 77" for numbers nobody knows.
[[nodiscard]] std::string to_string(event_type type);
// False for numbers that are in no server's list.
[[nodiscard]] bool is_known(event_type type);

} // namespace understudy::protocol
