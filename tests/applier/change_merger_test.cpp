#include "applier/change_merger.hpp"

#include "protocol/wire/byte_reader.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

namespace understudy::applier {
namespace {

using protocol::rows_kind;

constexpr std::byte both{3};

// A table of two INT columns on a target in strict mode: the second may be unique. Says what was
// done to it: "+1" INSERT, "-1" DELETE, "1" UPDATE.
class strict_table final : public change_writer {
public:
    protocol::result<void> append(const rows_to_write& rows, rbr_mode mode,
                                  std::span<const table_plan* const>) override {
        EXPECT_EQ(mode, rbr_mode::strict);
        EXPECT_TRUE(rows.is_net);
        const auto [key, value] = decode(rows.rows);
        if (!log.empty()) log += ' ';
        if (rows.kind == rows_kind::write) {
            log += '+';
            insert(key, value);
        } else if (rows.kind == rows_kind::delete_) {
            log += '-';
            if (held.erase(key) == 0) refused = "row not found";
        } else {
            const auto [new_key, after] = decode(rows.after);
            if (held.erase(key) == 0) refused = "row not found";
            insert(new_key, after);
        }
        log += std::to_string(key);
        return {};
    }
    protocol::result<void> finish() override { return {}; }
    void reset() override {}

    void insert(std::uint32_t key, std::uint32_t value) {
        for (const auto& [other, other_value] : held) {
            if (other == key || (second_is_unique && other_value == value)) refused = "duplicate";
        }
        held[key] = value;
    }
    static std::pair<std::uint32_t, std::uint32_t> decode(std::span<const std::byte> image) {
        protocol::byte_reader in(image.subspan(1));
        const auto key = in.u32();
        return {key, in.u32()};
    }

    std::map<std::uint32_t, std::uint32_t> held;
    std::string log;
    std::string refused;
    bool second_is_unique = false;
};

class net_effect : public testing::Test {
protected:
    static table_plan make_plan(bool second_is_unique) {
        auto source = std::make_shared<source_table>();
        source->map.columns.resize(2);
        for (auto& column : source->map.columns)
            column.type = protocol::column_type::long_;
        table_plan plan;
        plan.source = source;
        plan.target.name = {"t", "a"};
        plan.target.engine = "InnoDB";
        plan.target.columns.resize(2);
        for (auto& column : plan.target.columns)
            column.type = protocol::column_type::long_;
        plan.target.key = {0};
        plan.target.unique_keys = {{"PRIMARY", {{0, 0}}}};
        if (second_is_unique) plan.target.unique_keys.push_back({"u", {{1, 0}}});
        plan.merging = merge_shape_of(plan.target);
        return plan;
    }
    void add(rows_kind kind, std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> rows) {
        auto& image = images_.emplace_back();
        for (const auto& [key, value] : rows)
            fake_stream::append_row(image, key, value);
        protocol::rows_event event;
        event.kind = kind;
        event.column_count = 2;
        event.present = {{&both, 1}, 2};
        if (kind == rows_kind::update) event.present_after = event.present;
        event.rows = image;
        ASSERT_TRUE(change_merger::accepts(plan, event));
        rows_to_write out;
        out.table = &plan;
        out.kind = kind;
        out.present = event.present.bytes;
        out.present_after = event.present_after.bytes;
        ASSERT_TRUE(merger.add(out, event, target));
    }
    void insert(std::uint32_t key, std::uint32_t value) { add(rows_kind::write, {{key, value}}); }
    void erase(std::uint32_t key, std::uint32_t value) { add(rows_kind::delete_, {{key, value}}); }
    void update(std::uint32_t key, std::uint32_t value, std::uint32_t after) {
        add(rows_kind::update, {{key, value}, {key, after}});
    }
    const std::string& done() {
        EXPECT_TRUE(merger.flush_all(target));
        EXPECT_TRUE(merger.empty());
        return target.log;
    }

    table_plan plan = make_plan(false);
    change_merger merger;
    strict_table target;

private:
    std::deque<std::vector<std::byte>> images_;
};

TEST_F(net_effect, of_two_changes_of_a_row_is_one) {
    target.held = {{2, 0}, {3, 0}, {4, 0}, {5, 0}};
    insert(1, 1);
    update(1, 1, 2);
    update(2, 0, 1);
    update(2, 1, 2);
    update(3, 0, 1);
    erase(3, 1);
    erase(4, 0);
    insert(4, 9);
    insert(6, 1);
    erase(6, 1);
    EXPECT_EQ(done(), "-3 2 4 +1");
    EXPECT_EQ(target.held,
              (std::map<std::uint32_t, std::uint32_t>{{1, 2}, {2, 2}, {4, 9}, {5, 0}}));
    EXPECT_EQ(target.refused, "");
    EXPECT_EQ(merger.take_written(), 4U);
}

// As DELETE and INSERT, a foreign key that is not known of could cascade.
TEST_F(net_effect, leaves_updates_of_unique_values_as_they_are) {
    target.held = {{1, 7}, {2, 8}};
    update(1, 7, 5);
    update(1, 5, 6);
    add(rows_kind::update, {{1, 6}, {3, 6}, {2, 8}, {1, 8}, {3, 6}, {2, 6}}); // a swap by way of 3
    update(2, 6, 7);
    update(2, 7, 9);
    EXPECT_EQ(done(), "1 1 2 3 2");
    EXPECT_EQ(target.held, (std::map<std::uint32_t, std::uint32_t>{{1, 8}, {2, 9}}));
    EXPECT_EQ(target.refused, "");
}

TEST_F(net_effect, keeps_the_order_of_updates_of_another_unique_key) {
    plan = make_plan(true);
    target.second_is_unique = true;
    target.held = {{1, 10}, {2, 20}, {3, 30}};
    update(1, 10, 99);
    update(2, 20, 10);
    update(1, 99, 20);
    EXPECT_EQ(done(), "1 2 1");
    EXPECT_EQ(target.refused, "");
    EXPECT_EQ(target.held, (std::map<std::uint32_t, std::uint32_t>{{1, 20}, {2, 10}, {3, 30}}));
}

TEST_F(net_effect, lets_the_target_see_what_cannot_be) {
    insert(1, 1);
    insert(1, 2);
    EXPECT_EQ(done(), "+1 +1");
    EXPECT_EQ(target.refused, "duplicate");
    target.log.clear();
    erase(2, 1);
    erase(2, 1);
    EXPECT_EQ(done(), "-2 -2");
    EXPECT_EQ(target.refused, "row not found");
}

// Columns of a key that do not lie side by side are put together; such a key goes with the rows
// that were held when the table begins anew.
TEST_F(net_effect, knows_rows_by_keys_of_scattered_columns) {
    plan.target.key = {1, 0};
    plan.merging = merge_shape_of(plan.target);
    for (int round = 0; round < 3; ++round) {
        insert(1, 1);
        erase(1, 1);
        erase(1, 1);
        update(2, 5, 5);
        insert(2, 5);
        erase(2, 5);
        update(2, 5, 5);
    }
    EXPECT_NE(done(), "");
}

TEST_F(net_effect, moves_the_counter_as_rows_that_are_gone_again_would) {
    plan.target.columns[0].auto_increment = true;
    plan.merging = merge_shape_of(plan.target);
    insert(7, 1);
    insert(9, 1);
    erase(9, 1);
    EXPECT_EQ(done(), "+7 +9 -9");
    target.log.clear();
    insert(11, 1);
    erase(11, 1);
    insert(12, 1);
    EXPECT_EQ(done(), "+12");
}

TEST_F(net_effect, is_not_made_of_tables_whose_order_can_be_seen) {
    plan.target.has_foreign_keys = true;
    EXPECT_FALSE(merge_shape_of(plan.target).possible);
    plan.target.has_foreign_keys = false;
    plan.target.has_unique_expressions = true;
    EXPECT_FALSE(merge_shape_of(plan.target).possible);
    plan.target.has_unique_expressions = false;
    plan.target.key.clear();
    EXPECT_FALSE(merge_shape_of(plan.target).possible);
}

TEST_F(net_effect, is_not_made_of_incomplete_images) {
    constexpr std::byte first{1};
    protocol::rows_event event;
    event.kind = rows_kind::update;
    event.column_count = 2;
    event.present = event.present_after = {{&both, 1}, 2};
    EXPECT_TRUE(change_merger::accepts(plan, event));
    event.present_after = {{&first, 1}, 2};
    EXPECT_FALSE(change_merger::accepts(plan, event));
    event.present_after = event.present;
    event.has_partial_json = true;
    EXPECT_FALSE(change_merger::accepts(plan, event));
}

// Whatever the source does within its constraints, the net effect passes a strict target and leaves
// it as the source is.
TEST_F(net_effect, of_random_groups_is_what_the_source_has) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto number = [&](std::uint32_t max) {
        return std::uniform_int_distribution<std::uint32_t>(1, max)(random);
    };
    for (const bool is_unique : {false, true}) {
        plan = make_plan(is_unique);
        if (number(2) == 1) plan.target.columns[0].auto_increment = true;
        plan.merging = merge_shape_of(plan.target);
        target.second_is_unique = is_unique;
        target.held.clear();
        strict_table source;
        source.second_is_unique = is_unique;
        for (int group = 0; group < 3000; ++group) {
            for (std::uint32_t i = number(40); i > 0; --i) {
                const auto before = source.held;
                const auto key = number(12);
                const auto value = number(20);
                const auto old = source.held.find(key);
                if (old == source.held.end()) {
                    source.insert(key, value);
                    if (source.refused.empty()) insert(key, value);
                } else if (const auto choice = number(4); choice == 1) {
                    const auto old_value = old->second;
                    source.held.erase(old);
                    erase(key, old_value);
                } else {
                    const auto old_value = old->second;
                    const auto new_key = choice == 2 ? number(12) : key;
                    source.held.erase(old);
                    source.insert(new_key, value);
                    if (source.refused.empty())
                        add(rows_kind::update, {{key, old_value}, {new_key, value}});
                }
                if (!source.refused.empty()) {
                    source.held = before;
                    source.refused.clear();
                }
            }
            std::ignore = done();
            ASSERT_EQ(target.refused, "") << "group " << group << ": " << target.log;
            ASSERT_EQ(target.held, source.held) << "group " << group << ": " << target.log;
            target.log.clear();
        }
    }
}

} // namespace
} // namespace understudy::applier
