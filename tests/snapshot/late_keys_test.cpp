#include "snapshot/late_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_of(const std::vector<late_key>& keys) {
    std::vector<std::string> names;
    for (const late_key& one : keys)
        names.push_back(one.name);
    return names;
}

constexpr std::string_view orders =
    "CREATE TABLE `shop`.`orders` (\n"
    "  `id` int NOT NULL AUTO_INCREMENT,\n"
    "  `note, KEY ``x`` (` varchar(9) DEFAULT '), KEY `y` (`z`)' COMMENT 'it''s, (a) KEY',\n"
    "  `total` decimal(10,2) DEFAULT NULL,\n"
    "  PRIMARY KEY (`id`),\n"
    "  UNIQUE KEY `u` (`total`,`id`),\n"
    "  KEY `k``1` (`total`,`note, KEY ``x`` (`(3) DESC) COMMENT 'a, b',\n"
    "  KEY `k2` ((lower(`total`))) /*!80000 INVISIBLE */,\n"
    "  CONSTRAINT `c` CHECK ((`total` > 0))\n"
    ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4\n"
    "/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */";

TEST(late_keys, come_out_of_the_definition_as_they_were_written) {
    const auto split = split_keys(orders);
    EXPECT_EQ(split.table,
              "CREATE TABLE `shop`.`orders` (\n  `id` int NOT NULL AUTO_INCREMENT,\n"
              "  `note, KEY ``x`` (` varchar(9) DEFAULT '), KEY `y` (`z`)' COMMENT 'it''s, (a) "
              "KEY',\n"
              "  `total` decimal(10,2) DEFAULT NULL,\n"
              "  PRIMARY KEY (`id`),\n"
              "  UNIQUE KEY `u` (`total`,`id`),\n"
              "  CONSTRAINT `c` CHECK ((`total` > 0))\n"
              ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4\n"
              "/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */");
    ASSERT_EQ(split.late.size(), 2U);
    EXPECT_EQ(split.late[0].name, "k`1");
    EXPECT_EQ(split.late[0].clause,
              "KEY `k``1` (`total`,`note, KEY ``x`` (`(3) DESC) COMMENT 'a, b'");
    EXPECT_EQ(split.late[1].name, "k2");
    EXPECT_EQ(split.late[1].clause, "KEY `k2` ((lower(`total`))) /*!80000 INVISIBLE */");
}

TEST(late_keys, survive_being_kept_on_the_target) {
    const auto late = split_keys(orders).late;
    const auto again = from_clauses(to_clauses(late));
    ASSERT_EQ(again.size(), late.size());
    for (std::size_t i = 0; i < late.size(); ++i) {
        EXPECT_EQ(again[i].name, late[i].name);
        EXPECT_EQ(again[i].clause, late[i].clause);
    }
}

TEST(late_keys, leave_the_key_of_a_counting_column_where_it_is) {
    const auto split =
        split_keys("CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `n` int NOT NULL "
                   "AUTO_INCREMENT,\n  PRIMARY KEY (`a`),\n  KEY `a1` (`a`),\n  "
                   "KEY `n` (`n`),\n  KEY `both` (`n`,`a`),\n  KEY `a2` (`a`)\n) ENGINE=InnoDB");
    EXPECT_THAT(names_of(split.late), ElementsAre("a2"));
}

TEST(late_keys, leave_what_is_not_understood_whole) {
    for (const std::string_view text :
         {"CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`),\n  FULLTEXT KEY `f` (`b`)\n)",
          "CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`),\n  SPATIAL KEY `s` (`b`)\n)",
          "CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`),\n  VECTOR KEY `s` (`b`)\n)",
          "CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`)", "CREATE VIEW `v` AS SELECT 1",
          "CREATE TABLE `t` (\n  `a` int COMMENT 'KEY'\n)"}) {
        const auto split = split_keys(text);
        EXPECT_EQ(split.table, text);
        EXPECT_THAT(split.late, IsEmpty()) << text;
    }
}

} // namespace
} // namespace understudy::snapshot
