#include "precheck/items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace understudy::precheck {

namespace {

constexpr std::uint32_t first = 80000;

[[nodiscard]] bool knows_accounts(const server_seen& server) {
    return !server.is_mariadb && server.version_number >= first;
}

[[nodiscard]] item refused(std::string id, std::string title, std::string seen, std::string why,
                           std::string fix) {
    return {std::move(id),   severity::blocking, outcome::failed, std::move(title),
            std::move(seen), std::move(why),     std::move(fix)};
}

[[nodiscard]] std::string describe(const server_seen& server) {
    return (server.is_mariadb ? "MariaDB " : "MySQL ") + server.version;
}

} // namespace

std::vector<item> source_account_items(const subject& about) {
    if (about.selection.accounts().empty()) return {};
    const std::string id = "source.accounts";
    const std::string title = "accounts that come along";
    const source_seen& source = about.source;
    const std::string without = "Leave objects.accounts out and make the accounts by hand.";
    if (!knows_accounts(source.server))
        return {refused(id, title, describe(source.server),
                        "statements about accounts, and hashes of passwords, are understood from "
                        "MySQL 8.0 on",
                        without)};
    if (is_on(source.server.settings, "partial_revokes"))
        return {refused(
            id, title, "partial_revokes = ON",
            "an account may lack on the source what it was granted on *.*, which is "
            "not followed",
            "SET PERSIST partial_revokes = OFF; (where no account has such a revoke). " + without)};
    // Later on what could not be followed has been decided about.
    const bool are_made = about.known.first_start && about.spec.initial.schema;
    if (are_made && !source.account_troubles.empty())
        return {refused(id, title, some_of(source.account_troubles, 3),
                        "these privileges cannot be given on the target as they are meant",
                        "Select fewer accounts with objects.accounts, or change the privileges on "
                        "the source.")};
    const std::string seen = about.spec.initial.schema ? counted(source.accounts.size(), "account")
                                                       : "as the log has them";
    return {pass(id, severity::blocking, title, seen)};
}

std::vector<item> target_account_items(const subject& about, const target_seen& target) {
    if (about.selection.accounts().empty() || !knows_accounts(about.source.server)) return {};
    const std::string id = "target.accounts";
    const std::string title = "accounts on the target";
    if (!knows_accounts(target.server))
        return {refused(id, title, describe(target.server),
                        "the source's accounts sign in, and have privileges, of other kinds",
                        "Leave objects.accounts out and make the accounts by hand.")};
    if (is_on(target.server.settings, "partial_revokes"))
        return {refused(id, title, "partial_revokes = ON",
                        "names of databases in GRANT are no patterns there, as on the source",
                        "SET PERSIST partial_revokes = OFF;")};
    const bool are_made = about.known.first_start && about.spec.initial.schema;
    if (!are_made || target.accounts.empty())
        return {pass(id, severity::blocking, title,
                     are_made ? "none of the selected are there" : "can be followed")};
    std::vector<std::string> names;
    for (const state::account_name& one : target.accounts)
        names.push_back(one.to_string());
    const std::string seen = counted(names.size(), "account") + ": " + some_of(names, 20);
    if (about.spec.conflict.policy == state::task_spec::existing_tables::ignore)
        return {pass(id, severity::blocking, title, seen + ", kept as they are")};
    return {refused(id, title, seen, "they are somebody's; nothing is overwritten unasked",
                    "DROP USER " + names.front() +
                        "; and the like there, name others in objects.accounts, or "
                        "existing_tables = \"ignore\" under [conflict], which keeps them as they "
                        "are")};
}

} // namespace understudy::precheck
