#include "applier/set_aside.hpp"

#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/server_errors.hpp"

#include <algorithm>
#include <set>

namespace understudy::applier {

using protocol::result;

bool concerns_one_table(const protocol::error& error) {
    if (error.code.category() != applier_category()) return false;
    const auto code = static_cast<errc>(error.code.value());
    if (is_retryable(code)) return false;
    constexpr unsigned no_right_in_database = 1044;
    constexpr unsigned no_such_right = 1227; // to write row images, for example
    switch (code) {
    case errc::missing_privilege:
        return error.server.number != no_right_in_database && error.server.number != no_such_right;
    case errc::target_refused:
    case errc::row_not_found:
    case errc::duplicate_key:
    case errc::missing_table:
    case errc::definition_mismatch:
    case errc::packet_too_large: return true;
    default: return false;
    }
}

namespace {

result<void> set_aside_linked(target_session& target, const stream_context& context,
                              const std::set<state::object_name>& wanted,
                              const std::vector<quarantine_entry>& others, std::string_view why,
                              std::uint64_t asked) {
    auto tables = linked_tables(target, context.selection, wanted);
    if (!tables) return std::unexpected(std::move(tables.error()));
    for (const quarantine_entry& other : others) {
        if (other.id == asked) continue;
        std::erase_if(
            *tables, [&](const state::object_name& table) { return other.tables.contains(table); });
    }
    if (context.hook) context.hook("before set aside");
    auto done =
        quarantine_store(context.store).set_aside(target, *tables, why, context.epoch, asked);
    if (context.hook) context.hook("after set aside");
    return done;
}

} // namespace

result<void> set_aside(const stream_context& context, const state::object_name& table,
                       std::string_view why) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    auto others = quarantine_store(context.store).load(**target);
    if (!others) return std::unexpected(std::move(others.error()));
    return set_aside_linked(**target, context, {table}, *others, why, 0);
}

result<stream_share> share_of(const stream_context& context, target_session& target) {
    if (context.only != nullptr) return stream_share::only(*context.only);
    const quarantine_store store(context.store);
    auto entries = store.load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    const auto is_asked = [](const quarantine_entry& one) {
        return one.now == quarantine_entry::stage::asked;
    };
    for (const quarantine_entry& asked : *entries) {
        if (!is_asked(asked)) continue;
        auto done = set_aside_linked(target, context, asked.tables, *entries, asked.why, asked.id);
        if (!done) return std::unexpected(std::move(done.error()));
    }
    if (std::ranges::any_of(*entries, is_asked)) entries = store.load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    return stream_share::all_but(std::move(*entries));
}

} // namespace understudy::applier
