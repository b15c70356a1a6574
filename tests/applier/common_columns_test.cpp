#include "applier/common_columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace understudy::applier {
namespace {

using state::column_fit;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

target_column integer(const std::string& name, std::string type = "int") {
    return describe_column(name, type.substr(0, type.find(' ')), type, 0, 10, 0, 0);
}

target_column text(const std::string& name, std::uint64_t characters,
                   const std::string& collation = "utf8mb4_bin", std::string type = "varchar") {
    auto made = describe_column(name, type, type + "(" + std::to_string(characters) + ")",
                                characters * 4, 0, 0, 0);
    made.character_set = collation.substr(0, collation.find('_'));
    made.collation = collation;
    return made;
}

target_column needed(target_column column) {
    column.nullable = false;
    return column;
}

// Its first column is its PRIMARY KEY, unless that is said to be none.
target_table table(std::vector<target_column> columns, bool has_key = true) {
    target_table made;
    made.name = {"shop", "t"};
    made.columns = std::move(columns);
    if (has_key) {
        made.columns.front().nullable = false;
        made.key = {0};
        made.unique_keys = {{"PRIMARY", {{0, 0}}}};
    }
    return made;
}

void add_key(target_table& to, const std::string& name,
             std::initializer_list<std::uint32_t> columns, std::uint32_t prefix = 0) {
    relay::table_key key{name, {}};
    for (const std::uint32_t column : columns)
        key.parts.push_back({column, prefix});
    to.unique_keys.push_back(std::move(key));
}

std::vector<std::string> refused(const target_table& source, const target_table& target) {
    return find_fit(source, target, nullptr, false).refused;
}

TEST(find_fit, matches_columns_by_name_and_says_what_each_side_has_alone) {
    auto own = integer("rank");
    own.auto_increment = true;
    auto dated = needed(integer("seen"));
    dated.has_default = true;
    const auto found =
        find_fit(table({integer("id"), text("Mail", 20), integer("v"), integer("gone")}),
                 table({needed(integer("ID", "bigint")), dated, text("mail", 30), needed(own),
                        integer("V")}),
                 nullptr, false);
    EXPECT_THAT(found.refused, IsEmpty());
    EXPECT_EQ(found.fit, (column_fit{{"gone"}, {"seen", "rank"}}));
    EXPECT_EQ(found.fit.describe(),
              "left out of the source: `gone`; on the target alone: `seen`, `rank`");
    EXPECT_EQ(column_fit{}.describe(), "both sides have all columns");
}

TEST(find_fit, refuses_values_that_may_not_stay_what_they_are) {
    const auto source = [](target_column column) { return table({integer("id"), column}); };
    EXPECT_THAT(refused(source(integer("v", "bigint")), source(integer("v"))),
                ElementsAre(HasSubstr("`v` is BIGINT on the source and int on the target")));
    EXPECT_THAT(refused(source(integer("v", "int unsigned")), source(integer("v", "bigint"))),
                ElementsAre(HasSubstr("may not hold its values")));
    EXPECT_THAT(refused(source(text("v", 20)), source(text("v", 19))),
                ElementsAre(HasSubstr("may not hold its values")));
    EXPECT_THAT(refused(source(text("v", 20)), source(text("v", 30, "utf8mb4_bin", "char"))),
                ElementsAre(HasSubstr("may not hold its values")));
    EXPECT_THAT(refused(source(text("v", 20)), source(text("v", 80, "latin1_bin"))),
                ElementsAre(HasSubstr("is in the character set utf8mb4 on the source")));
    EXPECT_THAT(refused(source(integer("v")), source(needed(integer("v")))),
                ElementsAre("`v` may be NULL on the source and not on the target"));
    auto computed = integer("v");
    computed.generated = true;
    EXPECT_THAT(refused(source(integer("v")), source(computed)),
                ElementsAre("`v` is computed on the target alone"));
    EXPECT_THAT(refused(source(computed), source(integer("v"))),
                ElementsAre("`v` is computed on the source alone"));
    EXPECT_THAT(refused(source(computed), source(computed)), IsEmpty());
}

TEST(find_fit, refuses_columns_of_the_target_that_get_no_value) {
    EXPECT_THAT(refused(table({integer("id")}), table({integer("id"), needed(integer("w"))})),
                ElementsAre("`w` is on the target alone, and NOT NULL without a default: give it "
                            "one"));
    EXPECT_THAT(
        refused(table({integer("id"), integer("Größe")}), table({integer("id"), integer("GRÖßE")})),
        ElementsAre(HasSubstr("may be one name to a server")));
}

TEST(find_fit, wants_a_key_of_the_source_to_be_one_on_the_target) {
    const auto by_code = [](const std::string& collation) {
        auto own = integer("rank");
        own.auto_increment = true;
        auto made = table({own, needed(text("code", 10, collation))});
        add_key(made, "code", {1});
        return made;
    };
    const auto source = table({text("code", 10), integer("v")});
    EXPECT_THAT(refused(source, by_code("utf8mb4_bin")), IsEmpty());
    EXPECT_THAT(refused(source, by_code("utf8mb4_general_ci")),
                ElementsAre(HasSubstr("no key by which the source tells its rows apart"),
                            HasSubstr("its unique key `code` (`code`) is none of the source's")));
    EXPECT_THAT(
        refused(table({needed(integer("id"))}, false), table({integer("id"), integer("w")})),
        ElementsAre("the source's table has no key by which its rows can be told apart",
                    HasSubstr("`PRIMARY`")));
    auto pair = table({integer("id"), needed(integer("part")), integer("v")});
    pair.unique_keys.front().parts.push_back({1, 0});
    EXPECT_THAT(refused(pair, table({integer("id"), integer("v")})),
                ElementsAre(HasSubstr("`part` is part of a unique key of the source"),
                            HasSubstr("no key by which"), HasSubstr("`PRIMARY` (`id`)")));
}

TEST(find_fit, refuses_what_is_unique_on_the_target_alone) {
    const auto source = table({integer("id"), text("mail", 10)});
    auto target = table({integer("id"), text("mail", 10), integer("w")});
    add_key(target, "mail", {1});
    EXPECT_THAT(refused(source, target),
                ElementsAre(HasSubstr("its unique key `mail` (`mail`) is none of the source's")));
    auto wider = table({integer("id"), text("mail", 10), integer("w")});
    add_key(wider, "both", {0, 1}); // no two rows have the same `id`
    add_key(wider, "w", {2});       // NULL in all of the source's rows
    EXPECT_THAT(refused(source, wider), IsEmpty());
    wider.columns[2].has_default = true;
    EXPECT_THAT(refused(source, wider), ElementsAre(HasSubstr("its unique key `w` (`w`)")));
    auto cut = table({integer("id"), text("mail", 10), integer("w")});
    add_key(cut, "mail", {1}, 5);
    EXPECT_THAT(refused(source, cut), ElementsAre(HasSubstr("(`mail`(5)) is none of the")));
    cut.has_unique_expressions = true;
    cut.unique_keys.pop_back();
    EXPECT_THAT(refused(source, cut), ElementsAre(HasSubstr("a unique key over an expression")));
}

TEST(keys_of_target_alone, are_those_that_do_not_follow_from_the_sources) {
    auto source = table({integer("id"), integer("v"), integer("n")});
    add_key(source, "one", {1});
    auto target = source;
    EXPECT_THAT(keys_of_target_alone(source, target, nullptr), IsEmpty());
    add_key(target, "of_two", {1, 2});
    EXPECT_THAT(keys_of_target_alone(source, target, nullptr), IsEmpty());
    add_key(target, "other", {2});
    EXPECT_THAT(keys_of_target_alone(source, target, nullptr), ElementsAre(HasSubstr("`other`")));
    source.has_unique_expressions = target.has_unique_expressions = true;
    EXPECT_THAT(keys_of_target_alone(source, target, nullptr), testing::SizeIs(1));
    source.has_unique_expressions = false;
    EXPECT_THAT(keys_of_target_alone(source, target, nullptr), testing::SizeIs(2));
}

TEST(find_fit, refuses_triggers_that_are_not_guarded) {
    auto target = table({integer("id"), integer("w")});
    target.triggers = {{"t1", true}};
    EXPECT_THAT(refused(table({integer("id")}), target), ElementsAre(HasSubstr("`t1`")));
    EXPECT_THAT(find_fit(table({integer("id")}), target, nullptr, true).refused, IsEmpty());
}

TEST(find_fit, goes_by_what_the_task_makes_of_the_columns) {
    state::task_spec::table_rules rules;
    rules.drop_columns = {"card"};
    rules.rename_columns = {{"customer", "customer_id"}};
    rules.add_columns = {{"shard", 7, ""}};
    const auto shape = state::table_shape::make(rules).value();
    const auto source =
        table({integer("id"), integer("card"), integer("customer"), integer("gone")});
    const auto found = find_fit(source,
                                table({integer("id"), integer("customer_id"), integer("card"),
                                       needed(integer("shard", "bigint"))}),
                                &shape, false);
    EXPECT_THAT(found.refused, IsEmpty());
    EXPECT_EQ(found.fit, (column_fit{{"gone"}, {"card"}}));
    EXPECT_THAT(
        find_fit(source, table({integer("id"), integer("customer_id")}), &shape, false).refused,
        ElementsAre("it lacks `shard`, which objects.tables adds"));
}

TEST(fit_target, shows_the_columns_of_both_as_the_source_has_them) {
    auto own = integer("rank");
    own.auto_increment = true;
    auto target = table({own, integer("V", "bigint"), needed(integer("id")), text("mail", 10)});
    add_key(target, "id", {2});
    add_key(target, "mail", {3});
    const std::vector<std::string> names{"id", "v", "mail"};
    const auto found = fit_target(target, names, {{}, {"rank"}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->keeps_columns);
    EXPECT_FALSE(found->in_place);
    ASSERT_EQ(found->table.columns.size(), 3U);
    EXPECT_EQ(found->table.columns[1].name, "v");
    EXPECT_EQ(found->table.columns[1].type_text, "bigint");
    EXPECT_THAT(found->table.key, ElementsAre(0));
    ASSERT_EQ(found->table.unique_keys.size(), 2U);
    EXPECT_EQ(found->table.unique_keys[1].parts.front().column, 2U);
    EXPECT_TRUE(found->table.has_other_unique_keys);
}

TEST(fit_target, knows_a_table_whose_columns_are_where_the_source_has_them) {
    const auto target = table({integer("id"), integer("v", "bigint")});
    const std::vector<std::string> names{"id", "v"};
    const auto found = fit_target(target, names, {{"gone"}, {"was there"}});
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->in_place);
    EXPECT_FALSE(found->keeps_columns);
}

TEST(fit_target, refuses_what_was_changed_since) {
    const std::vector<std::string> names{"id", "v"};
    EXPECT_THAT(fit_target(table({integer("id")}), names, {{"gone"}, {}}).error(),
                HasSubstr("the target has no column `v`, and it is not one of those that are left "
                          "out"));
    EXPECT_THAT(fit_target(table({integer("id"), integer("v"), integer("new")}), names, {}).error(),
                HasSubstr("the target has the column `new`, which it did not have"));
    EXPECT_THAT(fit_target(table({integer("id"), integer("v")}, false), names, {}).error(),
                HasSubstr("no unique key"));
}

} // namespace
} // namespace understudy::applier
