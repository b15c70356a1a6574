#include "applier/ddl_scan.hpp"

#include "applier/ddl/redaction.hpp"
#include "applier/quarantine.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/session/server_greeting.hpp"

#include <fmt/format.h>

#include <functional>

namespace understudy::applier {

using protocol::event_type;
using protocol::result;

namespace {

using change_kind = definition_change::kind;

change_kind kind_of(statement_plan::kind kind) {
    if (is_about_tables(kind)) return change_kind::tables;
    if (kind == statement_plan::kind::account) return change_kind::account;
    return is_program(kind) ? change_kind::program : change_kind::other;
}

std::optional<definition_change> change_of(const protocol::query_event& query,
                                           const state::object_selection& selection,
                                           std::uint32_t source_version, bool& inseparable) {
    if (query.is_begin() || query.is_commit() || query.is_rollback() || query.is_savepoint())
        return std::nullopt;
    const auto statement = logged_statement::of(query, source_version);
    const auto plan = plan_statement(statement, selection);
    const bool is_xa = query.text.starts_with("XA ");
    const bool is_text =
        plan && plan->what != statement_plan::action::skip && plan->is == statement_plan::kind::dml;
    inseparable = inseparable || is_xa || is_text;
    if ((!plan && is_xa) || is_text) return std::nullopt;
    definition_change change;
    if (!plan) return change;
    if (plan->what == statement_plan::action::skip || plan->only_notes) return std::nullopt;
    change.of = changes_selection(*plan) ? change_kind::other : kind_of(plan->is);
    if (change.of != change_kind::tables) return change;
    for (auto& name : stream_share::concerned(*plan, statement, selection)) {
        if (selection.selects(name.database, name.object)) change.tables.insert(std::move(name));
    }
    // The copy made it on the target, and nothing but this statement says that it is gone.
    for (const auto& step : plan->models) {
        const bool is_selected = selection.selects(step.model.database, step.model.object);
        if (is_selected && step.what == statement_plan::model_step::step::put_in_place)
            change.tables.insert(step.model);
    }
    if (change.tables.empty()) change.of = change_kind::other;
    return change;
}

// Until `take` says false.
result<void> scan(relay::log& relay, const state::source_position& from,
                  const protocol::binlog_position& until, const state::object_selection& selection,
                  std::uint32_t source_version, bool& inseparable,
                  const std::function<bool(definition_change)>& take) {
    auto reader = relay.open_reader(from);
    if (!reader) return std::unexpected(std::move(reader.error()));
    std::optional<protocol::format_description> format;
    std::vector<std::byte> plain;
    protocol::gtid id;
    for (;;) {
        auto stored = (*reader)->next();
        if (!stored) return std::unexpected(std::move(stored.error()));
        if (!*stored) return {};
        protocol::binlog_position end{*(*stored)->file, (*stored)->end_offset};
        if (end > until) return {};
        const auto header = protocol::decode_event_header((*stored)->bytes);
        if (!header) return std::unexpected(header.error());
        if (header->type == event_type::format_description) {
            auto decoded = protocol::decode_format_description((*stored)->bytes);
            if (!decoded) return std::unexpected(std::move(decoded.error()));
            format = std::move(*decoded);
            const auto version = protocol::parse_version_number(format->server_version);
            if (version != 0) source_version = version;
        }
        if (header->type == event_type::execute_load_query) inseparable = true;
        const bool is_compressed = header->type == event_type::mariadb_query_compressed;
        const bool begins = header->type == event_type::gtid ||
                            header->type == event_type::gtid_tagged ||
                            header->type == event_type::anonymous_gtid;
        if (header->type != event_type::query && !is_compressed && !begins) continue;
        UNDERSTUDY_ASSERT(format.has_value());
        auto event = protocol::decode_event((*stored)->bytes, format->has_checksum());
        if (!event) return std::unexpected(event.error());
        if (begins) {
            auto begun = protocol::decode_gtid_event(*event);
            if (!begun) return std::unexpected(std::move(begun.error()));
            id = std::move(begun->id);
            continue;
        }
        if (is_compressed) {
            const auto done = protocol::uncompress_mariadb_event(plain, *event, *format);
            if (!done) return std::unexpected(done.error());
            event = protocol::decode_event(plain, false);
            if (!event) return std::unexpected(event.error());
        }
        const auto query = protocol::decode_query_event(*event, *format);
        if (!query) return std::unexpected(query.error());
        auto change = change_of(*query, selection, source_version, inseparable);
        if (!change) continue;
        change->id = id;
        constexpr std::size_t shown_max = 200;
        change->shown = fmt::format(
            "'{}' at {}", ddl::shown_text(logged_statement::of(*query, source_version), shown_max),
            end.to_string());
        change->end = std::move(end);
        if (!take(*std::move(change))) return {};
    }
}

} // namespace

bool was_there_at(const state::source_position& position, const definition_change& change) {
    const bool was_committed =
        change.id.empty() || position.executed.empty() || position.executed.contains(change.id);
    return change.end <= position.binlog && was_committed;
}

result<definition_changes> find_changes(relay::log& relay, const state::source_position& from,
                                        const protocol::binlog_position& until,
                                        const state::object_selection& selection,
                                        std::uint32_t source_version) {
    definition_changes changes;
    auto done = scan(relay, from, until, selection, source_version, changes.has_inseparable,
                     [&](definition_change change) {
                         changes.found.push_back(std::move(change));
                         return true;
                     });
    if (!done) return std::unexpected(std::move(done.error()));
    return changes;
}

result<std::optional<definition_change>> find_ddl(relay::log& relay,
                                                  const state::source_position& from,
                                                  const protocol::binlog_position& until,
                                                  const state::object_selection& selection,
                                                  std::uint32_t source_version) {
    std::optional<definition_change> found;
    bool any_inseparable = false;
    auto done = scan(relay, from, until, selection, source_version, any_inseparable,
                     [&](definition_change change) {
                         found = std::move(change);
                         return false;
                     });
    if (!done) return std::unexpected(std::move(done.error()));
    return found;
}

} // namespace understudy::applier
