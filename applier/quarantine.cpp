#include "applier/quarantine.hpp"

#include "applier/ddl/mentioned_tables.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

std::string list_names(const std::set<state::object_name>& tables) {
    std::string text;
    for (const state::object_name& table : tables)
        text += (text.empty() ? "" : ", ") + table.to_string();
    return text;
}

stream_share stream_share::all_but(std::vector<quarantine_entry> entries) {
    stream_share share;
    std::erase_if(entries, [](const quarantine_entry& one) { return one.is_asked(); });
    share.entries_ = std::move(entries);
    return share;
}

stream_share stream_share::only(quarantine_entry entry) {
    stream_share share;
    share.entries_.push_back(std::move(entry));
    share.catches_up_ = true;
    return share;
}

const quarantine_entry* stream_share::find(const state::object_name& table) const {
    const auto found = std::ranges::find_if(
        entries_, [&](const quarantine_entry& one) { return one.tables.contains(table); });
    return found == entries_.end() ? nullptr : &*found;
}

std::unexpected<protocol::error> stream_share::refuse(const source_transaction& transaction,
                                                      const std::string& what,
                                                      const state::object_name& table) const {
    return fail(errc::quarantined,
                fmt::format("transaction {} of the source: {} concerns {}, which is set aside, and "
                            "cannot wait with it: let the table catch up first (understudy resume "
                            "TASK --table {}.{}), or exclude it in the task",
                            transaction.to_string(), what, table.to_string(), table.database,
                            table.object));
}

result<bool> stream_share::takes(const statement_plan& plan, const logged_statement& statement,
                                 const source_transaction& transaction,
                                 const state::object_selection& selection) const {
    if (is_everything()) return true;
    using enum statement_plan::kind;
    if (is_about_tables(plan.is) || plan.is == view)
        return takes_named(plan, statement, transaction, selection);
    switch (plan.is) {
    // Whose it is shows on the target, when it is to be executed.
    case trigger:
        return plan.drops_trigger || *takes_named(plan, statement, transaction, selection);
    // Statements about one account keep their order, so those about the table cannot wait alone.
    case account:
        for (const state::object_name& table : plan.uses) {
            if (!catches_up_ && find(table) != nullptr)
                return refuse(transaction, "a statement about privileges", table);
        }
        break;
    // What it reads and writes cannot be told from its text for certain.
    case dml:
        if (catches_up_) return false;
        return refuse(transaction, "a change that was logged as text",
                      *entries_.front().tables.begin());
    case alter_database:
    case drop_database:
        for (const quarantine_entry& entry : entries_) {
            for (const state::object_name& table : entry.tables) {
                if (!catches_up_ && table.database == plan.source_names.front().database)
                    return refuse(transaction, "a statement about a whole database", table);
            }
        }
        break;
    default: break;
    }
    return !catches_up_;
}

std::vector<state::object_name> stream_share::concerned(const statement_plan& plan,
                                                        const logged_statement& statement,
                                                        const state::object_selection& selection) {
    auto names = plan.source_names;
    const std::string home = names.empty() ? "" : names.front().database;
    names.insert(names.end(), plan.uses.begin(), plan.uses.end());
    // A model of the next change must not meet that of one which its table has not come to.
    for (const auto& one : plan.models) {
        if (one.what != statement_plan::model_step::step::made) continue;
        if (auto table = selection.model_of(one.model)) names.push_back(*std::move(table));
    }
    if (creates_table(plan.is) || plan.is == statement_plan::kind::alter_table) {
        // The tables that its foreign keys and LIKE name must be as far as it is.
        for (auto& mentioned : ddl::mentioned_tables(statement, home)) {
            auto name = selection.as_stored(std::move(mentioned));
            if (selection.selects(name.database, name.object)) names.push_back(std::move(name));
        }
    }
    return names;
}

result<bool> stream_share::takes_named(const statement_plan& plan,
                                       const logged_statement& statement,
                                       const source_transaction& transaction,
                                       const state::object_selection& selection) const {
    const auto names = concerned(plan, statement, selection);
    const auto changed = static_cast<std::ptrdiff_t>(plan.source_names.size());
    const auto found = std::ranges::find_if(
        names, [this](const state::object_name& name) { return find(name) != nullptr; });
    if (found == names.end()) return !catches_up_;
    const quarantine_entry* const entry = find(*found);
    const bool wholly = std::ranges::all_of(
        names, [&](const state::object_name& name) { return find(name) == entry; });
    if (wholly) return catches_up_;
    const bool changes_it = found - names.begin() < changed;
    return refuse(transaction,
                  changes_it ? "a statement about several tables"
                             : "the definition of another table or view",
                  *found);
}

} // namespace understudy::applier
