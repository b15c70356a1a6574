#include "precheck/facts.hpp"

#include "protocol/session/source_facts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace understudy::precheck {

std::string variable(const variables& all, std::string_view name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
}

std::uint64_t number(const variables& all, std::string_view name) {
    return to_number(variable(all, name)).value_or(0);
}

bool is_on(const variables& all, std::string_view name) {
    const std::string text = variable(all, name);
    return text == "ON" || text == "1";
}

std::optional<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

std::uint64_t seconds_kept(const variables& settings) {
    constexpr std::uint64_t day = 86'400;
    if (variable(settings, "binlog_expire_logs_auto_purge") == "OFF") return 0;
    const std::uint64_t seconds = number(settings, "binlog_expire_logs_seconds");
    return seconds > 0 ? seconds : number(settings, "expire_logs_days") * day;
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// Display widths have no meaning and are not shown by every version; nor is the old name of a
// character set.
std::string comparable_type(std::string type) {
    type = lower_case(std::move(type));
    constexpr std::string_view new_name = " utf8mb3";
    if (type.ends_with(new_name)) type.replace(type.size() - new_name.size(), type.npos, " utf8");
    for (const std::string_view name :
         {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}) {
        if (!type.starts_with(name) || type.size() <= name.size() || type[name.size()] != '(')
            continue;
        // The width of ZEROFILL is what is printed.
        if (type.contains("zerofill")) break;
        type.erase(name.size(), type.find(')') + 1 - name.size());
        break;
    }
    return type;
}

// The name that utf8 has had since 8.0.
std::string comparable_collation(std::string name) {
    constexpr std::string_view new_name = "utf8mb3_";
    if (name.starts_with(new_name)) name.replace(0, new_name.size(), "utf8_");
    return name;
}

std::optional<std::int64_t> clock_offset(std::string_view answer) {
    const auto theirs = protocol::parse_clock(answer);
    if (!theirs) return std::nullopt;
    const auto ahead = *theirs - std::chrono::system_clock::now();
    return std::chrono::duration_cast<std::chrono::seconds>(ahead).count();
}

std::optional<std::int64_t> days_until(const std::string& tls_time, std::chrono::sys_seconds now) {
    std::tm parts{};
    std::istringstream text(tls_time);
    text.imbue(std::locale::classic());
    text >> std::get_time(&parts, "%b %d %H:%M:%S %Y");
    if (text.fail()) return std::nullopt;
    using namespace std::chrono;
    const auto day =
        year(parts.tm_year + 1900) / month(static_cast<unsigned>(parts.tm_mon) + 1) / parts.tm_mday;
    const auto end = sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min);
    return floor<days>(end - now).count();
}

std::optional<std::int64_t> certificate_days(const std::string& answer) {
    return days_until(answer,
                      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

bool compares_columns(const state::task_spec& spec) {
    return keeps_definitions(spec) || !spec.objects.merge.empty();
}

bool keeps_definitions(const state::task_spec& spec) {
    return spec.conflict.policy != state::task_spec::existing_tables::intercept ||
           !spec.initial.schema;
}

bool takes_common_columns(const state::task_spec& spec) {
    return spec.conflict.differing == state::task_spec::differing_tables::common_columns;
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
