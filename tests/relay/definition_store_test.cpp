#include "relay/definition_store.hpp"
#include "relay/errc.hpp"
#include "tests/relay/memory_directory.hpp"
#include "tests/relay/source_log.hpp"
#include "tests/relay/test_keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;
using protocol::binlog_position;
using protocol::column_type;

binlog_position at(std::uint64_t offset) {
    return {"binlog.000001", offset};
}

definition_record orders(std::uint64_t from, std::size_t columns) {
    definition_record record;
    record.from = at(from);
    record.gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:7";
    record.what.database = "shop";
    record.what.table = "orders";
    for (std::size_t i = 0; i < columns; ++i) {
        record.what.columns.push_back({.name = "c" + std::to_string(i),
                                       .type_text = "enum('a','it''s')",
                                       .type = column_type::enum_,
                                       .metadata = 1,
                                       .character_set = "utf8mb4",
                                       .collation = "utf8mb4_bin",
                                       .labels = {"a", "it's"},
                                       .is_unsigned = i % 2 == 0,
                                       .nullable = i != 0,
                                       .generated = i == 2,
                                       .invisible = i == 3});
    }
    record.what.unique_keys = {{"PRIMARY", {{0, 0}}}};
    if (columns > 1) record.what.unique_keys.push_back({"second", {{1, 10}, {0, 0}}});
    return record;
}

definition_record dropped(std::uint64_t from) {
    auto record = orders(from, 0);
    record.dropped = true;
    record.what.unique_keys.clear();
    return record;
}

std::unique_ptr<definition_store> open(const std::shared_ptr<memory_directory>& where,
                                       const key_ring& keys = {}) {
    auto opened = definition_store::open(where, test_uuid(), keys);
    EXPECT_TRUE(opened) << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
}

std::vector<definition_record> all_of(memory_directory& where, const key_ring& keys = {}) {
    auto history = definition_history::open(where, keys);
    EXPECT_TRUE(history) << history.error().what;
    if (!history) return {};
    auto found = history->all();
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : std::vector<definition_record>{};
}

TEST(definition_store, gives_what_holds_at_a_position_also_after_reopening) {
    const auto where = std::make_shared<memory_directory>();
    {
        const auto store = open(where);
        ASSERT_TRUE(store->note(orders(100, 2)));
        ASSERT_TRUE(store->note(orders(200, 4)));
        ASSERT_TRUE(store->note(dropped(300)));
    }
    const auto store = open(where);
    const auto find = [&](std::uint64_t offset) {
        auto found = store->find("shop", "orders", at(offset));
        EXPECT_TRUE(found) << found.error().what;
        return *found;
    };
    EXPECT_FALSE(find(99));
    EXPECT_EQ(find(100), orders(100, 2));
    EXPECT_EQ(find(199), orders(100, 2));
    EXPECT_EQ(find(200), orders(200, 4));
    EXPECT_EQ(find(300), dropped(300));
    EXPECT_FALSE(*store->find("shop", "other", at(500)));
    EXPECT_EQ(store->tables(at(250)).size(), 1U);
    EXPECT_TRUE(store->tables(at(350)).empty());
    // An older one, learned later, does not hide what came after it.
    ASSERT_TRUE(store->note(orders(150, 3)));
    EXPECT_EQ(find(170), orders(150, 3));
    EXPECT_EQ(find(220), orders(200, 4));
    EXPECT_EQ(orders(1, 2).what.primary_key(), std::vector<std::uint32_t>{0});
}

TEST(definition_store, writes_nothing_that_it_says_already) {
    const auto where = std::make_shared<memory_directory>();
    const auto store = open(where);
    ASSERT_TRUE(store->note(dropped(50))); // never known
    EXPECT_TRUE(all_of(*where).empty());
    ASSERT_TRUE(store->note(orders(100, 2)));
    ASSERT_TRUE(store->note(orders(100, 2)));
    ASSERT_TRUE(store->note(orders(150, 2)));
    EXPECT_EQ(all_of(*where).size(), 1U);
    ASSERT_TRUE(store->note(orders(160, 3)));
    ASSERT_TRUE(store->note(orders(170, 2)));
    EXPECT_EQ(all_of(*where).size(), 3U);
}

TEST(definition_store, keeps_a_record_through_a_power_cut) {
    const auto where = std::make_shared<memory_directory>();
    const auto store = open(where);
    ASSERT_TRUE(store->note(orders(100, 2)));
    ASSERT_TRUE(store->note(orders(200, 3)));
    std::minstd_rand random(7);
    const auto after = where->after_power_cut(&random);
    EXPECT_EQ(all_of(*after).size(), 2U);
}

TEST(definition_store, forgets_what_no_held_event_needs) {
    for (const auto& keys : {key_ring{}, test_keys("a")}) {
        const auto where = std::make_shared<memory_directory>();
        const auto store = open(where, keys);
        for (std::uint64_t i = 1; i <= 10; ++i)
            ASSERT_TRUE(store->note(orders(100 * i, i)));
        ASSERT_TRUE(store->forget_before(at(350)));
        EXPECT_EQ(all_of(*where, keys).size(), 10U); // not worth it yet
        ASSERT_TRUE(store->forget_before(at(850)));
        const auto left = all_of(*where, keys);
        ASSERT_EQ(left.size(), 3U);
        EXPECT_EQ(left.front(), orders(800, 8));
        ASSERT_TRUE(store->note(dropped(1'100)));
        ASSERT_TRUE(store->forget_before(at(1'200)));
        EXPECT_TRUE(all_of(*where, keys).empty());
        ASSERT_TRUE(store->note(orders(1'300, 2)));
        EXPECT_EQ(all_of(*where, keys).size(), 1U);
    }
}

TEST(definition_store, goes_on_after_a_full_disk) {
    const auto where = std::make_shared<memory_directory>();
    const auto store = open(where);
    ASSERT_TRUE(store->note(orders(100, 2)));
    where->set_free(20);
    const auto refused = store->note(orders(200, 3));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::disk_full);
    EXPECT_EQ(all_of(*where).size(), 1U);
    where->set_free(1U << 20U);
    ASSERT_TRUE(store->note(orders(200, 3)));
    EXPECT_EQ(all_of(*where).size(), 2U);
}

// At every byte: what is given is what was written, and a prefix of it; anything else is named.
TEST(definition_store, survives_a_cut_and_a_flip_at_every_byte) {
    for (const auto& keys : {key_ring{}, test_keys("a")}) {
        const auto where = std::make_shared<memory_directory>();
        {
            const auto store = open(where, keys);
            ASSERT_TRUE(store->note(orders(100, 1)));
            ASSERT_TRUE(store->note(orders(200, 2)));
            ASSERT_TRUE(store->note(dropped(300)));
        }
        const auto whole = where->read("definitions");
        const auto written = all_of(*where, keys);
        ASSERT_EQ(written.size(), 3U);
        std::size_t named = 0;
        std::size_t prefixes = 0;
        const auto check = [&](std::vector<std::byte> bytes) {
            const auto damaged = where->copy();
            damaged->write("definitions", std::move(bytes));
            auto opened = definition_store::open(damaged, test_uuid(), keys);
            if (!opened) {
                const auto& what = opened.error().what;
                EXPECT_NE(what.find("memory/definitions"), std::string::npos) << what;
                EXPECT_TRUE(opened.error().code == errc::corrupt ||
                            opened.error().code == errc::unsupported_version)
                    << what;
                ++named;
                return;
            }
            const auto left = all_of(*damaged, keys);
            ASSERT_LE(left.size(), written.size());
            EXPECT_TRUE(std::equal(left.begin(), left.end(), written.begin()));
            // It can be written to.
            ASSERT_TRUE((*opened)->note(orders(400, 5)));
            EXPECT_EQ(all_of(*damaged, keys).size(), left.size() + 1);
            ++prefixes;
        };
        for (std::size_t i = 0; i < whole.size(); ++i) {
            SCOPED_TRACE("byte " + std::to_string(i));
            check({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)});
            for (const auto change : {std::byte{0x01}, std::byte{0xff}}) {
                auto bytes = whole;
                bytes[i] ^= change;
                check(std::move(bytes));
            }
        }
        EXPECT_GT(named, whole.size());
        EXPECT_GT(prefixes, whole.size());
    }
}

TEST(definition_store, is_encrypted_and_moves_to_the_newest_key) {
    const auto where = std::make_shared<memory_directory>();
    ASSERT_TRUE(open(where)->note(orders(100, 2)));
    const auto shows_names = [&] {
        const auto bytes = where->read("definitions");
        return protocol::as_text(bytes).find("orders") != std::string_view::npos;
    };
    EXPECT_TRUE(shows_names());
    std::ignore = open(where, test_keys("a"));
    EXPECT_FALSE(shows_names());
    std::ignore = open(where, test_keys("ab")); // b is the newest
    EXPECT_EQ(all_of(*where, test_keys("b")).size(), 1U);
    const auto refused = definition_history::open(*where, test_keys("a"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::bad_key);
    EXPECT_NE(refused.error().what.find("key b"), std::string::npos) << refused.error().what;
    EXPECT_EQ(refused.error().what.find("aaaaaaaa"), std::string::npos) << refused.error().what;
    std::ignore = open(where, test_keys("b"));
    EXPECT_FALSE(definition_history::open(*where, key_ring{}));
}

TEST(definition_store, refuses_records_that_were_exchanged) {
    const auto where = std::make_shared<memory_directory>();
    std::vector<std::size_t> ends;
    {
        const auto store = open(where, test_keys("a"));
        for (std::uint64_t i = 1; i <= 3; ++i) {
            ASSERT_TRUE(store->note(orders(100 * i, 1 + i % 2)));
            ends.push_back(where->read("definitions").size());
        }
    }
    // The first and the third have the same size.
    auto bytes = where->read("definitions");
    const auto size = static_cast<std::ptrdiff_t>(ends[2] - ends[1]);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(ends[0]) - size;
    const auto third = bytes.begin() + static_cast<std::ptrdiff_t>(ends[1]);
    std::swap_ranges(first, first + size, third);
    where->write("definitions", bytes);
    const auto refused = definition_store::open(where, test_uuid(), test_keys("a"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::corrupt);
}

TEST(definition_store, refuses_the_definitions_of_another_source) {
    const auto where = std::make_shared<memory_directory>();
    ASSERT_TRUE(open(where)->note(orders(100, 2)));
    const auto refused = definition_store::open(where, protocol::uuid{}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::wrong_source);
}

TEST(table_definition, contradicts_a_map_that_has_another_layout) {
    table_definition known;
    known.columns = {
        {.name = "id",
         .type_text = "int unsigned",
         .type = column_type::long_,
         .is_unsigned = true,
         .nullable = false},
        {.name = "price", .type_text = "float", .type = column_type::float_, .metadata = 4},
        {.name = "note", .type_text = "varchar(5)", .type = column_type::varchar, .metadata = 20}};
    protocol::table_map map;
    map.columns = {{column_type::long_, 0, false, std::nullopt},
                   {column_type::float_, 0, true, std::nullopt},
                   {column_type::varchar, 20, true, std::nullopt}};
    EXPECT_EQ(find_contradiction(known, map), std::nullopt);
    map.column_names = {"id", "price", "note"};
    map.columns[0].is_unsigned = true;
    EXPECT_EQ(find_contradiction(known, map), std::nullopt);

    const auto says = [&](auto change, std::string_view expected) {
        auto changed = map;
        change(changed);
        const auto found = find_contradiction(known, changed);
        ASSERT_TRUE(found) << expected;
        EXPECT_NE(found->find(expected), std::string::npos) << *found;
    };
    says([](auto& m) { m.columns.pop_back(); }, "3 columns are known, the log has 2");
    says([](auto& m) { m.columns[2].metadata = 40; }, "varchar(5)");
    says([](auto& m) { m.columns[2].type = column_type::string; }, "column 3 (note)");
    says([](auto& m) { m.columns[0].is_unsigned = false; }, "unsigned");
    says([](auto& m) { m.columns[0].nullable = true; }, "NOT NULL");
    says([](auto& m) { m.column_names[1] = "cost"; }, "cost");
}

TEST(table_definition, reads_labels_as_the_server_prints_them) {
    using labels = std::vector<std::string>;
    EXPECT_EQ(labels_of("enum('a','it''s','x,y','')"), (labels{"a", "it's", "x,y", ""}));
    EXPECT_EQ(labels_of(R"(set('a\\','b\n'))"), (labels{"a\\", "b\n"}));
    EXPECT_EQ(labels_of("int unsigned"), labels{});
    EXPECT_EQ(labels_of("enum('never ends"), labels{"never ends"});
}

TEST(key_ring, says_what_is_wrong_and_never_a_key) {
    const std::string good(64, 'a');
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"", "holds no key"},
             {"# nothing\n\n", "holds no key"},
             {"k1 " + good.substr(1), "line 1"},
             {"k1 " + good + "\nk2 " + good.substr(2) + "zz", "line 2"},
             {"k1 " + good + "\nk1 " + good, "there already"},
             {"k/1 " + good, "line 1"},
             {good, "line 1"}}) {
        const auto parsed = key_ring::parse(text, "the file");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, errc::bad_key);
        EXPECT_NE(parsed.error().what.find(expected), std::string::npos) << parsed.error().what;
        EXPECT_EQ(parsed.error().what.find("aaaa"), std::string::npos) << parsed.error().what;
    }
    const auto two =
        key_ring::parse("k1 " + good + "\r\n  k2\t" + std::string(64, 'B') + " # new", "the file");
    ASSERT_TRUE(two);
    EXPECT_EQ(two->newest()->id, "k2");
    EXPECT_NE(two->find("k1"), nullptr);
    EXPECT_EQ(two->find("k3"), nullptr);
    EXPECT_FALSE(key_ring::open({.key_file = "/does/not/exist", .key_variable = {}}));
    EXPECT_FALSE(key_ring::open({.key_file = {}, .key_variable = "UNDERSTUDY_NO_SUCH_KEYS"}));
    EXPECT_TRUE(key_ring::open({})->empty());
}

} // namespace
} // namespace understudy::relay_test
