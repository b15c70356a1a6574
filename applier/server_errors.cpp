#include "applier/server_errors.hpp"

#include <fmt/format.h>

namespace understudy::applier {

bool is_connection_lost(unsigned number) {
    switch (number) {
    case 1053: // ER_SERVER_SHUTDOWN
    case 1077: // ER_NORMAL_SHUTDOWN
    case 1079: // ER_SHUTDOWN_COMPLETE
    case 1080: // ER_FORCING_CLOSE
    case 1152: // ER_ABORTING_CONNECTION
    case 1158: // ER_NET_READ_ERROR
    case 1159: // ER_NET_READ_INTERRUPTED
    case 1160: // ER_NET_ERROR_ON_WRITE
    case 1161: // ER_NET_WRITE_INTERRUPTED
    case 1184: // ER_NEW_ABORTING_CONNECTION
    case 1189: // ER_MASTER_NET_READ
    case 1190: // ER_MASTER_NET_WRITE
    case 1927: // ER_CONNECTION_KILLED (MariaDB)
    case 3169: // ER_SESSION_WAS_KILLED
    case 4031: // ER_CLIENT_INTERACTION_TIMEOUT
    case 2006: // CR_SERVER_GONE_ERROR
    case 2013: // CR_SERVER_LOST
    case 2014: // CR_COMMANDS_OUT_OF_SYNC: the conversation cannot be picked up again
    case 2027: // CR_MALFORMED_PACKET
    case 2055: // CR_SERVER_LOST_EXTENDED
        return true;
    default: return false;
    }
}

void hide_quoted(protocol::error& error, std::string_view what) {
    constexpr unsigned parse_error = 1064;
    if (error.server.number != parse_error) return;
    error.what = fmt::format("{} (error {})", what, parse_error);
    error.server.message = "syntax";
}

bool is_retryable(errc code) {
    switch (code) {
    case errc::connect_failed:
    case errc::connection_lost:
    case errc::transient:
    case errc::disk_full: return true;
    default: return false;
    }
}

errc sort_server_error(unsigned number) {
    if (is_connection_lost(number)) return errc::connection_lost;
    switch (number) {
    case 1205: // ER_LOCK_WAIT_TIMEOUT
    case 1213: // ER_LOCK_DEADLOCK
    case 1297: // ER_GET_TEMPORARY_ERRMSG
    case 1040: // ER_CON_COUNT_ERROR
    case 1203: // ER_TOO_MANY_USER_CONNECTIONS
    case 1226: // ER_USER_LIMIT_REACHED
    case 1020: // ER_CHECKREAD: record has changed since last read
    case 1180: // ER_ERROR_DURING_COMMIT
    case 1206: // ER_LOCK_TABLE_FULL
    case 1317: // ER_QUERY_INTERRUPTED: somebody's KILL QUERY
    case 1412: // ER_TABLE_DEF_CHANGED
    case 1613: // ER_XA_RBTIMEOUT
    case 1614: // ER_XA_RBDEADLOCK
    case 3058: // ER_USER_LOCK_DEADLOCK
    case 3101: // ER_TRANSACTION_ROLLBACK_DURING_COMMIT (Group Replication)
    case 3024: // ER_QUERY_TIMEOUT
    case 3572: // ER_LOCK_NOWAIT
        return errc::transient;
    case 1044: // ER_DBACCESS_DENIED_ERROR
    case 1095: // ER_KILL_DENIED_ERROR
    case 1142: // ER_TABLEACCESS_DENIED_ERROR
    case 1143: // ER_COLUMNACCESS_DENIED_ERROR
    case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR
    case 1370: // ER_PROCACCESS_DENIED_ERROR
    case 1419: // ER_BINLOG_CREATE_ROUTINE_NEED_SUPER
    case 3619: // ER_ILLEGAL_PRIVILEGE_LEVEL
        return errc::missing_privilege;
    case 1045: // ER_ACCESS_DENIED_ERROR
    case 1130: // ER_HOST_NOT_PRIVILEGED
    case 1251: // ER_NOT_SUPPORTED_AUTH_MODE
    case 1524: // ER_PLUGIN_IS_NOT_LOADED
    case 1698: // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 1820: // ER_MUST_CHANGE_PASSWORD
    case 1862: // ER_MUST_CHANGE_PASSWORD_LOGIN
    case 3118: // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 3159: // ER_SECURE_TRANSPORT_REQUIRED
    case 3878: // ER_EMPTY_PRIVILEGE…: temporary account lock
    case 3955: // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK
    case 2049: // CR_SECURE_AUTH
    case 2054: // CR_NOT_IMPLEMENTED / MariaDB: authentication protocol unknown
    case 2058: // CR_AUTH_PLUGIN_CANNOT_LOAD (MariaDB)
    case 2059: // CR_AUTH_PLUGIN_CANNOT_LOAD
    case 2061: // CR_AUTH_PLUGIN_ERR
        return errc::access_denied;
    case 1290: // ER_OPTION_PREVENTS_STATEMENT: --read-only, --super-read-only
    case 1036: // ER_OPEN_AS_READONLY
    case 1792: // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    case 1836: // ER_READ_ONLY_MODE
    case 3707: // restart refused on a read-only instance
    case 3989: // ER_SCHEMA_READ_ONLY
        return errc::read_only_target;
    case 1021: // ER_DISK_FULL
    case 1026: // ER_ERROR_ON_WRITE
    case 1114: // ER_RECORD_FILE_FULL
    case 3675: // ER_CAPACITY_EXCEEDED…: no room in the tablespace
        return errc::disk_full;
    case 1153: // ER_NET_PACKET_TOO_LARGE
    case 1301: // ER_WARN_ALLOWED_PACKET_OVERFLOWED
    case 2020: // CR_NET_PACKET_TOO_LARGE
        return errc::packet_too_large;
    case 1049: // ER_BAD_DB_ERROR
    case 1146: // ER_NO_SUCH_TABLE
        return errc::missing_table;
    case 1054: // ER_BAD_FIELD_ERROR
    case 1136: // ER_WRONG_VALUE_COUNT_ON_ROW
    case 1535: // ER_BINLOG_ROW_WRONG_TABLE_DEF
    case 1677: // ER_REPLICA_CONVERSION_FAILED
        return errc::definition_mismatch;
    case 1032: // ER_KEY_NOT_FOUND
        return errc::row_not_found;
    case 1022: // ER_DUP_KEY
    case 1062: // ER_DUP_ENTRY
    case 1586: // ER_DUP_ENTRY_WITH_KEY_NAME
        return errc::duplicate_key;
    case 2002: // CR_CONNECTION_ERROR
    case 2003: // CR_CONN_HOST_ERROR
    case 2005: // CR_UNKNOWN_HOST
    case 2012: // CR_SERVER_HANDSHAKE_ERR
    case 2026: // CR_SSL_CONNECTION_ERROR
    case 1129: // ER_HOST_IS_BLOCKED
        return errc::connect_failed;
    default: return errc::target_refused;
    }
}

} // namespace understudy::applier
