#include "applier/definition_check.hpp"
#include "applier/errc.hpp"
#include "applier/event_statement.hpp"
#include "applier/logged_sql_mode.hpp"
#include "applier/object_fingerprint.hpp"
#include "applier/retry_delay.hpp"
#include "applier/server_errors.hpp"
#include "applier/statement_decision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::applier {
namespace {

TEST(server_errors, are_sorted_by_what_is_to_be_done) {
    const std::pair<unsigned, errc> cases[] = {
        {1205, errc::transient},         {1213, errc::transient},
        {2013, errc::connection_lost},   {1927, errc::connection_lost},
        {3169, errc::connection_lost},   {2003, errc::connect_failed},
        {1045, errc::access_denied},     {1142, errc::missing_privilege},
        {1227, errc::missing_privilege}, {1290, errc::read_only_target},
        {1114, errc::disk_full},         {1153, errc::packet_too_large},
        {1146, errc::missing_table},     {1032, errc::row_not_found},
        {1062, errc::duplicate_key},     {1105, errc::target_refused},
        {1452, errc::target_refused},    {65000, errc::target_refused},
    };
    for (const auto& [number, code] : cases)
        EXPECT_EQ(sort_server_error(number), code) << number;
    EXPECT_TRUE(is_retryable(errc::transient));
    EXPECT_TRUE(is_retryable(errc::disk_full));
    EXPECT_FALSE(is_retryable(errc::duplicate_key));
    EXPECT_FALSE(is_retryable(errc::fenced));
}

TEST(decision_place, is_taken_as_messages_have_it) {
    for (const auto* text : {"3e11fa47-71ca-11e1-9e33-c80aa9429562:1234", "0-1-1234",
                             "7-4294967295-1", "binlog.000003:4711"})
        EXPECT_EQ(parse_decision_place(text), text);
    for (const auto* text : {"", "nonsense", "0-1", "0-1-", ":4711", "binlog.000003:x"})
        EXPECT_EQ(parse_decision_place(text), std::nullopt) << text;
}

TEST(retry_delay, doubles_up_to_half_a_minute_and_starts_anew_after_success) {
    using std::chrono::milliseconds;
    retry_delay delay;
    EXPECT_EQ(delay.next(errc::connection_lost), milliseconds{250});
    EXPECT_EQ(delay.next(errc::connection_lost), milliseconds{500});
    for (int i = 0; i < 20; ++i)
        static_cast<void>(delay.next(errc::connect_failed));
    EXPECT_EQ(delay.next(errc::connect_failed), milliseconds{30'000});
    delay.succeeded();
    EXPECT_EQ(delay.next(errc::transient), milliseconds{20});
}

TEST(sql_text, escapes_every_dangerous_byte) {
    EXPECT_EQ(quote_string(std::string_view("a'b\\c\"\0\n\r\x1a", 10)),
              "'a\\'b\\\\c\\\"\\0\\n\\r\\Z'");
    const std::byte bytes[] = {std::byte{0}, std::byte{0xff}, std::byte{0x1a}};
    EXPECT_EQ(hex_literal(bytes), "x'00ff1a'");
    EXPECT_EQ(hex_literal({}), "x''");
}

target_facts mysql_target(std::uint32_t version) {
    target_facts facts;
    facts.version_number = version;
    return facts;
}

target_facts mariadb_target() {
    target_facts facts;
    facts.version_number = 101106;
    facts.is_mariadb = true;
    return facts;
}

constexpr std::uint64_t strict_mode = 0x200000;
constexpr std::uint64_t bit_32 = 1ULL << 32U; // TIME_TRUNCATE_FRACTIONAL or EMPTY_STRING_IS_NULL
constexpr std::uint64_t bit_33 = 1ULL << 33U; // INTERPRET_UTF8_… or SIMULTANEOUS_ASSIGNMENT
constexpr std::uint64_t mariadb_rounds = 1ULL << 34U;

TEST(logged_sql_mode, of_mysql_loses_what_a_newer_mysql_refuses) {
    constexpr std::uint64_t no_auto_create_user = 0x10000000;
    const auto logged = no_auto_create_user | strict_mode;
    EXPECT_EQ(sql_mode_on_target(logged, false, mysql_target(90704)).value(), strict_mode);
    EXPECT_EQ(sql_mode_on_target(logged, false, mysql_target(50744)).value(), logged);
    EXPECT_EQ(sql_mode_on_target(bit_32, false, mysql_target(80036)).value(), bit_32);
}

TEST(logged_sql_mode, of_mysql_keeps_what_utf8_means_or_is_refused) {
    EXPECT_EQ(sql_mode_on_target(bit_33 | strict_mode, false, mysql_target(90704)).value(),
              bit_33 | strict_mode);
    for (const auto& target : {mysql_target(80408), mysql_target(50744), mariadb_target()}) {
        const auto refused = sql_mode_on_target(bit_33, false, target);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, errc::unsupported_statement);
        EXPECT_THAT(refused.error().what, testing::HasSubstr("INTERPRET_UTF8_AS_UTF8MB4"));
    }
}

TEST(logged_sql_mode, of_mysql_is_said_in_bits_of_mariadb) {
    const auto target = mariadb_target();
    EXPECT_EQ(sql_mode_on_target(strict_mode, false, target).value(), strict_mode | mariadb_rounds);
    EXPECT_EQ(sql_mode_on_target(strict_mode | bit_32, false, target).value(), strict_mode);
    // ORACLE and MSSQL, which change nothing in MySQL, and a bit that is none there.
    EXPECT_EQ(sql_mode_on_target(0x610, false, target).value(), mariadb_rounds);
}

TEST(logged_sql_mode, of_mariadb_stays_as_it_is_for_mariadb) {
    const std::uint64_t logged = 0x210 | strict_mode | bit_32 | bit_33 | mariadb_rounds;
    EXPECT_EQ(sql_mode_on_target(logged, true, mariadb_target()).value(), logged);
    EXPECT_EQ(sql_mode_on_target(0, true, mariadb_target()).value(), 0U);
}

TEST(logged_sql_mode, of_mariadb_is_said_in_bits_of_mysql) {
    const auto target = mysql_target(90704);
    EXPECT_EQ(sql_mode_on_target(strict_mode | 0x10, true, target).value(), strict_mode | bit_32);
    EXPECT_EQ(sql_mode_on_target(strict_mode | mariadb_rounds, true, target).value(), strict_mode);
    EXPECT_EQ(sql_mode_on_target(strict_mode, true, mysql_target(50744)).value(), strict_mode);
    for (const auto& [mode, name] : {std::pair(bit_32, "EMPTY_STRING_IS_NULL"),
                                     std::pair(bit_33, "SIMULTANEOUS_ASSIGNMENT")}) {
        const auto refused = sql_mode_on_target(mode, true, target);
        ASSERT_FALSE(refused);
        EXPECT_THAT(refused.error().what, testing::HasSubstr(name));
    }
}

// The manual of 8.0 has DISABLE ON SLAVE only; REPLICA came with 8.2.0.
TEST(event_statement, says_replica_only_to_targets_that_know_the_word) {
    const auto target = [](std::uint32_t version, bool is_mariadb) {
        target_facts facts;
        facts.version_number = version;
        facts.is_mariadb = is_mariadb;
        return facts;
    };
    EXPECT_FALSE(says_replica(target(80036, false)));
    EXPECT_TRUE(says_replica(target(80200, false)));
    EXPECT_TRUE(says_replica(target(90704, false)));
    EXPECT_FALSE(says_replica(target(101106, true)));
}

TEST(event_statement, is_switched_off_where_its_clause_belongs) {
    const std::pair<std::string, std::string> cases[] = {
        {"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a",
         "CREATE EVENT e ON SCHEDULE EVERY 1 DAY  DISABLE ON REPLICA DO DELETE FROM a"},
        {"CREATE DEFINER=`r`@`%` EVENT IF NOT EXISTS `d`.`do` ON SCHEDULE AT NOW() ENABLE COMMENT "
         "'DO' DO SELECT 1",
         "CREATE DEFINER=`r`@`%` EVENT IF NOT EXISTS `d`.`do` ON SCHEDULE AT NOW()  DISABLE ON "
         "REPLICA  COMMENT 'DO' DO SELECT 1"},
        {"ALTER EVENT e DISABLE ON SLAVE", "ALTER EVENT e  DISABLE ON REPLICA "},
        {"ALTER EVENT e RENAME TO enable", "ALTER EVENT e RENAME TO enable"},
        {"ALTER EVENT e DISABLE", "ALTER EVENT e DISABLE"},
        {"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
         "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"},
        {"alter event e enable", "alter event e  DISABLE ON REPLICA "},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(disable_event(text, 0, 90704, {}, "REPLICA"), expected);
    EXPECT_EQ(
        disable_event("CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'x", 0, 90704, {}, "REPLICA"),
        std::nullopt);
}

target_table table_of(std::vector<target_column> columns) {
    target_table table;
    table.name = {"t", "a"};
    table.columns = std::move(columns);
    return table;
}

protocol::table_map_column column(protocol::column_type type, std::uint16_t metadata) {
    protocol::table_map_column out;
    out.type = type;
    out.metadata = metadata;
    return out;
}

TEST(definition_check, knows_the_layout_of_every_type) {
    using protocol::column_type;
    const auto layout = [](std::string_view type, std::string text, std::uint64_t octets = 0,
                           std::uint64_t precision = 0, std::uint64_t scale = 0,
                           std::uint64_t fraction = 0) {
        const target_column got =
            describe_column("c", type, std::move(text), octets, precision, scale, fraction);
        return std::pair(got.type, got.metadata);
    };
    EXPECT_EQ(layout("varchar", "varchar(20)", 80),
              std::pair(column_type::varchar, std::uint16_t{80}));
    EXPECT_EQ(layout("decimal", "decimal(10,2)", 0, 10, 2),
              std::pair(column_type::newdecimal, std::uint16_t{10 << 8 | 2}));
    EXPECT_EQ(layout("datetime", "datetime(3)", 0, 0, 0, 3),
              std::pair(column_type::datetime2, std::uint16_t{3}));
    EXPECT_EQ(layout("enum", "enum('a','b'',c')"), std::pair(column_type::enum_, std::uint16_t{1}));
    EXPECT_EQ(layout("set", "set('1','2','3','4','5','6','7','8','9')"),
              std::pair(column_type::set, std::uint16_t{2}));
    EXPECT_EQ(layout("bit", "bit(9)", 0, 9), std::pair(column_type::bit, std::uint16_t{9}));
    EXPECT_EQ(layout("longtext", "longtext"), std::pair(column_type::blob, std::uint16_t{4}));
    EXPECT_FALSE(describe_column("c", "inet6", "inet6", 0, 0, 0, 0).is_known);
}

TEST(definition_check, names_the_first_column_that_differs) {
    using protocol::column_type;
    protocol::table_map map;
    map.columns = {column(column_type::long_, 0), column(column_type::varchar, 80)};
    const auto id = describe_column("id", "int", "int", 0, 10, 0, 0);
    const auto v80 = describe_column("v", "varchar", "varchar(20)", 80, 0, 0, 0);
    const auto v84 = describe_column("v", "varchar", "varchar(21)", 84, 0, 0, 0);
    EXPECT_EQ(find_difference(map, table_of({id, v80})), std::nullopt);
    const auto differs = find_difference(map, table_of({id, v84}));
    ASSERT_TRUE(differs);
    EXPECT_NE(differs->find("column 2 (`v`)"), std::string::npos);
    EXPECT_NE(differs->find("80 bytes"), std::string::npos);
    EXPECT_NE(differs->find("varchar(21)"), std::string::npos);
    EXPECT_TRUE(find_difference(map, table_of({id})));
    EXPECT_TRUE(find_difference(map, table_of({id, v80, id})));
    map.columns[0].is_unsigned = true;
    EXPECT_TRUE(find_difference(map, table_of({id, v80})));
}

TEST(definition_check, names_character_sets_and_labels_that_differ) {
    using protocol::column_type;
    constexpr std::uint16_t latin1_swedish_ci = 8;
    constexpr std::uint16_t utf8mb4_0900_ai_ci = 255;
    constexpr std::uint16_t utf8mb3_general_ci = 33;
    const auto text = [](std::optional<std::uint16_t> collation) {
        std::vector<protocol::column_definition> columns(1);
        columns[0].type = column_type::blob;
        columns[0].collation = collation;
        return columns;
    };
    auto target = describe_column("v", "text", "text", 0, 0, 0, 0);
    target.character_set = "utf8mb4";
    EXPECT_EQ(find_difference(text(utf8mb4_0900_ai_ci), table_of({target})), std::nullopt);
    EXPECT_EQ(find_difference(text(std::nullopt), table_of({target})), std::nullopt);
    const auto differs = find_difference(text(latin1_swedish_ci), table_of({target}));
    ASSERT_TRUE(differs);
    EXPECT_EQ(*differs,
              "column 1 (`v`) is in the character set latin1 on the source and utf8mb4 on "
              "the target");
    target.character_set = "utf8mb3";
    EXPECT_EQ(find_difference(text(utf8mb3_general_ci), table_of({target})), std::nullopt);

    auto labels = text(latin1_swedish_ci);
    labels[0].type = column_type::enum_;
    labels[0].labels = {"a", "\xe4"}; // ä
    auto choice = describe_column("e", "enum", "enum('a','ä')", 0, 0, 0, 0);
    choice.character_set = "utf8mb4";
    EXPECT_EQ(find_difference(labels, table_of({choice})), std::nullopt);
    choice.type_text = "enum('ä','a')";
    const auto order = find_difference(labels, table_of({choice}));
    ASSERT_TRUE(order);
    EXPECT_NE(order->find("'a','ä' on the source and 'ä','a' on the target"), std::string::npos);
}

TEST(object_fingerprint, tells_which_statements_may_be_repeated) {
    statement_plan plan;
    plan.is = statement_plan::kind::alter_table;
    EXPECT_FALSE(may_execute_again(plan, ""));
    plan.target_names = {{"t", "a"}};
    EXPECT_TRUE(may_execute_again(plan, ""));
    plan.is = statement_plan::kind::rename_table;
    plan.target_names = {{"t", "a"}, {"t", "b"}};
    EXPECT_TRUE(may_execute_again(plan, "`t`.`a`: CREATE…\n`t`.`b`: no table;"));
    plan.target_names = {{"t", "a"}, {"t", "x"}, {"t", "b"}, {"t", "a"}, {"t", "x"}, {"t", "b"}};
    EXPECT_FALSE(may_execute_again(plan, "`t`.`a`: CREATE…\n`t`.`b`: CREATE…\n`t`.`x`: no table;"));
    plan.is = statement_plan::kind::other_ddl;
    EXPECT_FALSE(may_execute_again(plan, "no table;"));
    statement_plan accounts;
    accounts.is = statement_plan::kind::account;
    EXPECT_FALSE(may_execute_again(accounts, ""));
    accounts.accounts = {{"a", "%"}, {"b", "%"}};
    EXPECT_TRUE(may_execute_again(accounts, "'a'@'%': no account;"));
    // RENAME USER a TO b, b TO a leaves no trace where both are alike.
    accounts.accounts = {{"a", "%"}, {"b", "%"}, {"b", "%"}, {"a", "%"}};
    EXPECT_FALSE(may_execute_again(accounts, "'a'@'%': 01;"));
}

} // namespace
} // namespace understudy::applier
