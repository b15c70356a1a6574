#include "applier/set_aside.hpp"

#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/server_errors.hpp"

#include <algorithm>
#include <set>
#include <utility>

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

bool intersect(const std::set<state::object_name>& left,
               const std::set<state::object_name>& right) {
    return std::ranges::any_of(left, [&](const auto& table) { return right.contains(table); });
}

// These tables with all that is linked with them, but for those of other entries.
result<std::set<state::object_name>> linked_and_free(target_session& target,
                                                     const stream_context& context,
                                                     const std::set<state::object_name>& wanted,
                                                     const std::vector<quarantine_entry>& entries,
                                                     std::uint64_t own) {
    auto tables = linked_tables(target, context.selection, wanted);
    if (!tables) return tables;
    for (const quarantine_entry& other : entries) {
        if (other.id == own || other.is_asked()) continue;
        std::erase_if(
            *tables, [&](const state::object_name& table) { return other.tables.contains(table); });
    }
    return tables;
}

// Gives back what is set aside now; nothing when all of it was already.
result<std::set<state::object_name>> set_aside_linked(target_session& target,
                                                      const stream_context& context,
                                                      const std::set<state::object_name>& wanted,
                                                      const std::vector<quarantine_entry>& others,
                                                      std::string_view why, std::uint64_t asked) {
    auto tables = linked_and_free(target, context, wanted, others, asked);
    if (!tables || tables->empty()) return tables;
    if (context.hook) context.hook("before set aside");
    auto done =
        quarantine_store(context.store).set_aside(target, *tables, why, context.epoch, asked);
    if (context.hook) context.hook("after set aside");
    if (!done) return std::unexpected(std::move(done.error()));
    return tables;
}

// Wishes for tables that are linked become one, and to copy anew is the larger wish.
result<void> fulfil(target_session& target, const stream_context& context,
                    std::vector<quarantine_entry> entries) {
    const quarantine_store store(context.store);
    std::ranges::sort(entries, {}, [](const quarantine_entry& one) {
        return std::pair(one.now != quarantine_entry::stage::reload_asked, one.id);
    });
    std::set<state::object_name> aside;
    for (const quarantine_entry& asked : entries) {
        if (!asked.is_asked()) continue;
        std::set<state::object_name> taken;
        if (!intersect(asked.tables, aside)) {
            auto done =
                set_aside_linked(target, context, asked.tables, entries, asked.why, asked.id);
            if (!done) return std::unexpected(std::move(done.error()));
            taken = *std::move(done);
        }
        if (taken.empty()) {
            if (auto gone = store.remove(target, asked); !gone) return gone;
        }
        aside.merge(taken);
    }
    return {};
}

} // namespace

result<void> set_aside(const stream_context& context, const state::object_name& table,
                       std::string_view why) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    auto others = quarantine_store(context.store).load(**target);
    if (!others) return std::unexpected(std::move(others.error()));
    auto done = set_aside_linked(**target, context, {table}, *others, why, 0);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<void> reload(const stream_context& context, const std::set<state::object_name>& tables,
                    std::string_view why) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    if (auto held = context.store.hold(**target, context.epoch); !held) return held;
    return quarantine_store(context.store).ask_to_reload(**target, tables, why);
}

result<void> take_in(const stream_context& context, const quarantine_entry& entry,
                     const std::set<state::object_name>& tables) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    const quarantine_store store(context.store);
    auto others = store.load(**target);
    if (!others) return std::unexpected(std::move(others.error()));
    auto linked = linked_and_free(**target, context, tables, *others, entry.id);
    if (!linked) return std::unexpected(std::move(linked.error()));
    auto done = store.extend(**target, entry, *linked, context.epoch);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<stream_share> share_of(const stream_context& context, target_session& target) {
    if (context.only != nullptr) return stream_share::only(*context.only);
    const quarantine_store store(context.store);
    auto entries = store.load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    if (std::ranges::any_of(*entries, &quarantine_entry::is_asked)) {
        auto done = fulfil(target, context, *std::move(entries));
        if (!done) return std::unexpected(std::move(done.error()));
        entries = store.load(target);
    }
    if (!entries) return std::unexpected(std::move(entries.error()));
    return stream_share::all_but(std::move(*entries));
}

} // namespace understudy::applier
