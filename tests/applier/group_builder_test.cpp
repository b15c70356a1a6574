#include "applier/group_builder.hpp"

#include "applier/errc.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace understudy::applier {
namespace {

state::object_selection select(std::vector<std::string> include) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = std::move(include);
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

class group_building : public testing::Test {
protected:
    group_builder make(group_limits limits = {}, state::source_position from = {}) {
        return {log.reader(), selection, std::move(from), true, 90704, limits};
    }
    void transaction(std::uint8_t number, const std::vector<std::uint32_t>& rows,
                     std::string_view table = "a") {
        log.gtid(number);
        log.begin();
        log.map(7, "t", table);
        log.write(7, rows);
        log.commit();
    }
    static group take(group_builder& builder) {
        auto next = builder.next();
        if (!next) throw std::runtime_error(next.error().what);
        if (!*next) throw std::runtime_error("nothing there");
        return std::move(**next);
    }
    static bool is_drained(group_builder& builder) {
        auto next = builder.next();
        return next && !*next;
    }

    fake_stream log;
    state::object_selection selection = select({"t.*"});
};

TEST_F(group_building, joins_all_that_has_arrived) {
    transaction(1, {1, 2});
    transaction(2, {3});
    auto builder = make();
    const group got = take(builder);
    ASSERT_EQ(got.transactions.size(), 2U);
    EXPECT_EQ(got.rows, 3U);
    EXPECT_EQ(got.changes.size(), 2U);
    EXPECT_EQ(got.transactions[1].id.number, 2);
    EXPECT_EQ(got.transactions[1].end_offset, log.end_offset());
    EXPECT_EQ(got.transactions[1].begin_offset, got.transactions[0].end_offset);
    EXPECT_FALSE(got.ends_inside_transaction());
    EXPECT_TRUE(is_drained(builder));
}

TEST_F(group_building, ends_a_group_at_the_limits) {
    for (std::uint8_t i = 1; i <= 9; ++i)
        transaction(i, {i});
    auto builder = make({.rows_max = 4});
    EXPECT_EQ(take(builder).transactions.size(), 4U);
    EXPECT_EQ(take(builder).transactions.size(), 4U);
    EXPECT_EQ(take(builder).transactions.size(), 1U);
    EXPECT_TRUE(is_drained(builder));
}

TEST_F(group_building, cuts_a_transaction_above_the_limits_and_keeps_its_maps) {
    log.gtid(1);
    log.begin();
    log.map(7, "t", "a");
    log.map(8, "t", "b");
    for (std::uint32_t i = 0; i < 6; ++i)
        log.write(7 + i % 2, {i}, i == 5 ? 1 : 0);
    log.commit();
    auto builder = make({.rows_max = 2});
    std::uint64_t rows = 0;
    int parts = 0;
    for (;;) {
        const group part = take(builder);
        ++parts;
        rows += part.rows;
        ASSERT_EQ(part.transactions.size(), 1U);
        if (!part.changes.empty()) {
            EXPECT_EQ(part.changes[0].tables_count, 2U);
            EXPECT_EQ(part.statement_tables.size(), 2U);
        }
        if (!part.ends_inside_transaction()) break;
    }
    EXPECT_EQ(rows, 6U);
    EXPECT_GE(parts, 2);
}

TEST_F(group_building, knows_a_delete_by_replace_also_where_a_part_ends) {
    constexpr std::uint16_t logs_cascades = protocol::rows_flag::sql_foreign_keys;
    constexpr std::uint16_t end = protocol::rows_flag::statement_end;
    const std::vector<std::byte> row(9, std::byte{0});
    using enum protocol::event_type;
    log.gtid(1);
    log.begin();
    for (const std::uint16_t flags : {logs_cascades, std::uint16_t{0}}) {
        log.map(7, "t", "a");
        log.images(delete_rows, 7, 2, row, flags);
        log.images(write_rows, 7, 2, row, flags);
        log.images(delete_rows, 7, 2, row, flags);
        log.images(write_rows, 7, 2, row, flags | end);
    }
    log.map(7, "t", "a");
    log.images(delete_rows, 7, 2, row, logs_cascades);
    log.images(delete_rows, 7, 2, row, logs_cascades | end);
    log.commit();
    for (const std::uint64_t rows_max : {1UL, 2UL, 100UL}) {
        auto builder = make({.rows_max = rows_max});
        std::vector<bool> by_replace;
        for (bool more = true; more;) {
            const group part = take(builder);
            for (const row_change& change : part.changes)
                by_replace.push_back(change.by_replace);
            more = part.ends_inside_transaction();
        }
        EXPECT_EQ(by_replace, (std::vector<bool>{true, false, true, false, false, false, false,
                                                 false, false, false}))
            << rows_max;
    }
}

TEST_F(group_building, leaves_unselected_tables_out_and_still_moves_on) {
    log.gtid(1);
    log.begin();
    log.map(7, "other", "a");
    log.write(7, {1});
    log.commit();
    auto builder = make();
    const group got = take(builder);
    EXPECT_TRUE(got.changes.empty());
    ASSERT_EQ(got.transactions.size(), 1U);
    EXPECT_TRUE(got.transactions[0].complete);
}

TEST_F(group_building, leaves_executed_transactions_out) {
    transaction(1, {1});
    transaction(2, {2});
    state::source_position from;
    auto executed = protocol::gtid_set::parse("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1");
    ASSERT_TRUE(executed);
    from.executed = *executed;
    auto builder = make({}, from);
    const group got = take(builder);
    EXPECT_EQ(got.rows, 1U);
    EXPECT_EQ(got.changes[0].event.end_offset, got.transactions[1].end_offset - 27);
}

TEST_F(group_building, gives_a_statement_a_group_of_its_own) {
    transaction(1, {1});
    log.gtid(2);
    log.query("ALTER TABLE a ADD COLUMN x INT");
    transaction(3, {2});
    auto builder = make();
    EXPECT_EQ(take(builder).transactions.back().id.number, 1);
    const group statement = take(builder);
    ASSERT_TRUE(statement.statement);
    EXPECT_EQ(statement.statement->transaction.id.number, 2);
    EXPECT_TRUE(statement.statement->transaction.complete);
    EXPECT_FALSE(statement.statement->rows_follow);
    EXPECT_EQ(take(builder).transactions.back().id.number, 3);
}

TEST_F(group_building, lets_rows_follow_a_create_table_select) {
    log.gtid(1);
    log.begin();
    log.query("CREATE TABLE `a` (`x` int, `y` int) START TRANSACTION");
    log.map(7, "t", "a");
    log.write(7, {1, 2});
    log.commit();
    auto builder = make();
    const group create = take(builder);
    ASSERT_TRUE(create.statement);
    EXPECT_TRUE(create.statement->rows_follow);
    const group rows = take(builder);
    EXPECT_EQ(rows.rows, 2U);
    EXPECT_TRUE(rows.transactions.at(0).complete);
    EXPECT_EQ(rows.transactions.at(0).id.number, 1);
}

TEST_F(group_building, reports_what_cannot_be_applied_after_all_before_it) {
    transaction(1, {1});
    log.gtid(2);
    log.begin();
    log.map(7, "t", "a");
    log.write(7, {2}, 0);
    log.bare(protocol::event_type::incident);
    auto builder = make();
    const group before = take(builder);
    EXPECT_EQ(before.transactions.size(), 1U);
    EXPECT_EQ(before.changes.size(), 1U);
    for (int i = 0; i < 2; ++i) {
        auto failed = builder.next();
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, errc::unsupported_event);
    }
}

TEST_F(group_building, says_where_a_damaged_compressed_transaction_stands) {
    log.gtid(1);
    log.bare(protocol::event_type::transaction_payload);
    auto builder = make();
    auto failed = builder.next();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().what.find("compressed transaction"), std::string::npos);
    EXPECT_NE(failed.error().what.find("binlog.000001"), std::string::npos);
}

TEST_F(group_building, lets_rows_wait_that_are_only_prepared) {
    log.gtid(1);
    log.query("XA START X'61',X'',1");
    log.map(7, "t", "a");
    log.write(7, {1, 2});
    log.query("XA END X'61',X'',1");
    log.xa_prepare("a");
    transaction(2, {3});
    log.gtid(3);
    log.query("XA COMMIT X'61',X'',1");
    auto builder = make();
    const group got = take(builder);
    ASSERT_EQ(got.transactions.size(), 3U);
    EXPECT_EQ(got.transactions[0].prepares, "X'61',X'',1");
    EXPECT_TRUE(got.transactions[0].complete);
    EXPECT_EQ(got.transactions[0].changes_count, 1U);
    EXPECT_EQ(got.transactions[1].prepares, "");
    ASSERT_EQ(got.transactions[2].changes_count, 1U);
    EXPECT_EQ(got.transactions[2].prepares, "");
    ASSERT_TRUE(got.changes.at(2).prepared_end);
    EXPECT_EQ(got.prepared_ends.at(0).xa_id, "X'61',X'',1");
    EXPECT_TRUE(got.prepared_ends[0].commits);
}

TEST_F(group_building, commits_in_one_phase_what_was_just_prepared) {
    log.gtid(1);
    log.query("XA START X'61',X'62',1");
    log.map(7, "other", "a");
    log.write(7, {1, 2});
    log.query("XA END X'61',X'62',1");
    log.xa_prepare("a");
    auto damaged = make();
    EXPECT_FALSE(damaged.next()) << "it is another transaction than the one that was started";

    fake_stream good;
    good.gtid(1);
    good.query("XA START X'61',X'',1");
    good.map(7, "other", "a");
    good.write(7, {1, 2});
    good.query("XA END X'61',X'',1");
    good.xa_prepare("a", true);
    group_builder builder(good.reader(), selection, {}, true, 90704, {});
    const group got = take(builder);
    ASSERT_EQ(got.transactions.size(), 1U);
    EXPECT_EQ(got.transactions[0].prepares, "X'61',X'',1");
    ASSERT_EQ(got.changes.size(), 1U);
    EXPECT_TRUE(got.changes[0].prepared_end);
}

TEST_F(group_building, refuses_a_rollback_behind_changes) {
    log.gtid(1);
    log.begin();
    log.map(7, "t", "a");
    log.write(7, {1});
    log.query("ROLLBACK");
    auto builder = make();
    EXPECT_FALSE(builder.next());
}

} // namespace
} // namespace understudy::applier
