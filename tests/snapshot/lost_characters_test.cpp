#include "snapshot/lost_characters.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> found_in(std::string_view text) {
    std::vector<std::string> found;
    for (const auto& one : doubtful_literals(text))
        found.push_back(fmt::format("{} {}{} {}", one.column, one.label, one.is_of_set ? "s" : "",
                                    text.substr(one.begin, one.end - one.begin)));
    return found;
}

TEST(lost_characters, may_be_in_defaults_and_labels) {
    EXPECT_THAT(
        found_in("CREATE TABLE `t(?` (\n  `id` int(11) NOT NULL COMMENT 'DEFAULT ''?''',\n  `a?` "
                 "varchar(9) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s ?, (\\\\',\n  `b` "
                 "char(1) DEFAULT '(',\n  `e` enum('?','a,)','x?') NOT NULL DEFAULT '?',\n  `s` "
                 "set('a','?') DEFAULT NULL,\n  `g` varchar(9) GENERATED ALWAYS AS (concat('?',"
                 "default(`a?`))) VIRTUAL,\n  `d` varchar(9) DEFAULT (concat('?')),\n  PRIMARY KEY "
                 "(`id`),\n  KEY `k` (`b`) COMMENT '?'\n) ENGINE=InnoDB COMMENT='?'"),
        ElementsAre("a? 0 'it''s ?, (\\\\'", "e 1 '?'", "e 3 'x?'", "e 0 '?'", "s 2s '?'"));
}

TEST(lost_characters, are_not_where_the_server_printed_bytes) {
    EXPECT_THAT(found_in("CREATE TABLE `t` (\n  `a` varchar(10) DEFAULT 0xF09F9988,\n  `e` "
                         "enum('a','b') DEFAULT 'a'\n) ENGINE=InnoDB /*!50500 PARTITION BY LIST  "
                         "COLUMNS(a)\n(PARTITION p1 VALUES IN ('b','?') ENGINE = InnoDB) */"),
                IsEmpty());
}

} // namespace
} // namespace understudy::snapshot
