#include "applier/ddl_scan.hpp"

#include "applier/statement_plan.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/query_event.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::event_type;
using protocol::result;

namespace {

bool is_ddl(const protocol::query_event& query, const state::object_selection& selection,
            std::uint32_t source_version) {
    if (query.is_begin() || query.is_commit() || query.is_rollback() || query.is_savepoint())
        return false;
    const auto plan = plan_statement(logged_statement::of(query, source_version), selection);
    if (!plan) return !query.text.starts_with("XA ");
    return plan->what != statement_plan::action::skip && plan->is != statement_plan::kind::dml;
}

} // namespace

result<std::optional<std::string>> find_ddl(relay::log& relay, const state::source_position& from,
                                            const protocol::binlog_position& until,
                                            const state::object_selection& selection,
                                            std::uint32_t source_version) {
    auto reader = relay.open_reader(from);
    if (!reader) return std::unexpected(std::move(reader.error()));
    std::optional<protocol::format_description> format;
    std::vector<std::byte> plain;
    for (;;) {
        auto stored = (*reader)->next();
        if (!stored) return std::unexpected(std::move(stored.error()));
        if (!*stored) return std::nullopt;
        const protocol::binlog_position end{*(*stored)->file, (*stored)->end_offset};
        if (end > until) return std::nullopt;
        const auto header = protocol::decode_event_header((*stored)->bytes);
        if (!header) return std::unexpected(header.error());
        if (header->type == event_type::format_description) {
            auto decoded = protocol::decode_format_description((*stored)->bytes);
            if (!decoded) return std::unexpected(std::move(decoded.error()));
            format = std::move(*decoded);
        }
        const bool is_compressed = header->type == event_type::mariadb_query_compressed;
        if (header->type != event_type::query && !is_compressed) continue;
        UNDERSTUDY_ASSERT(format.has_value());
        auto event = protocol::decode_event((*stored)->bytes, format->has_checksum());
        if (!event) return std::unexpected(event.error());
        if (is_compressed) {
            const auto done = protocol::uncompress_mariadb_event(plain, *event, *format);
            if (!done) return std::unexpected(done.error());
            event = protocol::decode_event(plain, false);
            if (!event) return std::unexpected(event.error());
        }
        const auto query = protocol::decode_query_event(*event, *format);
        if (!query) return std::unexpected(query.error());
        if (!is_ddl(*query, selection, source_version)) continue;
        constexpr std::size_t shown_max = 200;
        return fmt::format("'{}' at {}", query->text.substr(0, shown_max), end.to_string());
    }
}

} // namespace understudy::applier
