#include "applier/other_homes.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::result;

namespace {

result<void> make_one(target_session& target, const statement_plan::other_home& home) {
    auto there = target.query(fmt::format(
        "SELECT SCHEMA_NAME = {0}, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM "
        "information_schema.SCHEMATA WHERE SCHEMA_NAME IN ({0}, {1}) ORDER BY SCHEMA_NAME = {0} "
        "DESC",
        quote_string(home.database), quote_string(home.beside)));
    if (!there) return std::unexpected(std::move(there.error()));
    if (!there->rows.empty() && there->rows.front()[0] == "1") return {};
    std::string options;
    if (!there->rows.empty()) {
        const auto& beside = there->rows.front();
        options = fmt::format(" CHARACTER SET {} COLLATE {}", beside[1].value_or(""),
                              beside[2].value_or(""));
    }
    return target.run("CREATE DATABASE IF NOT EXISTS " + state::quote_identifier(home.database) +
                      options);
}

} // namespace

result<void> make_other_homes(target_session& target,
                              const std::vector<statement_plan::other_home>& homes) {
    for (const auto& home : homes) {
        if (auto made = make_one(target, home); !made)
            return protocol::wrap(std::move(made.error()),
                                  "making the database " + state::quote_identifier(home.database) +
                                      ", into which a rename puts it");
    }
    return {};
}

} // namespace understudy::applier
