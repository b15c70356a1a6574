#include "applier/sql_change_writer.hpp"

#include "applier/errc.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <list>
#include <string>
#include <vector>

namespace understudy::applier {
namespace {

using protocol::column_type;
using protocol::rows_kind;
namespace rows_flag = protocol::rows_flag;

constexpr std::byte both{3};
constexpr std::byte first_only{1};

class sql_changes : public testing::Test {
protected:
    sql_changes() {
        keyed = make_plan("a");
        keyed.target.key = {0};
        keyless = make_plan("k");
    }

    static table_plan make_plan(const std::string& name) {
        table_plan plan;
        auto source = std::make_shared<source_table>();
        source->map.columns.resize(2, {column_type::long_, 0, true, false});
        source->name = {"t", name};
        plan.source = source;
        plan.target.name = {"t", name};
        for (const char* const column : {"id", "v"}) {
            target_column made;
            made.name = column;
            made.type = column_type::long_;
            plan.target.columns.push_back(made);
            protocol::column_definition definition;
            definition.name = column;
            definition.type = column_type::long_;
            definition.is_unsigned = false;
            plan.columns.push_back(definition);
        }
        plan.as_sql = true;
        return plan;
    }

    sql_change_writer make(sql_writer_limits limits = {}) {
        return {limits, false, [this](const sql_packet& packet) -> protocol::result<void> {
                    packets.emplace_back(packet.text);
                    last.assign(packet.statements.begin(), packet.statements.end());
                    checks.push_back(packet.foreign_key_checks);
                    return {};
                }};
    }

    // Images of (id, v), one behind the other.
    rows_to_write rows(const table_plan& plan, rows_kind kind, std::initializer_list<int> values,
                       std::uint16_t flags = 0) {
        auto& bytes = images.emplace_back();
        protocol::byte_writer out(bytes);
        bool at_begin = true;
        for (const int value : values) {
            if (at_begin) out.u8(0); // no NULL
            at_begin = !at_begin;
            out.u32(static_cast<std::uint32_t>(value));
        }
        rows_to_write made;
        made.table = &plan;
        made.kind = kind;
        made.flags = flags;
        made.present = std::span(&both, 1);
        if (kind == rows_kind::update) made.present_after = std::span(&both, 1);
        made.rows = bytes;
        return made;
    }

    void append(sql_change_writer& writer, const rows_to_write& what,
                rbr_mode mode = rbr_mode::strict) {
        const auto done = writer.append(what, mode, {});
        ASSERT_TRUE(done) << done.error().what;
    }

    table_plan keyed;
    table_plan keyless;
    std::list<std::vector<std::byte>> images;
    std::vector<std::string> packets;
    std::vector<sql_packet::statement> last;
    std::vector<bool> checks;
};

TEST_F(sql_changes, of_one_kind_share_a_statement_and_statements_a_packet) {
    auto writer = make();
    append(writer, rows(keyed, rows_kind::write, {1, 10, 2, 20}));
    append(writer, rows(keyed, rows_kind::write, {3, 30}));
    append(writer, rows(keyed, rows_kind::update, {1, 10, 1, 11}));
    append(writer, rows(keyed, rows_kind::delete_, {2, 20, 3, 30}));
    ASSERT_TRUE(writer.finish());
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0], "INSERT INTO `t`.`a` (`id`,`v`) VALUES (1,10),(2,20),(3,30);"
                          "UPDATE `t`.`a` SET `v`=11 WHERE `id`=1;"
                          "DELETE FROM `t`.`a` WHERE `id` IN (2,3)");
    ASSERT_EQ(last.size(), 3U);
    EXPECT_EQ(last[0].rows, 3U);
    EXPECT_EQ(last[1].rows, 1U);
    EXPECT_EQ(last[2].rows, 2U);
    EXPECT_TRUE(last[2].strict);
}

TEST_F(sql_changes, keep_the_order_of_the_source) {
    auto writer = make();
    append(writer, rows(keyed, rows_kind::delete_, {1, 10}));
    append(writer, rows(keyed, rows_kind::write, {1, 11}));
    append(writer, rows(keyed, rows_kind::delete_, {1, 11}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "DELETE FROM `t`.`a` WHERE `id` IN (1);"
                          "INSERT INTO `t`.`a` (`id`,`v`) VALUES (1,11);"
                          "DELETE FROM `t`.`a` WHERE `id` IN (1)");
}

TEST_F(sql_changes, find_rows_without_a_key_by_all_columns_one_for_one) {
    auto writer = make();
    append(writer, rows(keyless, rows_kind::delete_, {1, 10, 1, 10}));
    append(writer, rows(keyless, rows_kind::update, {2, 20, 3, 20}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "DELETE FROM `t`.`k` WHERE `id`=1 AND `v`=10 LIMIT 1;"
                          "DELETE FROM `t`.`k` WHERE `id`=1 AND `v`=10 LIMIT 1;"
                          "UPDATE `t`.`k` SET `id`=3 WHERE `id`=2 AND `v`=20 LIMIT 1");
}

TEST_F(sql_changes, that_overwrite_need_find_nothing_and_leave_children_alone) {
    auto writer = make();
    append(writer, rows(keyed, rows_kind::write, {1, 10}), rbr_mode::idempotent);
    append(writer, rows(keyed, rows_kind::delete_, {2, 20}), rbr_mode::idempotent);
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "REPLACE INTO `t`.`a` (`id`,`v`) VALUES (1,10);"
                          "DELETE FROM `t`.`a` WHERE `id` IN (2)");
    EXPECT_FALSE(last[0].strict);
    EXPECT_FALSE(checks[0]);
}

TEST_F(sql_changes, of_some_columns_lose_no_others_when_they_overwrite) {
    auto writer = make();
    auto some = rows(keyed, rows_kind::write, {});
    auto& bytes = images.back();
    protocol::byte_writer out(bytes);
    out.u8(0);
    out.u32(5);
    some.rows = bytes;
    some.present = std::span(&first_only, 1);
    append(writer, some, rbr_mode::idempotent);
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0],
              "INSERT INTO `t`.`a` (`id`) VALUES (5) ON DUPLICATE KEY UPDATE `id`=VALUES(`id`)");
    EXPECT_TRUE(last.back().may_warn);
}

TEST_F(sql_changes, that_overwrite_leave_columns_of_the_targets_own_alone) {
    keyed.keeps_columns = true;
    keyed.target.unique_keys = {{"PRIMARY", {{0, 0}}}, {"v", {{1, 0}}}};
    const auto written = [](const std::string& row) {
        return "INSERT INTO `t`.`a` (`id`,`v`) VALUES (" + row +
               ") ON DUPLICATE KEY UPDATE `id`=VALUES(`id`),`v`=VALUES(`v`)";
    };
    auto writer = make();
    append(writer, rows(keyed, rows_kind::write, {1, 10}), rbr_mode::idempotent);
    append(writer, rows(keyed, rows_kind::update, {2, 20, 2, 21}), rbr_mode::idempotent);
    ASSERT_TRUE(writer.finish());
    ASSERT_EQ(packets.size(), 2U); // each may warn
    EXPECT_EQ(packets[0], "DELETE FROM `t`.`a` WHERE `v`=10 AND NOT (`id`=1);" + written("1,10"));
    EXPECT_EQ(packets[1], "DELETE FROM `t`.`a` WHERE `v`=21 AND NOT (`id`=2);" + written("2,21"));
    EXPECT_FALSE(last[0].strict);
    packets.clear();
    append(writer, rows(keyed, rows_kind::update, {3, 30, 4, 30}), rbr_mode::idempotent);
    ASSERT_TRUE(writer.finish());
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0],
              "DELETE FROM `t`.`a` WHERE `v`=30 AND NOT (`id`=3) AND NOT (`id`=4);"
              "UPDATE `t`.`a` SET `id`=4,`v`=30 WHERE `id`=3 AND NOT EXISTS (SELECT 1 FROM (SELECT "
              "1 FROM `t`.`a` WHERE `id`=4 AND NOT (`id`=3) LIMIT 1) AS taken);"
              "DELETE FROM `t`.`a` WHERE `id`=3 AND NOT (`id`=4);"
              "DELETE FROM `t`.`a` WHERE `v`=30 AND NOT (`id`=4);" +
                  written("4,30"));
}

TEST_F(sql_changes, of_rows_that_may_have_other_values_write_all_of_them) {
    auto writer = make();
    auto update = rows(keyed, rows_kind::update, {1, 10, 1, 11});
    append(writer, update);
    update.overwrites_values = true;
    append(writer, update);
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "UPDATE `t`.`a` SET `v`=11 WHERE `id`=1;"
                          "UPDATE `t`.`a` SET `id`=1,`v`=11 WHERE `id`=1");
}

TEST_F(sql_changes, take_the_events_foreign_key_flag_along) {
    auto writer = make();
    append(writer, rows(keyed, rows_kind::write, {1, 10}));
    append(writer, rows(keyed, rows_kind::write, {2, 20}, rows_flag::no_foreign_key_checks));
    append(writer, rows(keyed, rows_kind::write, {3, 30}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets.size(), 3U);
    EXPECT_EQ(checks, (std::vector<bool>{true, false, true}));
}

TEST_F(sql_changes, are_cut_into_statements_and_packets_by_size) {
    sql_writer_limits limits;
    limits.statement_bytes = 70;
    limits.packet_text_bytes = 150;
    auto writer = make(limits);
    for (int i = 0; i < 50; ++i)
        append(writer, rows(keyed, rows_kind::write, {i, i}));
    ASSERT_TRUE(writer.finish());
    EXPECT_GT(packets.size(), 5U);
    for (const std::string& packet : packets)
        EXPECT_LE(packet.size(), 150U);
}

TEST_F(sql_changes, too_large_for_the_target_are_refused_by_the_tables_name) {
    sql_writer_limits limits;
    limits.packet_bytes = 60;
    auto writer = make(limits);
    append(writer, rows(keyed, rows_kind::write, {1'000'000'000, 1'000'000'000}));
    const auto done = writer.finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, errc::packet_too_large);
    EXPECT_NE(done.error().what.find("`t`.`a`"), std::string::npos);
}

TEST_F(sql_changes, set_what_the_target_would_change_by_itself) {
    keyed.target.columns[1].updated_by_itself = true;
    auto writer = make();
    append(writer, rows(keyed, rows_kind::update, {1, 10, 2, 10}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "UPDATE `t`.`a` SET `id`=2,`v`=10 WHERE `id`=1");
}

TEST_F(sql_changes, leave_generated_columns_out) {
    keyed.target.columns[1].generated = true;
    auto writer = make();
    append(writer, rows(keyed, rows_kind::write, {1, 10}));
    append(writer, rows(keyed, rows_kind::update, {1, 10, 1, 11}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0], "INSERT INTO `t`.`a` (`id`) VALUES (1);"
                          "UPDATE `t`.`a` SET `id`=`id` WHERE `id`=1");
}

TEST_F(sql_changes, of_rows_that_refer_to_each_other_are_deleted_one_by_one) {
    keyed.target.refers_to_itself = true;
    auto writer = make();
    append(writer, rows(keyed, rows_kind::delete_, {2, 20, 1, 10}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(packets[0],
              "DELETE FROM `t`.`a` WHERE `id` IN (2);DELETE FROM `t`.`a` WHERE `id` IN (1)");
}

} // namespace
} // namespace understudy::applier
