#include "state/object_selection.hpp"

#include "state/errc.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

using names = std::vector<std::string>;
using renames = std::vector<std::pair<std::string, std::string>>;

task_spec spec_of(names include, names exclude = {}, renames rename = {}) {
    task_spec spec;
    spec.objects.include = std::move(include);
    spec.objects.exclude = std::move(exclude);
    spec.objects.rename = std::move(rename);
    return spec;
}

object_selection select(names include, names exclude = {}, renames rename = {}) {
    auto made =
        object_selection::make(spec_of(std::move(include), std::move(exclude), std::move(rename)));
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().what);
    return *std::move(made);
}

std::string refusal(names include, names exclude, renames rename) {
    const auto made =
        object_selection::make(spec_of(std::move(include), std::move(exclude), std::move(rename)));
    if (made) return "(accepted)";
    EXPECT_EQ(made.error().code, errc::selection_invalid);
    return made.error().what;
}

TEST(object_selection, takes_what_is_included_and_not_excluded) {
    struct {
        const char* name;
        names include;
        names exclude;
        std::string database;
        std::string table;
        bool selects;
        bool selects_database;
        bool touches;
    } const cases[] = {
        {"whole database", {"shop"}, {}, "shop", "orders", true, true, true},
        {"whole database with star", {"shop.*"}, {}, "shop", "orders", true, true, true},
        {"another database", {"shop.*"}, {}, "crm", "orders", false, false, false},
        {"one table", {"shop.orders"}, {}, "shop", "orders", true, false, true},
        {"another table", {"shop.orders"}, {}, "shop", "lines", false, false, true},
        {"table glob", {"shop.o*"}, {}, "shop", "orders", true, false, true},
        {"all databases", {"*"}, {}, "shop", "orders", true, true, true},
        {"all tables of a name", {"*.orders"}, {}, "crm", "orders", true, false, true},
        {"excluded table", {"shop.*"}, {"shop.orders"}, "shop", "orders", false, true, true},
        {"not the excluded table", {"shop.*"}, {"shop.tmp_*"}, "shop", "orders", true, true, true},
        {"excluded database", {"*"}, {"shop"}, "shop", "orders", false, false, false},
        {"excluded database with star", {"*.*"}, {"sh*.*"}, "shop", "orders", false, false, false},
        {"system schema", {"*"}, {}, "mysql", "user", false, false, false},
        {"system schema in capitals",
         {"*"},
         {},
         "INFORMATION_SCHEMA",
         "TABLES",
         false,
         false,
         false},
        {"sys", {"*"}, {}, "sys", "version", false, false, false},
        {"performance_schema", {"*"}, {}, "performance_schema", "threads", false, false, false},
        {"meta database", {"*"}, {}, "understudy", "checkpoint", false, false, false},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        const auto selection = select(one.include, one.exclude);
        EXPECT_EQ(selection.selects(one.database, one.table), one.selects);
        EXPECT_EQ(selection.selects_database(one.database), one.selects_database);
        EXPECT_EQ(selection.touches_database(one.database), one.touches);
    }
}

TEST(object_selection, of_a_few_tables_alone_has_nothing_else) {
    auto all = select({"shop.*", "*"}, {"shop.hidden"}, {{"shop", "store"}});
    const auto some = all.only({{"shop", "a"}, {"shop", "hidden"}});
    EXPECT_TRUE(some.selects("shop", "a"));
    EXPECT_EQ(some.map("shop", "a").to_string(), "`store`.`a`");
    for (const char* table : {"b", "A", "hidden", "_a_gho", "_a_new"})
        EXPECT_FALSE(some.selects("shop", table)) << table;
    EXPECT_TRUE(some.touches_database("shop"));
    EXPECT_FALSE(some.touches_database("other"));
    EXPECT_FALSE(some.selects_database("shop"));
    EXPECT_FALSE(some.selects_all_databases());
    EXPECT_FALSE(some.source_of({"store", "b"}));
    all.set_case_insensitive(true);
    EXPECT_TRUE(all.only({{"shop", "a"}}).selects("SHOP", "A"));
}

TEST(object_selection, case_counts_only_where_the_source_says_so) {
    auto selection = select({"Shop.Orders"}, {}, {{"Shop.Orders", "dw.o"}});
    EXPECT_FALSE(selection.selects("shop", "orders"));
    selection.set_case_insensitive(true);
    EXPECT_TRUE(selection.selects("shop", "ORDERS"));
    EXPECT_EQ(selection.map("shop", "orders"), (object_name{"dw", "o"}));
}

TEST(object_selection, maps_tables_and_databases) {
    const auto selection =
        select({"shop.*", "crm.*"}, {}, {{"shop.orders", "dw.facts"}, {"crm", "crm_copy"}});
    EXPECT_EQ(selection.map("shop", "orders"), (object_name{"dw", "facts"}));
    EXPECT_EQ(selection.map("shop", "lines"), (object_name{"shop", "lines"}));
    EXPECT_EQ(selection.map("crm", "customers"), (object_name{"crm_copy", "customers"}));
    EXPECT_EQ(selection.map_database("crm"), "crm_copy");
    EXPECT_EQ(selection.map_database("shop"), "shop");
    EXPECT_TRUE(selection.is_renamed("shop", "orders"));
    EXPECT_FALSE(selection.is_renamed("shop", "lines"));
    EXPECT_TRUE(selection.is_renamed("crm", "customers"));
    EXPECT_TRUE(selection.renames_anything_in("shop"));
    EXPECT_FALSE(selection.renames_anything_in("other"));
}

TEST(object_selection, a_table_rename_goes_before_its_databases_rename) {
    const auto selection = select({"a.*"}, {}, {{"a", "b"}, {"a.t", "c.t"}});
    EXPECT_EQ(selection.map("a", "t"), (object_name{"c", "t"}));
    EXPECT_EQ(selection.map("a", "u"), (object_name{"b", "u"}));
}

object_selection merging(renames rename, names merge) {
    auto spec = spec_of({"*"}, {"x.*"}, std::move(rename));
    spec.objects.merge = std::move(merge);
    auto made = object_selection::make(spec);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().what);
    return *std::move(made);
}

TEST(object_selection, merges_tables_into_those_that_are_named_for_it) {
    const auto one = merging({{"shard_*.orders", "dw.orders"}}, {"dw.orders"});
    EXPECT_EQ(one.map("shard_1", "orders"), (object_name{"dw", "orders"}));
    EXPECT_EQ(one.map("shard_1", "lines"), (object_name{"shard_1", "lines"}));
    EXPECT_TRUE(one.is_merged("shard_1", "orders"));
    EXPECT_TRUE(one.is_merged("dw", "orders"));
    EXPECT_FALSE(one.is_merged("shard_1", "lines"));
    EXPECT_FALSE(one.is_merged("x", "orders"));
    EXPECT_FALSE(one.takes_name_of_another("shard_1", "orders"));
    EXPECT_EQ(one.source_of({"dw", "orders"}), (object_name{"dw", "orders"}));
    EXPECT_TRUE(one.merges_anything_in("shard_1"));
    EXPECT_FALSE(one.merges_anything_in("crm"));

    const auto all = merging({{"shard_*.*", "dw.*"}}, {"dw.*"});
    EXPECT_EQ(all.map("shard_1", "orders"), (object_name{"dw", "orders"}));
    EXPECT_EQ(all.map("shard_2", "lines"), (object_name{"dw", "lines"}));
    EXPECT_EQ(all.map_database("shard_2"), "shard_2");
    EXPECT_TRUE(all.is_merged("shard_2", "lines"));

    const auto by_table = merging({{"a.orders_*", "a.orders"}, {"b.t*", "b_*.t"}}, {"a.orders"});
    EXPECT_EQ(by_table.map("a", "orders_2026"), (object_name{"a", "orders"}));
    EXPECT_EQ(by_table.map("b", "t7"), (object_name{"b_7", "t"}));
    EXPECT_FALSE(by_table.is_merged("b", "t7"));

    const auto listed = merging({{"a.t", "dw.t"}, {"b.t", "dw.t"}}, {"dw.t"});
    EXPECT_TRUE(listed.is_merged("a", "t"));
    EXPECT_TRUE(listed.is_merged("b", "t"));
}

TEST(object_selection, names_may_be_swapped) {
    const auto selection = select({"a.*", "b.*"}, {}, {{"a", "b"}, {"b", "a"}});
    EXPECT_EQ(selection.map("a", "t"), (object_name{"b", "t"}));
    EXPECT_EQ(selection.map("b", "t"), (object_name{"a", "t"}));
}

TEST(object_selection, two_sources_for_one_target_name_are_refused) {
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "b.x"}, {"a.u", "b.x"}}),
              "`a`.`t` and `a`.`u` would both be `b`.`x` on the target; rename one of them to "
              "something else or exclude it, or name it in objects.merge to merge their rows");
    EXPECT_EQ(refusal({"a.*", "b.x"}, {}, {{"a.t", "b.x"}}),
              "`a`.`t` and `b`.`x` would both be `b`.`x` on the target; rename one of them to "
              "something else or exclude it, or name it in objects.merge to merge their rows");
    EXPECT_EQ(refusal({"a.*", "b.*"}, {}, {{"a", "c"}, {"b", "c"}}),
              "`a` and `b` would both be `c` on the target; rename one of them to something else "
              "or exclude it");
    EXPECT_EQ(refusal({"a.*", "b.*"}, {}, {{"a", "b"}}),
              "`a` and `b` would both be `b` on the target; rename one of them to something else "
              "or exclude it");
    EXPECT_EQ(refusal({"a.*", "b.*"}, {}, {{"a", "c"}, {"b.t", "c.t"}}),
              "`a`.`t` and `b`.`t` would both be `c`.`t` on the target; rename one of them to "
              "something else or exclude it, or name it in objects.merge to merge their rows");
}

TEST(object_selection, a_name_that_only_a_wildcard_takes_is_judged_when_its_table_is_seen) {
    const auto selection = select({"a.*", "b.*"}, {}, {{"a.t", "b.x"}});
    EXPECT_TRUE(selection.takes_name_of_another("b", "x"));
    EXPECT_FALSE(selection.takes_name_of_another("b", "y"));
    EXPECT_FALSE(selection.takes_name_of_another("a", "t"));
}

TEST(object_selection, one_target_name_may_be_taken_over_when_its_own_table_is_excluded) {
    EXPECT_EQ(refusal({"a.*", "b.*"}, {"b.x"}, {{"a.t", "b.x"}}), "(accepted)");
    EXPECT_EQ(refusal({"a.t", "b.u"}, {}, {{"a", "b"}}), "(accepted)");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "a.t"}}), "(accepted)");
}

TEST(object_selection, renames_that_make_no_sense_are_refused) {
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "b"}}),
              "renaming \"a.t\" to \"b\": a database is renamed to a database, a table to a table "
              "(db.table)");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.*", "mysql"}}),
              "renaming \"a.*\" to \"mysql\": `mysql` is not a database to write to");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a", "understudy"}}),
              "renaming \"a\" to \"understudy\": `understudy` is not a database to write to");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"b.t", "c.t"}}),
              "renaming \"b.t\" to \"c.t\": `b`.`t` is not selected by objects.include");
    EXPECT_EQ(refusal({"a.*"}, {"a.t"}, {{"a.t", "c.t"}}),
              "renaming \"a.t\" to \"c.t\": `a`.`t` is not selected by objects.include");
    EXPECT_EQ(
        refusal({"a.*"}, {}, {{"a.t*", "c.t"}}),
        "renaming \"a.t*\" to \"c.t\": several tables would have one name on the target; to merge "
        "their rows name it in objects.merge");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "c." + std::string(65, 'x')}}),
              "renaming \"a.t\" to \"c." + std::string(65, 'x') +
                  "\": a name is longer than 64 characters");
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "c.d"}, {"a.t", "c.e"}}), "`a`.`t` is renamed twice");
    std::string umlauts;
    for (int i = 0; i < 64; ++i)
        umlauts += "ä";
    EXPECT_EQ(refusal({"a.*"}, {}, {{"a.t", "c." + umlauts}}), "(accepted)");
}

TEST(object_name, prints_quoted) {
    EXPECT_EQ((object_name{"we`ird", "t"}).to_string(), "`we``ird`.`t`");
    EXPECT_EQ((object_name{"shop", ""}).to_string(), "`shop`");
}

TEST(object_selection, takes_what_a_regular_expression_matches) {
    const auto selection = select({"/shop_[0-9]+/.*", "crm./c.*s|a\\/b/"}, {"*./.*_old/"});
    EXPECT_TRUE(selection.selects("shop_12", "orders"));
    EXPECT_TRUE(selection.selects_database("shop_12"));
    EXPECT_FALSE(selection.selects("shop_x", "orders"));
    EXPECT_FALSE(selection.selects("my_shop_12", "orders"));
    EXPECT_FALSE(selection.selects("shop_12", "orders_old"));
    EXPECT_TRUE(selection.selects("crm", "customers"));
    EXPECT_TRUE(selection.selects("crm", "a/b"));
    EXPECT_FALSE(selection.selects("crm", "orders"));
    auto same = select({"shop./ORD.*/"});
    EXPECT_FALSE(same.selects("shop", "orders"));
    same.set_case_insensitive(true);
    EXPECT_TRUE(same.selects("shop", "orders"));
    EXPECT_TRUE(refusal({"/shop"}, {}, {}).contains("is not closed with /"));
    EXPECT_TRUE(refusal({"/(/.x"}, {}, {}).contains("is not one"));
    EXPECT_TRUE(refusal({"/a/b"}, {}, {}).contains("comes a dot or nothing"));
}

TEST(object_selection, renames_by_pattern) {
    const auto selection = select({"*"}, {},
                                  {{"crm_*", "*_copy"},
                                   {"shop.tmp_*", "scratch.*"},
                                   {"shard_*.orders", "dw.orders_*"},
                                   {"log_*.day_*", "logs_*.d*"},
                                   {"shop.tmp_1", "scratch.first"}});
    struct {
        object_name source;
        object_name target;
    } const cases[] = {
        {{"crm_eu", "t"}, {"eu_copy", "t"}},
        {{"shop", "tmp_x"}, {"scratch", "x"}},
        {{"shop", "tmp_1"}, {"scratch", "first"}}, // one name goes before many
        {{"shop", "orders"}, {"shop", "orders"}},
        {{"shard_7", "orders"}, {"dw", "orders_7"}},
        {{"shard_7", "items"}, {"shard_7", "items"}},
        {{"log_a", "day_9"}, {"logs_a", "d9"}},
        {{"shard_7", "_orders_new"}, {"dw", "_orders_7_new"}},
    };
    for (const auto& [source, target] : cases)
        EXPECT_EQ(selection.map(source.database, source.object), target) << source.to_string();
    EXPECT_EQ(selection.map_database("crm_eu"), "eu_copy");
    EXPECT_TRUE(selection.renames_anything_in("shard_7"));
    EXPECT_EQ(selection.target_databases("shard_7"), (names{"shard_7", "dw"}));
    EXPECT_EQ(selection.target_databases("crm_eu"), names{"eu_copy"});
    EXPECT_FALSE(select({"*"}, {}, {{"a.t_*", "b_*.t"}}).target_databases("a"));
    // A name that a pattern could give is taken.
    EXPECT_TRUE(selection.takes_name_of_another("scratch", "x"));
    EXPECT_FALSE(selection.takes_name_of_another("shop", "tmp_x"));
    EXPECT_TRUE(refusal({"*"}, {}, {{"s_*.t", "dw.t"}}).contains("objects.merge"));
    EXPECT_TRUE(refusal({"*"}, {}, {{"s_*", "dw"}}).contains("as many *"));
    EXPECT_TRUE(refusal({"*"}, {}, {{"s*x*", "y*z*"}}).contains("one * in each part"));
    EXPECT_TRUE(refusal({"*"}, {}, {{"/s.*/", "y"}}).contains("one * in each part"));
    EXPECT_TRUE(refusal({"*"}, {}, {{"s?", "y?"}}).contains("one * in each part"));
}

TEST(object_selection, takes_the_shadow_tables_of_online_schema_changes) {
    const auto selection =
        select({"shop.orders", "shop.log_*"}, {"shop._log_*"}, {{"shop.orders", "dw.facts"}});
    for (const char* const shadow : {"_orders_new", "__orders_new", "_orders_old", "_orders_gho",
                                     "_orders_ghc", "_orders_del"})
        EXPECT_TRUE(selection.selects("shop", shadow)) << shadow;
    for (const char* const other :
         {"orders_new", "_orders_x", "_items_new", "__new", "_log_a_new", "___________orders_new"})
        EXPECT_FALSE(selection.selects("shop", other)) << other;
    EXPECT_FALSE(selection.selects("crm", "_orders_new"));
    EXPECT_EQ(selection.map("shop", "__orders_new"), (object_name{"dw", "__facts_new"}));
    EXPECT_TRUE(selection.is_renamed("shop", "_orders_del"));
}

} // namespace
} // namespace understudy::state
