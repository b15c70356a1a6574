#include "relay/definition_store.hpp"
#include "relay/table_definition.hpp"
#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace understudy::test {
namespace {

using relay::table_definition;
using testing::ElementsAre;

// "a int unsigned, b enum('x','y')", or what else is known.
std::string known(applier_rig& rig, const std::string& table,
                  const protocol::binlog_position& position) {
    auto found = rig.relay().definitions().find("t", table, position);
    if (!found) return found.error().what;
    if (!*found) return "unknown";
    if ((*found)->dropped) return "dropped";
    std::string text;
    for (const auto& column : (*found)->what.columns)
        text += (text.empty() ? "" : ", ") + column.name + " " + column.type_text;
    return text;
}

class definitions_by_mode : public testing::TestWithParam<bool> {};

TEST_P(definitions_by_mode, are_remembered_for_every_place_of_the_log) {
    applier_rig rig({.source_gtid = GetParam(), .target_gtid = GetParam()});
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.old (id INT PRIMARY KEY, e ENUM('x','it''s'))");
    rig.begin();
    const auto here = [&] { return rig.source_position().binlog; };
    const auto start = here();
    rig.source().exec("USE t; INSERT INTO old VALUES (1, 'x');"
                      "CREATE TABLE a (id INT UNSIGNED, v VARCHAR(10) CHARACTER SET latin1, "
                      "PRIMARY KEY (id), UNIQUE u (v(3)))");
    const auto created = here();
    rig.source().exec("USE t; INSERT INTO a VALUES (1, 'one');"
                      "ALTER TABLE a ADD w BIGINT NOT NULL FIRST, ADD g INT AS (id + 1) INVISIBLE");
    const auto altered = here();
    rig.source().exec("USE t; RENAME TABLE a TO b");
    const auto renamed = here();
    rig.source().exec("USE t; DROP TABLE b; CREATE TABLE c AS SELECT 1 AS one");
    const auto dropped = here();
    rig.source().exec("DROP DATABASE t");
    const auto gone = here();
    EXPECT_EQ(rig.catch_up(), "");

    EXPECT_EQ(known(rig, "old", here()), "dropped");
    EXPECT_EQ(known(rig, "old", created), "id int, e enum('x','it''s')");
    EXPECT_EQ(known(rig, "a", start), "unknown");
    EXPECT_EQ(known(rig, "a", created), "id int unsigned, v varchar(10)");
    EXPECT_EQ(known(rig, "a", altered), "w bigint, id int unsigned, v varchar(10), g int");
    EXPECT_EQ(known(rig, "a", renamed), "dropped");
    EXPECT_EQ(known(rig, "b", renamed), "w bigint, id int unsigned, v varchar(10), g int");
    EXPECT_EQ(known(rig, "b", dropped), "dropped");
    EXPECT_EQ(known(rig, "c", dropped), "one int");
    EXPECT_EQ(known(rig, "c", gone), "dropped");

    const auto a = *rig.relay().definitions().find("t", "a", altered);
    EXPECT_EQ(a->what.primary_key(), std::vector<std::uint32_t>{1});
    EXPECT_THAT(a->what.unique_keys, ElementsAre(relay::table_key{"PRIMARY", {{1, 0}}},
                                                 relay::table_key{"u", {{2, 3}}}));
    EXPECT_EQ(a->what.columns[2].character_set, "latin1");
    EXPECT_TRUE(a->what.columns[1].is_unsigned);
    EXPECT_FALSE(a->what.columns[0].nullable);
    EXPECT_TRUE(a->what.columns[3].generated);
    EXPECT_TRUE(a->what.columns[3].invisible);
    EXPECT_TRUE(!GetParam() || !a->gtid.empty());
    const auto old = *rig.relay().definitions().find("t", "old", created);
    EXPECT_THAT(old->what.columns[1].labels, ElementsAre("x", "it's"));
}

INSTANTIATE_TEST_SUITE_P(by, definitions_by_mode, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "position"; });

struct process_died : std::runtime_error {
    process_died() : std::runtime_error("died") {}
};

TEST(definitions, survive_a_crash_between_any_two_steps_of_a_statement) {
    for (const char* const step : {"after intent", "after execute", "after checkpoint"}) {
        SCOPED_TRACE(step);
        applier_rig rig;
        rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
        rig.begin();
        rig.source().exec("INSERT INTO t.a VALUES (1); ALTER TABLE t.a ADD v INT");
        const auto altered = rig.source_position().binlog;
        bool died = false;
        rig.on_step = [&](std::string_view now) {
            if (now == step && !std::exchange(died, true)) throw process_died();
        };
        EXPECT_THROW(std::ignore = rig.catch_up(), process_died);
        EXPECT_EQ(rig.catch_up(), "");
        EXPECT_EQ(known(rig, "a", altered), "id int, v int");
        EXPECT_EQ(rig.relay().definitions().tables(altered).size(), 1U);
    }
}

TEST(definitions, have_the_names_of_the_source) {
    applier_rig rig({.rename = {{"t.a", "t.renamed"}}});
    rig.exec_both("CREATE DATABASE t");
    rig.source().exec("CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.target().exec("CREATE TABLE t.renamed (id INT PRIMARY KEY)");
    rig.begin();
    rig.end_copy({{"t", "a"}});
    rig.source().exec("CREATE TABLE t.later (x INT)");
    EXPECT_EQ(rig.catch_up(), "");
    const auto now = rig.source_position().binlog;
    EXPECT_EQ(known(rig, "a", now), "id int");
    EXPECT_EQ(known(rig, "later", now), "x int");
    EXPECT_EQ(known(rig, "renamed", now), "unknown");
}

} // namespace
} // namespace understudy::test
