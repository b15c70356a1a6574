#include "apps/inspection/redo_writer.hpp"

#include "apps/inspection/change_text_writer.hpp"
#include "apps/inspection/shown_statement.hpp"
#include "apps/inspection/shown_value.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "protocol/binlog/xa_id.hpp"
#include "protocol/errc.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <iterator>

namespace understudy::apps {

using namespace relay::inspection;
namespace rows_flag = protocol::rows_flag;

namespace {

constexpr std::uint16_t check_flags =
    rows_flag::no_foreign_key_checks | rows_flag::relaxed_unique_checks;

// The session that the statement was logged in, as far as it is logged.
std::string session_of(const protocol::query_status& status) {
    std::string text;
    const auto set = [&](std::string_view name, const auto& value) {
        if (value) {
            fmt::format_to(std::back_inserter(text), "{}@@session.{} = {}",
                           text.empty() ? "SET " : ", ", name, *value);
        }
    };
    set("sql_mode", status.sql_mode);
    set("auto_increment_increment", status.auto_increment_increment);
    set("auto_increment_offset", status.auto_increment_offset);
    set("character_set_client", status.character_set_client);
    set("collation_connection", status.collation_connection);
    set("collation_server", status.collation_server);
    set("lc_time_names", status.lc_time_names);
    if (status.time_zone) {
        text += text.empty() ? "SET " : ", ";
        text += "@@session.time_zone = '";
        append_harmless(text, *status.time_zone);
        text += '\'';
    }
    if (status.flags2) {
        const bool checks = (*status.flags2 & protocol::query_status::no_foreign_key_checks) == 0;
        const bool unique = (*status.flags2 & protocol::query_status::relaxed_unique_checks) == 0;
        fmt::format_to(std::back_inserter(text),
                       "{}@@session.foreign_key_checks = {}, @@session.unique_checks = {}",
                       text.empty() ? "SET " : ", ", checks ? 1 : 0, unique ? 1 : 0);
    }
    return text.empty() ? text : text + ";\n";
}

} // namespace

std::string transaction_comment(const transaction& of) {
    std::string text = "-- " + moment_text(of.time_us()) + "  ";
    append_harmless(text, of.gtid.empty() ? "no GTID" : of.gtid);
    text += "  ";
    append_harmless(text, of.place());
    return text + "\n";
}

redo_writer::done redo_writer::begin(const transaction& in) {
    begun_ = false;
    in_xa_ = false;
    out_.text() += transaction_comment(in);
    return out_.written();
}

void redo_writer::enter_rows(std::uint16_t flags) {
    auto& out = out_.text();
    if (!for_rows_) {
        out += row_session_settings;
        flags_ = static_cast<std::uint16_t>(~flags);
    }
    if ((flags & check_flags) != (flags_ & check_flags)) {
        fmt::format_to(std::back_inserter(out),
                       "SET @@session.foreign_key_checks = {}, @@session.unique_checks = {};\n",
                       (flags & rows_flag::no_foreign_key_checks) == 0 ? 1 : 0,
                       (flags & rows_flag::relaxed_unique_checks) == 0 ? 1 : 0);
    }
    for_rows_ = true;
    flags_ = flags;
}

void redo_writer::enter_transaction() {
    if (!begun_ && !in_xa_) out_.text() += "BEGIN;\n";
    begun_ = true;
}

redo_writer::done redo_writer::row(const transaction&, const described_table& table,
                                   const row_change& change) {
    enter_rows(change.flags);
    auto& out = out_.text();
    enter_transaction();
    if (auto done = sql_.append_redo(out, table, change); !done) return done;
    return out_.written();
}

redo_writer::done redo_writer::statement(const transaction&, const protocol::query_event& query,
                                         statement_kind, const protocol::event_header& header) {
    auto& out = out_.text();
    // Those around transactions depend on nothing.
    const bool is_xa = protocol::is_xa_start(query.text) || query.text.starts_with("XA ");
    if (is_xa || protocol::is_savepoint(query.text)) {
        in_xa_ = in_xa_ || protocol::is_xa_start(query.text);
        if (!is_xa) enter_transaction();
        out += query.text;
        out += ";\n";
        return out_.written();
    }
    if (!shows_secrets_) {
        const std::string shown = shown_statement(query);
        if (shown != query.text) {
            out += "-- left out, for it may have a password or its hash (--secrets): ";
            append_harmless(out, shown);
            out += '\n';
            return out_.written();
        }
    }
    for_rows_ = false;
    // CREATE DATABASE and its kin are logged with themselves as the default database.
    if (!query.database.empty() && !header.has(protocol::event_flag::suppress_use)) {
        out += "USE " + state::quote_identifier(query.database) + ";\n";
    }
    out += session_of(query.status);
    fmt::format_to(std::back_inserter(out), "SET TIMESTAMP = {};\n", header.timestamp);
    out += "DELIMITER /*!*/;\n";
    out += query.text;
    out += "\n/*!*/;\nDELIMITER ;\nSET TIMESTAMP = DEFAULT;\n";
    return out_.written();
}

redo_writer::done redo_writer::other(const transaction& in, const stream_event& event) {
    using protocol::event_type;
    auto& out = out_.text();
    if (event.event.header.type == event_type::intvar) {
        const auto decoded = protocol::decode_intvar_event(event.event);
        if (!decoded) return std::unexpected(decoded.error());
        fmt::format_to(std::back_inserter(out), "SET {} = {};\n",
                       decoded->kind == protocol::intvar_kind::insert_id ? "INSERT_ID"
                                                                         : "LAST_INSERT_ID",
                       decoded->value);
        return out_.written();
    }
    if (event.event.header.type == event_type::rand) {
        const auto decoded = protocol::decode_rand_event(event.event);
        if (!decoded) return std::unexpected(decoded.error());
        fmt::format_to(std::back_inserter(out), "SET @@RAND_SEED1 = {}, @@RAND_SEED2 = {};\n",
                       decoded->seed1, decoded->seed2);
        return out_.written();
    }
    if (event.event.header.type == event_type::xa_prepare && in_xa_) {
        const auto decoded = protocol::decode_xa_prepare(event.event);
        if (!decoded) return std::unexpected(decoded.error());
        out += decoded->one_phase ? "XA COMMIT " + decoded->id.to_string() + " ONE PHASE;\n"
                                  : "XA PREPARE " + decoded->id.to_string() + ";\n";
        return out_.written();
    }
    return protocol::fail(protocol::errc::unsupported,
                          in.place() + ": SQL cannot say what a " +
                              to_string(event.event.header.type) +
                              " event does; `relay export` and mysqlbinlog can");
}

redo_writer::done redo_writer::end(const transaction& of, transaction_end how, std::uint64_t) {
    if (in_xa_) return out_.written();
    if (how == transaction_end::prepared) {
        return protocol::fail(protocol::errc::unsupported,
                              of.place() + ": whether this XA transaction was committed stands "
                                           "elsewhere in the log; leave it out, write the whole "
                                           "log (without --where and --table), or use `relay "
                                           "export` and mysqlbinlog");
    }
    if (begun_) out_.text() += "COMMIT;\n";
    return out_.written();
}

} // namespace understudy::apps
