#include "applier/logged_sql_mode.hpp"

#include "applier/errc.hpp"

#include <fmt/format.h>

#include <string_view>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

// sql/system_variables.h of MySQL, sql/sql_class.h of MariaDB.
constexpr std::uint64_t common = 0xffff'ffff;
constexpr std::uint64_t mariadb_ignore_bad_table_options = 1ULL << 4U; // nothing in MySQL
constexpr std::uint64_t oracle = 1ULL << 9U;
constexpr std::uint64_t mssql = 1ULL << 10U;
constexpr std::uint64_t mysql_time_truncate = 1ULL << 32U; // since 8.0.1
constexpr std::uint64_t mysql_utf8_is_utf8mb4 = 1ULL << 33U;
constexpr std::uint64_t mariadb_empty_string_is_null = 1ULL << 32U;
constexpr std::uint64_t mariadb_simultaneous_assignment = 1ULL << 33U;
constexpr std::uint64_t mariadb_time_round = 1ULL << 34U;

// 8.0 refuses what it no longer has (NO_AUTO_CREATE_USER and the modes named after other
// databases).
constexpr std::uint64_t common_since_8_0 = 0xEFFC'00EF;
constexpr std::uint64_t common_before_8_0 = common & ~mariadb_ignore_bad_table_options;

std::unexpected<protocol::error> refused(std::string_view mode, std::string_view effect) {
    return fail(errc::unsupported_statement,
                fmt::format("it was logged with sql_mode {}, which the target does not have: {}",
                            mode, effect));
}

constexpr std::string_view utf8_effect =
    "utf8 in it means utf8mb4. Execute it on the target with utf8mb4 instead, and leave this mode "
    "out of the source's sql_mode";

result<std::uint64_t> from_mysql_to_mysql(std::uint64_t logged, std::uint32_t version) {
    constexpr std::uint32_t first_with_utf8_mode = 90'000; // an earlier 9.x refuses it itself
    const std::uint64_t later = logged & ~common & ~mysql_time_truncate;
    if ((later & mysql_utf8_is_utf8mb4) != 0 && version < first_with_utf8_mode)
        return refused("INTERPRET_UTF8_AS_UTF8MB4", utf8_effect);
    if (version < 80'000) return (logged & common_before_8_0) | later;
    return (logged & common_since_8_0) | (logged & mysql_time_truncate) | later;
}

// Of servers before 8.0, where ORACLE and MSSQL change no statement; in MariaDB they do.
result<std::uint64_t> from_mysql_to_mariadb(std::uint64_t logged) {
    if ((logged & mysql_utf8_is_utf8mb4) != 0)
        return refused("INTERPRET_UTF8_AS_UTF8MB4", utf8_effect);
    const std::uint64_t kept =
        logged & common & ~(mariadb_ignore_bad_table_options | oracle | mssql);
    return kept | ((logged & mysql_time_truncate) == 0 ? mariadb_time_round : 0);
}

// MariaDB cuts fractions of seconds off unless TIME_ROUND_FRACTIONAL is set, MySQL if
// TIME_TRUNCATE_FRACTIONAL is.
result<std::uint64_t> from_mariadb_to_mysql(std::uint64_t logged, std::uint32_t version) {
    if ((logged & mariadb_empty_string_is_null) != 0)
        return refused("EMPTY_STRING_IS_NULL", "'' in it means NULL");
    if ((logged & mariadb_simultaneous_assignment) != 0)
        return refused("SIMULTANEOUS_ASSIGNMENT",
                       "in an UPDATE each column has its old value until all are set");
    if (version < 80'000) return logged & common_before_8_0;
    return (logged & common_since_8_0) |
           ((logged & mariadb_time_round) == 0 ? mysql_time_truncate : 0);
}

} // namespace

result<std::uint64_t> sql_mode_on_target(std::uint64_t logged, bool logged_by_mariadb,
                                         const target_facts& target) {
    if (logged_by_mariadb)
        return target.is_mariadb ? result<std::uint64_t>(logged)
                                 : from_mariadb_to_mysql(logged, target.version_number);
    return target.is_mariadb ? from_mysql_to_mariadb(logged)
                             : from_mysql_to_mysql(logged, target.version_number);
}

} // namespace understudy::applier
