#include "applier/overwriting.hpp"

#include "applier/apply_rules.hpp"
#include "applier/errc.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gtest/gtest.h>

namespace understudy::applier {
namespace {

using protocol::rows_kind;
constexpr std::byte both[] = {std::byte{3}};
constexpr std::byte first_only[] = {std::byte{1}};
constexpr std::uint32_t key[] = {0};

protocol::table_map two_integers() {
    protocol::table_map map;
    map.columns.resize(2);
    for (auto& column : map.columns)
        column.type = protocol::column_type::long_;
    return map;
}

struct pair {
    std::uint32_t before;
    std::uint32_t after;
};

class updates : public testing::Test {
protected:
    protocol::rows_event update(const std::vector<pair>& keys) {
        images.clear();
        for (const auto& [before, after] : keys) {
            fake_stream::append_row(images, before, before);
            fake_stream::append_row(images, after, after);
        }
        protocol::rows_event event;
        event.kind = rows_kind::update;
        event.column_count = 2;
        event.present = {both, 2};
        event.present_after = {both, 2};
        event.rows = images;
        return event;
    }
    // "D1,2 W3,4"
    std::string rewritten(const std::vector<pair>& keys) {
        auto parts = overwrite_update(map, update(keys), key);
        if (!parts) return parts.error().what;
        std::string out;
        for (const auto& part : *parts) {
            out +=
                (out.empty() ? "" : " ") + std::string(part.kind == rows_kind::write ? "W" : "D");
            for (std::size_t at = 0; at < part.rows.size(); at += 9) {
                out +=
                    (at == 0 ? "" : ",") + std::to_string(std::to_integer<int>(part.rows[at + 1]));
            }
        }
        return out;
    }

    protocol::table_map map = two_integers();
    std::vector<std::byte> images;
};

TEST_F(updates, of_rows_that_keep_their_key_are_writes) {
    EXPECT_EQ(rewritten({{1, 1}, {2, 2}}), "W1,2");
}

TEST_F(updates, of_keys_delete_the_old_one_first) {
    EXPECT_EQ(rewritten({{1, 11}, {2, 12}}), "D1,2 W11,12");
}

TEST_F(updates, that_move_on_through_a_key_keep_their_order) {
    EXPECT_EQ(rewritten({{3, 4}, {2, 3}, {1, 2}}), "D3,2,1 W4,3,2");
    EXPECT_EQ(rewritten({{1, 2}, {2, 3}}), "D1 W2 D2 W3");
}

TEST_F(updates, with_partial_images_are_refused) {
    auto event = update({{1, 2}});
    event.present_after = {first_only, 2};
    auto refused = overwrite_update(map, event, key);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::unsupported_event);
    EXPECT_NE(refused.error().what.find("binlog_row_image=FULL"), std::string::npos);
}

TEST_F(updates, of_some_columns_are_allowed_while_the_key_stays) {
    auto event = update({{1, 1}, {2, 2}});
    EXPECT_TRUE(allow_some_columns(map, event, key, false));
    EXPECT_FALSE(allow_some_columns(map, event, key, true));
    auto moved = update({{1, 1}, {2, 3}});
    const auto refused = allow_some_columns(map, moved, key, false);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("its key changes"), std::string::npos);
}

TEST_F(updates, without_a_key_are_cut_where_they_change_what_they_made) {
    const auto cuts = [&](const std::vector<pair>& keys) {
        return cuts_for_hash_scan(map, update(keys)).value();
    };
    EXPECT_TRUE(cuts({{1, 2}, {3, 4}}).empty());
    EXPECT_EQ(cuts({{1, 2}, {2, 3}, {3, 4}}), (std::vector<std::size_t>{1, 2}));
    EXPECT_EQ(cuts({{1, 2}, {5, 6}, {2, 3}}), (std::vector<std::size_t>{2}));
}

source_transaction at(std::uint64_t offset, std::int64_t number = 0) {
    source_transaction transaction;
    transaction.file = std::make_shared<const std::string>("binlog.000002");
    transaction.begin_offset = offset;
    if (number != 0) transaction.id = protocol::gtid{{protocol::uuid{}, ""}, number};
    return transaction;
}

TEST(apply_rules, overwrite_copied_tables_up_to_the_end_of_the_copy) {
    using treatment = apply_rules::treatment;
    namespace flag = protocol::rows_flag;
    const apply_rules rules({"binlog.000002", 1000}, false, {}, {{"t", "copied"}});
    const state::object_name copied{"t", "copied"};
    const auto inside =
        rules.decide(copied, at(999), rows_kind::update, flag::relaxed_unique_checks);
    EXPECT_EQ(inside.what, treatment::overwrite);
    EXPECT_EQ(inside.flags, flag::no_foreign_key_checks);
    const auto behind =
        rules.decide(copied, at(1000), rows_kind::update, flag::relaxed_unique_checks);
    EXPECT_EQ(behind.what, treatment::as_logged);
    EXPECT_EQ(behind.flags, flag::relaxed_unique_checks);
    const auto created = rules.decide({"t", "new"}, at(999), rows_kind::write, 0);
    EXPECT_EQ(created.what, treatment::as_logged);
    EXPECT_EQ(created.flags, flag::no_foreign_key_checks);
    EXPECT_EQ(rules.decide({"t", "new"}, at(999), rows_kind::delete_, 0).flags, 0);
}

TEST(apply_rules, leave_out_programs_that_the_copy_has) {
    using kind = statement_plan::kind;
    apply_rules rules({"binlog.000002", 1000}, false, {}, {{"t", "copied"}});
    const auto about = [](kind what, const std::string& database, const std::string& name) {
        statement_plan plan;
        plan.is = what;
        plan.source_names.push_back({database, name});
        return plan;
    };
    EXPECT_FALSE(rules.is_in_copied_programs(about(kind::view, "t", "v"), at(999)));
    rules.set_programs_end({"binlog.000002", 1200});
    for (const kind program :
         {kind::view, kind::routine, kind::trigger, kind::event, kind::account}) {
        EXPECT_TRUE(rules.is_in_copied_programs(about(program, "t", "p"), at(1199)));
        EXPECT_FALSE(rules.is_in_copied_programs(about(program, "t", "p"), at(1200)));
    }
    EXPECT_FALSE(rules.is_in_copied_programs(about(kind::alter_table, "t", "copied"), at(999)));
}

TEST(apply_rules, leave_out_programs_of_databases_that_were_selected_later) {
    using kind = statement_plan::kind;
    apply_rules rules({"binlog.000002", 1000}, false, {}, {});
    rules.set_later_programs({{"later", {"binlog.000003", 500}}});
    const auto about = [](kind what, std::vector<state::object_name> names) {
        statement_plan plan;
        plan.is = what;
        plan.source_names = std::move(names);
        return plan;
    };
    source_transaction before;
    before.file = std::make_shared<const std::string>("binlog.000003");
    before.begin_offset = 499;
    source_transaction behind = before;
    behind.begin_offset = 500;
    for (const kind what :
         {kind::routine, kind::event, kind::create_database, kind::alter_database}) {
        EXPECT_TRUE(rules.is_in_copied_programs(about(what, {{"later", "x"}}), before));
        EXPECT_FALSE(rules.is_in_copied_programs(about(what, {{"later", "x"}}), behind));
        EXPECT_FALSE(rules.is_in_copied_programs(about(what, {{"other", "x"}}), before));
    }
    for (const kind what : {kind::view, kind::trigger, kind::create_table, kind::drop_database})
        EXPECT_FALSE(rules.is_in_copied_programs(about(what, {{"later", "x"}}), before));
    // Neither to be executed nor to be left out.
    EXPECT_TRUE(rules.undoes_copied_programs(about(kind::drop_database, {{"later", ""}}), before));
    EXPECT_FALSE(rules.undoes_copied_programs(about(kind::drop_database, {{"later", ""}}), behind));
    const auto moved = about(kind::event, {{"later", "e"}, {"other", "e"}});
    EXPECT_FALSE(rules.is_in_copied_programs(moved, before));
    EXPECT_TRUE(rules.undoes_copied_programs(moved, before));
    EXPECT_FALSE(rules.undoes_copied_programs(moved, behind));
    EXPECT_FALSE(rules.undoes_copied_programs(about(kind::event, {{"later", "e"}}), before));
}

TEST(apply_rules, drop_what_a_snapshot_holds) {
    using treatment = apply_rules::treatment;
    state::source_position taken;
    taken.binlog = {"binlog.000002", 500};
    taken.executed.add(protocol::gtid{{protocol::uuid{}, ""}, 7});
    const state::object_name table{"t", "keyless"};
    const apply_rules by_position({"binlog.000002", 1000}, false, {{table, taken}}, {});
    EXPECT_EQ(by_position.decide(table, at(499, 1), rows_kind::write, 0).what, treatment::drop);
    EXPECT_EQ(by_position.decide(table, at(500, 7), rows_kind::write, 0).what,
              treatment::as_logged);
    const apply_rules by_gtid({"binlog.000002", 1000}, true, {{table, taken}}, {});
    EXPECT_EQ(by_gtid.decide(table, at(499, 1), rows_kind::write, 0).what, treatment::as_logged);
    EXPECT_EQ(by_gtid.decide(table, at(2000, 7), rows_kind::write, 0).what, treatment::drop);
}

} // namespace
} // namespace understudy::applier
