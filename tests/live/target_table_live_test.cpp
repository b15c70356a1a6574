#include "applier/target_table_loader.hpp"
#include "tests/support/live_server.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::test {
namespace {

using state::object_name;

constexpr std::string_view tables = R"(
    CREATE DATABASE one; CREATE DATABASE two;
    CREATE TABLE one.parent (id INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET latin1 NOT NULL,
        UNIQUE KEY by_name (name), KEY plain (id, name));
    CREATE TABLE two.child (id INT PRIMARY KEY, of_parent INT,
        FOREIGN KEY (of_parent) REFERENCES one.parent (id));
    CREATE TABLE one.tree (id INT PRIMARY KEY, above INT, FOREIGN KEY (above) REFERENCES one.tree (id));
    CREATE TABLE one.no_key (a INT UNSIGNED, b ENUM('x', 'y'), c SET('p', 'q'), d DECIMAL(10, 3));
    CREATE TABLE one.by_unique (a INT, b INT NOT NULL, c VARCHAR(300), d TIMESTAMP(3) NOT NULL
        DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
        UNIQUE KEY nullable (a), UNIQUE KEY prefix (c(10)), UNIQUE KEY whole (b));
    CREATE TABLE two.parent (id INT AUTO_INCREMENT PRIMARY KEY, n INT);
    CREATE TABLE one.old_engine (id INT PRIMARY KEY) ENGINE = MyISAM;
    CREATE TABLE one.fired (id INT PRIMARY KEY);
    CREATE TRIGGER one.plain BEFORE INSERT ON one.fired FOR EACH ROW SET @seen = 1;
    CREATE TRIGGER one.careful BEFORE DELETE ON one.fired FOR EACH ROW
        SET @seen = IF(@understudy_applying IS NULL, 2, 3);
    CREATE VIEW one.seen AS SELECT * FROM one.parent;)";

class target_tables : public testing::TestWithParam<server_kind> {
protected:
    target_tables() : server_(live_server::start(GetParam())) {
        server_.root().exec(
            "CREATE USER 'a'@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO 'a'@'%'");
        server_.root().exec(std::string(tables));
        if (GetParam() != server_kind::mysql_56)
            server_.root().exec("ALTER TABLE two.parent ADD twice INT AS (n * 2) VIRTUAL");
        if (GetParam() == server_kind::mysql_97) {
            server_.root().exec(
                "CREATE TABLE one.expression (id INT PRIMARY KEY, a INT, hidden INT INVISIBLE, "
                "UNIQUE KEY twice ((a * 2)))");
        }
        protocol::connect_options options;
        options.host = "127.0.0.1";
        options.port = server_.port();
        options.user = "a";
        options.password = protocol::secret(std::string("secret"));
        auto opened = applier::target_session::connect(options, [](const std::string&) {});
        if (!opened) throw std::runtime_error(opened.error().what);
        session_ = std::move(*opened);
    }

    live_server server_;
    std::unique_ptr<applier::target_session> session_;
};

TEST_P(target_tables, are_the_same_whether_asked_for_one_by_one_or_together) {
    const std::vector<object_name> names{
        {"one", "parent"},    {"one", "tree"},       {"one", "no_key"},     {"one", "by_unique"},
        {"one", "fired"},     {"one", "old_engine"}, {"one", "expression"}, {"one", "seen"},
        {"one", "not there"}, {"two", "child"},      {"two", "parent"},     {"two", "by_unique"},
        {"nowhere", "it's"},  {"nowhere", "b\\"},    {"one", "PARENT"}};
    const auto together = applier::load_target_tables(*session_, names);
    ASSERT_TRUE(together) << together.error().what;
    std::map<object_name, applier::target_table> one_by_one;
    for (const object_name& name : names) {
        auto loaded = applier::load_target_table(*session_, name);
        ASSERT_TRUE(loaded) << loaded.error().what;
        if (*loaded) one_by_one.emplace(name, std::move(**loaded));
    }
    EXPECT_TRUE(*together == one_by_one);
    EXPECT_EQ(together->size(), GetParam() == server_kind::mysql_97 ? 9U : 8U);
    EXPECT_FALSE(together->contains({"one", "seen"}));
}

TEST_P(target_tables, have_their_keys_and_references_and_triggers) {
    const auto load = [this](std::string database, std::string table) {
        auto loaded =
            applier::load_target_table(*session_, {std::move(database), std::move(table)});
        if (!loaded) throw std::runtime_error(loaded.error().what);
        return loaded->value();
    };
    const auto parent = load("one", "parent");
    EXPECT_EQ(parent.key, std::vector<std::uint32_t>{0});
    EXPECT_TRUE(parent.has_other_unique_keys);
    EXPECT_TRUE(parent.has_foreign_keys);
    EXPECT_FALSE(parent.refers_to_itself);
    EXPECT_EQ(parent.columns.at(1).character_set, "latin1");
    const auto child = load("two", "child");
    EXPECT_TRUE(child.has_foreign_keys);
    EXPECT_FALSE(child.refers_to_itself);
    EXPECT_TRUE(load("one", "tree").refers_to_itself);
    EXPECT_TRUE(load("one", "no_key").key.empty());
    const auto by_unique = load("one", "by_unique");
    EXPECT_EQ(by_unique.key, std::vector<std::uint32_t>{1});
    EXPECT_EQ(by_unique.unique_keys.size(), 3U);
    EXPECT_TRUE(by_unique.columns.at(3).updated_by_itself);
    EXPECT_FALSE(load("two", "parent").has_foreign_keys);
    if (GetParam() != server_kind::mysql_56) {
        EXPECT_TRUE(load("two", "parent").columns.at(2).generated);
    }
    EXPECT_FALSE(load("one", "old_engine").is_transactional());
    const std::vector<applier::target_table::trigger> triggers{{"careful", true}, {"plain", false}};
    EXPECT_EQ(load("one", "fired").triggers, triggers);
}

INSTANTIATE_TEST_SUITE_P(of, target_tables,
                         testing::Values(server_kind::mysql_97, server_kind::mysql_56,
                                         server_kind::mariadb_1011),
                         [](const auto& info) { return test_name(info.param); });

} // namespace
} // namespace understudy::test
