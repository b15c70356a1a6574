#include "apps/event_printer.hpp"

#include "apps/figure_text.hpp"
#include "apps/inspection/shown_statement.hpp"
#include "apps/styled_line.hpp"
#include "apps/time_text.hpp"
#include "protocol/binlog/describe_value.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rotate_event.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/binlog/transaction_payload.hpp"
#include "protocol/errc.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::apps {

namespace {

using protocol::event_type;
using protocol::result;

constexpr std::size_t text_columns_max = 2'000;

std::string table_name(const protocol::table_map& map) {
    return fmt::format("{}.{}", map.database, map.table);
}

result<std::string> describe_gtid(const protocol::event_view& event) {
    const auto decoded = protocol::decode_gtid_event(event);
    if (!decoded) return std::unexpected(decoded.error());
    return decoded->id.empty() ? std::string("anonymous") : decoded->id.to_string();
}

result<std::string> describe_previous_gtids(const protocol::event_view& event) {
    const auto set = protocol::decode_previous_gtids(event);
    if (!set) return std::unexpected(set.error());
    return set->to_string();
}

result<std::string> describe_mariadb_gtid(const protocol::event_view& event) {
    using phase = protocol::mariadb_gtid_event::alter_phase;
    const auto decoded = protocol::decode_mariadb_gtid_event(event);
    if (!decoded) return std::unexpected(decoded.error());
    const char* const alter = decoded->alter == phase::start      ? ", ALTER begins"
                              : decoded->alter == phase::commit   ? ", ALTER is through"
                              : decoded->alter == phase::rollback ? ", ALTER is taken back"
                                                                  : "";
    return decoded->id.to_string() + alter;
}

result<std::string> describe_mariadb_gtid_list(const protocol::event_view& event) {
    const auto decoded = protocol::decode_mariadb_gtid_list(event);
    if (!decoded) return std::unexpected(decoded.error());
    std::string text;
    for (const auto& id : *decoded)
        text += (text.empty() ? "" : ",") + id.to_string();
    return text;
}

result<std::string> describe_rotate(const protocol::event_view& event) {
    const auto next = protocol::decode_rotate_event(event);
    if (!next) return std::unexpected(next.error());
    return "to " + next->to_string();
}

result<std::string> describe_xid(const protocol::event_view& event) {
    const auto number = protocol::decode_xid_event(event);
    if (!number) return std::unexpected(number.error());
    return fmt::format("COMMIT of {}", *number);
}

result<std::string> describe_rows_query(const protocol::event_view& event) {
    const auto text = protocol::decode_rows_query_event(event);
    if (!text) return std::unexpected(text.error());
    return std::string(*text);
}

result<std::string> describe_payload(const protocol::event_view& event) {
    const auto payload = protocol::decode_transaction_payload(event);
    if (!payload) return std::unexpected(payload.error());
    return fmt::format("{} bytes, {} unpacked:", payload->data.size(), payload->uncompressed_size);
}

result<std::string> describe_query(const protocol::event_view& event,
                                   const protocol::format_description& format) {
    const auto decoded = protocol::decode_query_event(event, format);
    if (!decoded) return std::unexpected(decoded.error());
    const std::string database =
        decoded->database.empty() ? "" : std::string(decoded->database) + ": ";
    return database + shown_statement(*decoded);
}

} // namespace

result<std::vector<std::string>> event_printer::print(const relay::inspection::stream_event& one) {
    const auto& header = one.event.header;
    if (header.type == event_type::format_description) tables_.clear();
    format_ = one.format;
    std::vector<std::string> rows;
    const auto text = describe(one.event, rows);
    if (!text) return std::unexpected(text.error());
    const std::string indent = one.unpacked ? "  " : "";
    std::vector<std::string> lines{
        fmt::format("{}  {:<24}  {}{:<18}  {}", time_text(header.timestamp), one.place(), indent,
                    to_string(header.type), fit(*text, text_columns_max))};
    for (std::string& row : rows)
        lines.push_back(fit(indent + row, text_columns_max));
    return lines;
}

result<std::string> event_printer::describe(const protocol::event_view& event,
                                            std::vector<std::string>& rows) {
    switch (event.header.type) {
    case event_type::format_description:
        return fmt::format("server {}, checksums {}", format_->server_version,
                           format_->has_checksum() ? "CRC32" : "off");
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged: return describe_gtid(event);
    case event_type::previous_gtids: return describe_previous_gtids(event);
    case event_type::rotate: return describe_rotate(event);
    case event_type::xid: return describe_xid(event);
    case event_type::rows_query:
    case event_type::mariadb_annotate_rows: return describe_rows_query(event);
    case event_type::query: return describe_query(event, *format_);
    case event_type::table_map: return describe_table_map(event);
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows:
    case event_type::partial_update_rows: return describe_rows(event, rows);
    case event_type::mariadb_gtid: return describe_mariadb_gtid(event);
    case event_type::mariadb_gtid_list: return describe_mariadb_gtid_list(event);
    case event_type::mariadb_query_compressed:
    case event_type::mariadb_write_rows_compressed_v1:
    case event_type::mariadb_update_rows_compressed_v1:
    case event_type::mariadb_delete_rows_compressed_v1:
    case event_type::mariadb_write_rows_compressed:
    case event_type::mariadb_update_rows_compressed:
    case event_type::mariadb_delete_rows_compressed: return describe_compressed(event, rows);
    case event_type::transaction_payload: return describe_payload(event);
    default: return fmt::format("{} bytes", event.bytes.size());
    }
}

result<std::string> event_printer::describe_compressed(const protocol::event_view& event,
                                                       std::vector<std::string>& rows) {
    std::vector<std::byte> plain;
    if (auto done = protocol::uncompress_mariadb_event(plain, event, *format_); !done)
        return std::unexpected(std::move(done.error()));
    const auto inner = protocol::decode_event(plain, false);
    if (!inner) return std::unexpected(inner.error());
    return describe(*inner, rows);
}

result<std::string> event_printer::describe_table_map(const protocol::event_view& event) {
    table entry;
    entry.bytes.assign(event.bytes.begin(), event.bytes.end());
    protocol::event_view copy = event;
    copy.bytes = entry.bytes;
    copy.body = copy.bytes.subspan(protocol::event_header_size, event.body.size());
    auto map = protocol::decode_table_map(copy, *format_);
    if (!map) return std::unexpected(map.error());
    entry.map = *std::move(map);
    std::string text =
        fmt::format("{} ({} columns)", table_name(entry.map), entry.map.columns.size());
    tables_.insert_or_assign(entry.map.table_id, std::move(entry));
    return text;
}

result<std::string> event_printer::describe_rows(const protocol::event_view& event,
                                                 std::vector<std::string>& rows) {
    const auto decoded =
        protocol::decode_rows_event(event, *format_, protocol::partial_json::accepted);
    if (!decoded) return std::unexpected(decoded.error());
    const auto found = tables_.find(decoded->table_id);
    if (found == tables_.end()) {
        return protocol::fail(
            protocol::errc::malformed,
            fmt::format("rows of table {} without its table map", decoded->table_id));
    }
    const protocol::table_map& map = found->second.map;
    protocol::row_reader reader(map, *decoded);
    std::size_t count = 0;
    while (true) {
        const auto more = reader.next();
        if (!more) return std::unexpected(more.error());
        if (!*more) break;
        ++count;
        if (decoded->kind != protocol::rows_kind::write)
            rows.push_back("    - " + describe_row(map, reader.before()));
        if (decoded->kind != protocol::rows_kind::delete_)
            rows.push_back("    + " + describe_row(map, reader.after()));
    }
    std::string text = table_name(map) + ", " + counted(count, "row");
    // Maps are only good until the end of their statement.
    if ((decoded->flags & protocol::rows_flag::statement_end) != 0) tables_.clear();
    return text;
}

} // namespace understudy::apps
