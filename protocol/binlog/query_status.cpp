#include "protocol/binlog/query_status.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

// status := {code value}; the code decides the size of the value, so nothing can be skipped that is
// not known. (mysql-server libs/mysql/binlog/event/statement_events.cpp; MariaDB sql/log_event.cc)

namespace understudy::protocol {

namespace {

enum class common_code : std::uint8_t {
    flags2 = 0,
    sql_mode = 1,
    catalog = 2, // 5.0.0 to 5.0.3, ends with a NUL
    auto_increment = 3,
    charset = 4,
    time_zone = 5,
    catalog_nz = 6,
    lc_time_names = 7,
    charset_database = 8,
    table_map_for_update = 9,
    source_data_written = 10,
    invoker = 11,
    updated_db_names = 12,
    microseconds = 13,
};

enum class mysql_code : std::uint8_t {
    commit_ts = 14, // early 5.7
    commit_ts2 = 15,
    explicit_defaults_for_timestamp = 16,
    ddl_logged_with_xid = 17,
    default_collation_for_utf8mb4 = 18,
    sql_require_primary_key = 19,
    default_table_encryption = 20,
    enable_cascade_triggers = 21,
};

enum class mariadb_code : std::uint8_t {
    microseconds = 128,
    xid = 129,
    gtid_flags3 = 130,
    character_set_collations = 131,
};

std::string read_short_text(byte_reader& in) {
    return std::string(in.text(in.u8()));
}

void read_updated_databases(byte_reader& in, query_status& status) {
    constexpr std::uint8_t too_many = 254; // OVER_MAX_DBS_IN_EVENT_MTS: no names follow
    const auto count = in.u8();
    if (count == too_many) {
        return;
    }
    auto& names = status.updated_databases.emplace();
    for (unsigned i = 0; i < count && in.ok(); ++i) {
        names.emplace_back(in.nul_text());
    }
}

bool read_common(byte_reader& in, std::uint8_t code, query_status& status) {
    switch (static_cast<common_code>(code)) {
    case common_code::flags2: status.flags2 = in.u32(); return true;
    case common_code::sql_mode: status.sql_mode = in.u64(); return true;
    case common_code::catalog:
        in.skip(in.u8());
        in.skip(1);
        return true;
    case common_code::auto_increment:
        status.auto_increment_increment = in.u16();
        status.auto_increment_offset = in.u16();
        return true;
    case common_code::charset:
        status.character_set_client = in.u16();
        status.collation_connection = in.u16();
        status.collation_server = in.u16();
        return true;
    case common_code::time_zone: status.time_zone = read_short_text(in); return true;
    case common_code::catalog_nz: in.skip(in.u8()); return true;
    case common_code::lc_time_names: status.lc_time_names = in.u16(); return true;
    case common_code::charset_database: status.collation_database = in.u16(); return true;
    case common_code::table_map_for_update: status.table_map_for_update = in.u64(); return true;
    case common_code::source_data_written: in.skip(4); return true;
    case common_code::invoker:
        status.invoker_user = read_short_text(in);
        status.invoker_host = read_short_text(in);
        return true;
    case common_code::updated_db_names: read_updated_databases(in, status); return true;
    case common_code::microseconds: status.microseconds = in.u24(); return true;
    }
    return false;
}

bool read_mysql(byte_reader& in, std::uint8_t code, query_status& status) {
    switch (static_cast<mysql_code>(code)) {
    case mysql_code::commit_ts:
    case mysql_code::commit_ts2: return true;
    case mysql_code::explicit_defaults_for_timestamp:
        status.explicit_defaults_for_timestamp = in.u8() != 0;
        return true;
    case mysql_code::ddl_logged_with_xid: status.ddl_xid = in.u64(); return true;
    case mysql_code::default_collation_for_utf8mb4:
        status.default_collation_for_utf8mb4 = in.u16();
        return true;
    case mysql_code::sql_require_primary_key:
        status.sql_require_primary_key = in.u8() != 0;
        return true;
    case mysql_code::default_table_encryption:
        status.default_table_encryption = in.u8() != 0;
        return true;
    case mysql_code::enable_cascade_triggers: in.skip(1); return true;
    }
    return false;
}

void read_collations(byte_reader& in, query_status& status) {
    const auto count = in.u8();
    for (unsigned i = 0; i < count && in.ok(); ++i) {
        const auto of_charset = in.u16();
        status.mariadb_collations.emplace_back(of_charset, in.u16());
    }
}

bool read_mariadb(byte_reader& in, std::uint8_t code, query_status& status) {
    constexpr unsigned ends_two_phase_alter =
        0x04 | 0x08; // FL_COMMIT_ALTER_E1, FL_ROLLBACK_ALTER_E1
    switch (static_cast<mariadb_code>(code)) {
    case mariadb_code::microseconds: status.microseconds = in.u24(); return true;
    case mariadb_code::xid: status.mariadb_xid = in.u64(); return true;
    case mariadb_code::gtid_flags3:
        if ((in.u8() & ends_two_phase_alter) != 0) {
            in.skip(8); // sequence number of its START ALTER
        }
        return true;
    case mariadb_code::character_set_collations: read_collations(in, status); return true;
    }
    return false;
}

} // namespace

result<query_status> decode_query_status(std::span<const std::byte> bytes, bool is_mariadb) {
    byte_reader in(bytes);
    query_status status;
    status.logged_by_mariadb = is_mariadb;
    while (!in.at_end()) {
        const auto code = in.u8();
        const bool known =
            read_common(in, code, status) ||
            (is_mariadb ? read_mariadb(in, code, status) : read_mysql(in, code, status));
        if (!known) {
            return fail(errc::unsupported,
                        "Query event: status variable " + std::to_string(code) +
                            " is not known, and what follows it cannot be found");
        }
    }
    if (is_mariadb && status.flags2) {
        status.explicit_defaults_for_timestamp =
            (*status.flags2 & query_status::mariadb_explicit_defaults) != 0;
    }
    if (!in.ok()) {
        return fail(errc::truncated,
                    "Query event: its status variables end before their last value");
    }
    return status;
}

} // namespace understudy::protocol
