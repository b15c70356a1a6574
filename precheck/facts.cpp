#include "precheck/facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace understudy::precheck {

std::string variable(const variables& all, std::string_view name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
}

std::uint64_t number(const variables& all, std::string_view name) {
    const std::string text = variable(all, name);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool is_on(const variables& all, std::string_view name) {
    const std::string text = variable(all, name);
    return text == "ON" || text == "1";
}

bool is_denied(std::uint16_t server_error) {
    // ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR,
    // ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_PROCACCESS_DENIED_ERROR
    constexpr std::array<std::uint16_t, 6> numbers{1044, 1045, 1142, 1143, 1227, 1370};
    return std::ranges::find(numbers, server_error) != numbers.end();
}

bool logs_cascades(const source_seen& source) {
    return !source.server.is_mariadb && source.server.version_number >= 90600 &&
           !is_on(source.server.settings, "innodb_native_foreign_keys");
}

bool is_locked_for_copy(const source_seen& source, const table_fact& table) {
    if (table.is_view) return false;
    return !source.gtid_mode_on || source.server.is_mariadb || !table.has_key ||
           table.engine != "InnoDB" || (table.cascades && !logs_cascades(source));
}

} // namespace understudy::precheck
