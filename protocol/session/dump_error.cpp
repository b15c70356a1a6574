#include "protocol/session/dump_error.hpp"

#include "protocol/errc.hpp"

#include <array>
#include <string>
#include <string_view>

namespace understudy::protocol {

namespace {

struct meaning {
    std::string_view text; // part of the server's sentence
    errc code;
    std::string_view mend;
};

constexpr std::string_view reseed =
    "the source no longer has this part of its log: start the task anew with an initial copy, and "
    "keep binary logs longer (binlog_expire_logs_seconds)";
constexpr std::string_view damaged =
    "the source's binary log is damaged: look at its error log, then start the task anew";

// Error 1236 has many causes with one number; the sentences are those of sql/rpl_binlog_sender.cc,
// sql/rpl_source.cc and MariaDB's sql/sql_repl.cc. Earlier lines win.
constexpr std::array<meaning, 18> meanings{{
    {"same server_uuid/server_id", errc::source_unsuitable,
     "another replica with our server_id or server UUID has connected: is the task running twice?"},
    {"same server_uuid", errc::source_unsuitable,
     "another replica with our server UUID has connected: is the task running twice?"},
    {"more GTIDs than", errc::source_unsuitable,
     "the source lost transactions or is another server: start the task anew"},
    {"handle replication events with the checksum", errc::source_unsuitable, ""},
    {"max_allowed_packet", errc::source_unsuitable, damaged},
    {"bogus data", errc::source_unsuitable, damaged},
    {"crc check", errc::source_unsuitable, damaged},
    {"could not find next log", errc::source_unsuitable, damaged},
    {"diverged", errc::source_unsuitable, ""},
    {"anonymous transaction", errc::source_unsuitable,
     "the log holds transactions without a GTID: start the task anew"},
    {"Could not find first log", errc::binlog_position_lost, reseed},
    {"purged", errc::binlog_position_lost, reseed},
    {"missing transactions", errc::binlog_position_lost, reseed},
    {"start replication from position", errc::binlog_position_lost, reseed},
    {"start replication from impossible position", errc::binlog_position_lost, reseed},
    {"impossible position", errc::binlog_position_lost, reseed},
    {"requested to start from GTID", errc::binlog_position_lost, reseed},
    {"truncated in the middle of event", errc::binlog_position_lost, reseed},
}};

constexpr std::uint16_t fatal_reading_binlog = 1236;

void add_mend(error& refused, std::string_view mend) {
    if (!mend.empty()) refused.what.append("; ").append(mend);
}

} // namespace

error dump_error(error refused) {
    if (refused.code != make_error_code(errc::server_error)) return refused;
    switch (refused.server.number) {
    case 1045: // ER_ACCESS_DENIED_ERROR, COM_REGISTER_SLAVE's answer
    case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR, the dump's
        refused.code = make_error_code(errc::access_denied);
        add_mend(refused, "run GRANT REPLICATION SLAVE ON *.* TO the account of the task");
        return refused;
    case fatal_reading_binlog: break;
    default: return refused;
    }
    for (const auto& [text, code, mend] : meanings) {
        if (refused.server.message.find(text) != std::string::npos) {
            refused.code = make_error_code(code);
            add_mend(refused, mend);
            return refused;
        }
    }
    return refused;
}

} // namespace understudy::protocol
