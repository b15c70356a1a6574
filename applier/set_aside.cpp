#include "applier/set_aside.hpp"

#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/server_errors.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
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
std::set<state::object_name> linked_and_free(const table_links& links,
                                             const std::set<state::object_name>& wanted,
                                             const std::vector<quarantine_entry>& entries,
                                             std::uint64_t own) {
    auto tables = linked_by(links, wanted);
    for (const quarantine_entry& other : entries) {
        if (other.id == own || other.is_asked()) continue;
        std::erase_if(
            tables, [&](const state::object_name& table) { return other.tables.contains(table); });
    }
    return tables;
}

result<void> put_aside(target_session& target, const stream_context& context,
                       const std::set<state::object_name>& tables, std::string_view why,
                       std::uint64_t asked,
                       quarantine_entry::stage as = quarantine_entry::stage::aside) {
    if (context.hook) context.hook("before set aside");
    auto done =
        quarantine_store(context.store).set_aside(target, tables, why, context.epoch, asked, as);
    if (context.hook) context.hook("after set aside");
    return done;
}

// Wishes for tables that are linked, over whatever steps, become one, and to copy anew is the
// larger wish.
struct joint_wish {
    std::set<state::object_name> tables;
    std::vector<const quarantine_entry*> wishes; // the one to keep first
};

std::vector<joint_wish> join_wishes(const table_links& links,
                                    const std::vector<quarantine_entry>& entries) {
    std::vector<joint_wish> joint;
    for (const quarantine_entry& asked : entries) {
        if (!asked.is_asked()) continue;
        joint_wish grown{linked_and_free(links, asked.tables, entries, asked.id), {&asked}};
        std::erase_if(joint, [&](joint_wish& other) {
            if (!intersect(other.tables, grown.tables)) return false;
            grown.tables.merge(other.tables);
            std::ranges::copy(other.wishes, std::back_inserter(grown.wishes));
            return true;
        });
        joint.push_back(std::move(grown));
    }
    for (joint_wish& one : joint) {
        std::ranges::sort(one.wishes, {}, [](const quarantine_entry* wish) {
            const bool copies = wish->now == quarantine_entry::stage::reload_asked;
            return std::tuple(!copies || wish->keeps_rows, !wish->keeps_rows, wish->id);
        });
    }
    return joint;
}

// Whoever asked need not have known how the source stores the name.
void take_stored_names(std::vector<quarantine_entry>& entries,
                       const state::object_selection& selection) {
    for (quarantine_entry& entry : entries) {
        std::set<state::object_name> stored;
        for (const state::object_name& table : entry.tables)
            stored.insert(selection.as_stored(table));
        if (entry.is_asked()) entry.tables = std::move(stored);
    }
}

result<void> fulfil(target_session& target, const stream_context& context,
                    std::vector<quarantine_entry> entries) {
    take_stored_names(entries, context.selection);
    const quarantine_store store(context.store);
    const auto links = read_links(target, context.selection);
    if (!links) return std::unexpected(links.error());
    for (const joint_wish& one : join_wishes(*links, entries)) {
        // Whatever dies in between: the others are asked for again, and nothing is left of them.
        const bool is_any_left = !one.tables.empty();
        if (is_any_left) {
            const quarantine_entry& kept = *one.wishes.front();
            auto done = put_aside(target, context, one.tables, kept.why, kept.id);
            if (!done) return done;
        }
        for (std::size_t i = is_any_left ? 1 : 0; i < one.wishes.size(); ++i) {
            if (auto gone = store.remove(target, *one.wishes[i]); !gone) return gone;
        }
    }
    return {};
}

} // namespace

result<void> set_aside(const stream_context& context, const state::object_name& table,
                       std::string_view why, quarantine_entry::stage as) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    auto others = quarantine_store(context.store).load(**target);
    if (!others) return std::unexpected(std::move(others.error()));
    const auto links = read_links(**target, context.selection);
    if (!links) return std::unexpected(links.error());
    const auto tables = linked_and_free(*links, {table}, *others, 0);
    return tables.empty() ? result<void>{} : put_aside(**target, context, tables, why, 0, as);
}

result<void> reload(const stream_context& context, const std::set<state::object_name>& tables,
                    std::string_view why) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    if (auto held = context.store.hold(**target, context.epoch); !held) return held;
    return quarantine_store(context.store).ask_to_reload(**target, tables, why);
}

result<bool> take_in(const stream_context& context, const quarantine_entry& entry,
                     const std::set<state::object_name>& tables) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    const quarantine_store store(context.store);
    auto others = store.load(**target);
    if (!others) return std::unexpected(std::move(others.error()));
    const auto links = read_links(**target, context.selection);
    if (!links) return std::unexpected(links.error());
    // Another entry that is to come back comes with this one; whoever is at it is fenced.
    auto wanted = tables;
    std::vector<const quarantine_entry*> absorbed;
    for (bool grows = true; grows;) {
        grows = false;
        wanted = linked_by(*links, std::move(wanted));
        for (const quarantine_entry& other : *others) {
            const bool comes = other.comes_back() && other.keeps_rows == entry.keeps_rows;
            if (other.id == entry.id || !comes || !intersect(other.tables, wanted)) continue;
            if (std::ranges::find(absorbed, &other) != absorbed.end()) continue;
            absorbed.push_back(&other);
            wanted.insert(other.tables.begin(), other.tables.end());
            grows = true;
        }
    }
    for (const quarantine_entry& other : *others) {
        const bool stays = !other.is_asked() && other.id != entry.id &&
                           (!other.comes_back() || other.keeps_rows != entry.keeps_rows);
        if (stays)
            std::erase_if(wanted, [&](const auto& one) { return other.tables.contains(one); });
    }
    if (std::ranges::includes(entry.tables, wanted)) return false;
    auto done = store.extend(**target, entry, wanted, absorbed, context.epoch);
    if (!done) return std::unexpected(std::move(done.error()));
    return true; // it may have come back meanwhile, which is as well
}

result<void> copy_anew(const stream_context& context, const quarantine_entry& entry) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    auto done = quarantine_store(context.store).extend(**target, entry, {}, {}, context.epoch);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<void> wait_with(const stream_context& context, const quarantine_entry& entry,
                       const std::set<state::object_name>& views) {
    auto target = target_session::connect(context.task.target, {});
    if (!target) return std::unexpected(std::move(target.error()));
    auto done = quarantine_store(context.store).add(**target, entry, views, context.epoch);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<stream_share> share_of(const stream_context& context, target_session& target) {
    if (context.only != nullptr) return stream_share::only(*context.only);
    const quarantine_store store(context.store);
    auto entries = store.load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    if (std::ranges::any_of(*entries, &quarantine_entry::is_asked)) {
        auto done = fulfil(target, context, *entries);
        if (!done) return std::unexpected(std::move(done.error()));
        entries = store.load(target);
    }
    if (!entries) return std::unexpected(std::move(entries.error()));
    return stream_share::all_but(std::move(*entries));
}

} // namespace understudy::applier
