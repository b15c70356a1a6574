// Accounts, and databases by a pattern of names as GRANT has them.

#include "state/object_selection.hpp"

#include <algorithm>

namespace understudy::state {

const account_selection& object_selection::accounts() const {
    static const account_selection none;
    return only_ ? none : accounts_;
}

bool object_selection::may_select_databases(const name_glob& names) const {
    return std::ranges::any_of(include_, [&](const object_pattern& one) {
        if (!one.object.is_everything()) return false;
        if (!one.database.has_wildcard() && !selects_database(one.database.name())) return false;
        return one.database.may_overlap(names, case_insensitive_);
    });
}

bool object_selection::may_rename_databases(const name_glob& names) const {
    return std::ranges::any_of(rename_, [&](const rename_rule& rule) {
        return !rule.changes_nothing() && rule.may_concern_databases(names, case_insensitive_);
    });
}

std::optional<std::vector<std::string>>
object_selection::databases_named(const name_glob& names) const {
    std::vector<std::string> found;
    for (const object_pattern& one : include_) {
        if (!one.object.is_everything() || !one.database.may_overlap(names, case_insensitive_))
            continue;
        if (one.database.has_wildcard()) return std::nullopt;
        const std::string name = as_stored(one.database.name());
        if (selects_database(name) && std::ranges::find(found, name) == found.end())
            found.push_back(name);
    }
    return found;
}

} // namespace understudy::state
