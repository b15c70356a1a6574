#include "precheck/owner_sql.hpp"

#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string of_source(const state::task_spec& spec, const owner_sql_options& options = {}) {
    return source_owner_sql(spec, *state::object_selection::make(spec), options);
}

std::string of_target(const state::task_spec& spec, const owner_sql_options& options = {}) {
    return target_owner_sql(spec, *state::object_selection::make(spec), options);
}

TEST(owner_sql, says_what_each_side_needs_and_no_more) {
    EXPECT_EQ(
        of_source(task()),
        "-- Task shop: what the owner of the source, 127.0.0.1:3306 (MySQL 9.7), executes.\n"
        "-- An account that does not exist yet, with the password of the task:\n"
        "--   CREATE USER 'repl'@'%' IDENTIFIED BY '…';\n"
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SHOW_ROUTINE, XA_RECOVER_ADMIN ON *.* TO "
        "'repl'@'%';\n"
        "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON `shop`.* TO 'repl'@'%';\n");
    const auto target = of_target(task());
    EXPECT_THAT(target, HasSubstr("GRANT REPLICATION_APPLIER, SESSION_VARIABLES_ADMIN, "
                                  "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER ON *.* TO "
                                  "'apply'@'%';\n"));
    EXPECT_THAT(target, HasSubstr("ON `understudy`.* TO 'apply'@'%';\n"));
    EXPECT_THAT(target, Not(HasSubstr("REQUIRE")));
    auto one_table = task({"crm.customers", "old.*"});
    one_table.objects.rename = {{"crm.customers", "dw.clients"}};
    EXPECT_THAT(of_target(one_table), HasSubstr("TRIGGER ON `dw`.* TO"));
    EXPECT_THAT(of_target(one_table), Not(HasSubstr("`crm`")));
    auto by_sql = task();
    by_sql.apply.how = state::task_spec::writer::sql;
    EXPECT_THAT(of_target(by_sql), Not(HasSubstr("REPLICATION_APPLIER")));
    auto only_changes = task();
    only_changes.initial.schema = only_changes.initial.data = false;
    EXPECT_THAT(of_source(only_changes), Not(HasSubstr("SELECT")));
}

TEST(owner_sql, names_databases_by_pattern_as_grant_does) {
    const auto spec = task({"shop_*.*", "crm?.orders"});
    const auto text = of_source(spec);
    EXPECT_THAT(text, HasSubstr("SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON `shop\\_%`.*"));
    EXPECT_THAT(text, HasSubstr("SELECT, SHOW VIEW, TRIGGER, LOCK TABLES ON `crm_`.*"));
    EXPECT_THAT(of_target(spec), HasSubstr("EVENT ON `shop\\_%`.*"));
    const auto expression = task({"/shop_[0-9]+/.*"});
    EXPECT_THAT(of_source(expression), HasSubstr("-- GRANT cannot say /shop_[0-9]+/.*"));
    EXPECT_THAT(of_source(expression), HasSubstr("LOCK TABLES ON `%`.*"));
    auto renamed = task({"shop_*.*"});
    renamed.objects.rename = {{"shop_*", "dw_*"}};
    EXPECT_THAT(of_target(renamed), HasSubstr("EVENT ON `dw\\_%`.*"));
}

TEST(owner_sql, asks_for_tls_where_the_task_does) {
    auto spec = task();
    spec.source.tls.mode = protocol::tls_mode::verify_identity;
    EXPECT_THAT(of_source(spec, {.source = {}, .target = {}, .account_host = "10.%"}),
                HasSubstr("ALTER USER 'repl'@'10.%' REQUIRE SSL;\n"));
    EXPECT_THAT(of_source(spec, {.source = *assumed_server::parse("5.6"), .target = {}}),
                HasSubstr("GRANT USAGE ON *.* TO 'repl'@'%' REQUIRE SSL;\n"));
    spec.source.tls.cert = "/nowhere/client.pem";
    EXPECT_THAT(of_source(spec), HasSubstr("REQUIRE X509;\n"));
}

TEST(owner_sql, asks_in_the_words_of_the_version) {
    const owner_sql_options old{*assumed_server::parse("5.6"), *assumed_server::parse("8.0")};
    EXPECT_THAT(of_source(task(), old), HasSubstr("GRANT SELECT ON `mysql`.`proc`"));
    EXPECT_THAT(of_source(task(), old), Not(HasSubstr("XA_RECOVER_ADMIN")));
    EXPECT_THAT(of_target(task(), old), HasSubstr("SET_USER_ID"));
    const owner_sql_options maria{*assumed_server::parse("mariadb-10.11"),
                                  *assumed_server::parse("mariadb-10.11")};
    EXPECT_THAT(of_source(task(), maria), HasSubstr("BINLOG MONITOR"));
    EXPECT_THAT(of_target(task(), maria), HasSubstr("SET USER"));
    EXPECT_THAT(of_target(task(), maria), HasSubstr("(MariaDB 10.11)"));
    for (const char* text : {"", "9", "nine", "9.7.4", "9.", "mariadb-", "100.1"})
        EXPECT_FALSE(assumed_server::parse(text)) << text;
}

} // namespace
} // namespace understudy::precheck
