#include "protocol/binlog/event_type.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"
#include "relay/key_index_builder.hpp"
#include "tests/relay/test_keys.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;
using protocol::event_type;
using protocol::rows_kind;
using bytes = std::vector<std::byte>;

const std::vector<std::uint32_t> first_column{0};

bytes event(event_type type, std::span<const std::byte> body) {
    bytes out;
    protocol::byte_writer writer(out);
    writer.u32(1'700'000'000);
    writer.u8(static_cast<std::uint8_t>(type));
    writer.u32(1);
    writer.u32(static_cast<std::uint32_t>(19 + body.size()));
    writer.u32(0);
    writer.u16(0);
    writer.bytes(body);
    return out;
}

// (id INT NOT NULL, v VARCHAR(20)); full: with names and PRIMARY KEY (id).
bytes map_event(std::uint64_t id, std::string_view table, bool full) {
    bytes layout;
    protocol::byte_writer out(layout);
    out.lenenc(2);
    out.u8(3);
    out.u8(15);
    out.lenenc(2);
    out.u16(20);
    out.u8(2); // v may be NULL
    if (full) {
        out.u8(4); // COLUMN_NAME
        out.lenenc(5);
        out.lenenc_text("id");
        out.lenenc_text("v");
        out.u8(8); // SIMPLE_PRIMARY_KEY
        out.lenenc(1);
        out.lenenc(0);
    }
    bytes whole;
    protocol::encode_table_map(whole, 1'700'000'000, 1, id, 1, "shop", table, layout);
    return whole;
}

bytes row(std::uint32_t id, std::string_view text) {
    bytes image;
    protocol::byte_writer out(image);
    out.u8(0);
    out.u32(id);
    out.u8(static_cast<std::uint8_t>(text.size()));
    out.text(text);
    return image;
}

bytes operator+(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

bytes rows_event_of(std::uint64_t id, rows_kind kind, const bytes& images,
                    std::byte present = std::byte{3}, std::byte present_after = std::byte{3}) {
    protocol::rows_event_header header;
    header.timestamp = 1'700'000'000;
    header.server_id = 1;
    header.kind = kind;
    header.table_id = id;
    header.flags = protocol::rows_flag::statement_end;
    header.column_count = 2;
    const std::array before{present};
    const std::array after{present_after};
    header.present = before;
    header.present_after = after;
    bytes whole;
    protocol::encode_rows_event(whole, header, images);
    return whole;
}

bytes query(std::string_view text) {
    bytes body;
    protocol::byte_writer out(body);
    out.u32(1);
    out.u32(0);
    out.u8(4);
    out.u16(0);
    out.u16(0);
    out.nul_text("shop");
    out.text(text);
    return event(event_type::query, body);
}

// What stands in row images for id.
std::string key_of(std::uint32_t id) {
    std::string key("\1\4\0\0\0", 5);
    for (unsigned shift = 0; shift < 32; shift += 8)
        key += static_cast<char>(id >> shift & 0xffU);
    return key;
}

row_probe probe(std::string_view table, const std::string& key,
                const std::vector<std::uint32_t>& columns = first_column) {
    return {"shop", table, columns, key};
}

class key_index_of_events : public testing::Test {
protected:
    void SetUp() override {
        const auto format = protocol::encode_format_description("9.7.0");
        builder.take(format, at(4));
    }
    static protocol::binlog_position at(std::uint64_t offset) { return {"binlog.000001", offset}; }
    void frame(std::vector<bytes> events, bool ends = true) {
        builder.begin_frame(next_frame++);
        for (const auto& one : events)
            builder.take(one, at(offset += one.size()));
        if (ends) builder.end_run();
    }

    std::optional<definition_record> known;
    key_index_builder builder{
        [this](const std::string&, const std::string&, const protocol::binlog_position&)
            -> protocol::result<std::optional<definition_record>> { return known; },
        1U << 20U};
    std::uint64_t next_frame = 1;
    std::uint64_t offset = 100;
};

TEST_F(key_index_of_events, finds_rows_where_they_are_and_hardly_ever_elsewhere) {
    for (std::uint32_t i = 0; i < 50; ++i) {
        bytes images;
        for (std::uint32_t j = 0; j < 20; ++j)
            images = images + row(1'000 * i + j, "text");
        frame({map_event(7, "a", true), rows_event_of(7, rows_kind::write, images)});
    }
    const auto index = builder.finish(3, 4'711);
    ASSERT_EQ(index.runs.size(), 50U);
    std::size_t elsewhere = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
        for (std::uint32_t j = 0; j < 20; ++j) {
            const auto key = key_of(1'000 * i + j);
            EXPECT_TRUE(index.may_hold(i + 1, probe("a", key)));
            for (std::uint32_t other = 0; other < 50; ++other)
                elsewhere += other != i && index.may_hold(other + 1, probe("a", key)) ? 1 : 0;
        }
    }
    EXPECT_LT(elsewhere, 50 * 20 * 49 / 40) << "of 49000: more than 2.5 %";
    const auto key = key_of(5);
    EXPECT_FALSE(index.may_hold(1, probe("b", key)));
    EXPECT_FALSE(index.may_touch(1, "shop", "b"));
    EXPECT_FALSE(index.may_touch(1, "other", "a"));
    EXPECT_TRUE(index.may_touch(1, "shop", "a"));
    // Of frames that it does not know it says nothing.
    EXPECT_TRUE(index.may_hold(51, probe("b", key)));
    EXPECT_TRUE(index.may_touch(0, "shop", "b"));
    EXPECT_FALSE(index.has_statements(1));
    EXPECT_TRUE(index.has_statements(51));
}

TEST_F(key_index_of_events, has_both_keys_of_an_update) {
    frame(
        {map_event(7, "a", true), rows_event_of(7, rows_kind::update, row(1, "x") + row(2, "x"))});
    frame({map_event(7, "a", true), rows_event_of(7, rows_kind::delete_, row(3, "x"))});
    const auto index = builder.finish(1, 1);
    EXPECT_TRUE(index.may_hold(1, probe("a", key_of(1))));
    EXPECT_TRUE(index.may_hold(1, probe("a", key_of(2))));
    EXPECT_FALSE(index.may_hold(1, probe("a", key_of(3))));
    EXPECT_TRUE(index.may_hold(2, probe("a", key_of(3))));
}

TEST_F(key_index_of_events, of_minimal_images_has_the_key_or_is_opaque) {
    const auto id_only = [](std::uint32_t id) {
        auto image = row(id, "");
        image.pop_back();
        return image;
    };
    const auto text_only = [] {
        bytes image;
        protocol::byte_writer out(image);
        out.u8(0);
        out.u8(1);
        out.text("y");
        return image;
    };
    frame({map_event(7, "a", true), rows_event_of(7, rows_kind::update, id_only(1) + text_only(),
                                                  std::byte{1}, std::byte{2})});
    frame({map_event(7, "a", true), rows_event_of(7, rows_kind::update, text_only() + text_only(),
                                                  std::byte{2}, std::byte{2})});
    const auto index = builder.finish(1, 1);
    EXPECT_TRUE(index.may_hold(1, probe("a", key_of(1))));
    EXPECT_FALSE(index.may_hold(1, probe("a", key_of(2))));
    EXPECT_TRUE(index.runs[1].is_opaque);
    EXPECT_TRUE(index.may_hold(2, probe("a", key_of(2))));
}

TEST_F(key_index_of_events, takes_the_key_from_a_definition_that_fits_and_from_no_other) {
    known.emplace();
    known->what.columns = {
        {.name = "id", .type_text = "int", .type = protocol::column_type::long_, .nullable = false},
        {.name = "v",
         .type_text = "varchar(20)",
         .type = protocol::column_type::varchar,
         .metadata = 20}};
    known->what.unique_keys = {{"PRIMARY", {{0, 0}}}};
    frame({map_event(7, "a", false), rows_event_of(7, rows_kind::write, row(1, "x"))});
    // A DDL: the definition may be another one now.
    frame({query("ALTER TABLE a …")});
    known->what.unique_keys = {{"PRIMARY", {{1, 0}}}};
    frame({map_event(7, "a", false), rows_event_of(7, rows_kind::write, row(2, "x"))});
    frame({query("ALTER TABLE a …")});
    known->what.columns.pop_back();
    known->what.unique_keys = {{"PRIMARY", {{0, 0}}}};
    frame({map_event(7, "a", false), rows_event_of(7, rows_kind::write, row(3, "x"))});
    const auto index = builder.finish(1, 1);
    EXPECT_TRUE(index.may_hold(1, probe("a", key_of(1))));
    EXPECT_FALSE(index.may_hold(1, probe("a", key_of(9))));
    EXPECT_TRUE(index.has_statements(2));
    EXPECT_FALSE(index.may_hold(2, probe("a", key_of(1))));
    // Under another key: whoever asks by the first one has to look.
    EXPECT_TRUE(index.may_hold(3, probe("a", key_of(9))));
    const std::vector<std::uint32_t> second{1};
    const std::string x("\1\2\0\0\0\1x", 7);
    EXPECT_TRUE(index.may_hold(3, probe("a", x, second)));
    EXPECT_FALSE(index.may_hold(3, probe("a", x + "y", second)));
    // Nothing fits: the table is there, its keys are not known.
    EXPECT_TRUE(index.may_hold(5, probe("a", key_of(9))));
    EXPECT_FALSE(index.may_hold(5, probe("b", key_of(9))));
}

TEST_F(key_index_of_events, is_opaque_where_it_does_not_understand) {
    frame({rows_event_of(9, rows_kind::write, row(1, "x"))}); // no map
    frame({event(event_type::incident, {})});
    frame({event(static_cast<event_type>(77), {})});
    frame({map_event(7, "a", true), rows_event_of(7, rows_kind::write, {std::byte{0}})});
    frame({event(event_type::partial_update_rows, {})});
    frame({event(event_type::xid, bytes(8))});
    const auto index = builder.finish(1, 1);
    for (std::uint64_t i = 1; i <= 5; ++i)
        EXPECT_TRUE(index.may_hold(i, probe("zzz", key_of(1)))) << i;
    EXPECT_FALSE(index.may_hold(6, probe("zzz", key_of(1))));
}

TEST_F(key_index_of_events, takes_the_frames_of_a_large_group_as_one) {
    frame({map_event(7, "a", true), rows_event_of(7, rows_kind::write, row(1, "x"))}, false);
    frame({rows_event_of(7, rows_kind::write, row(2, "x"))}, false);
    frame({event(event_type::xid, bytes(8))});
    frame({event(event_type::xid, bytes(8))});
    const auto index = builder.finish(1, 1);
    ASSERT_EQ(index.runs.size(), 2U);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        EXPECT_TRUE(index.may_hold(i, probe("a", key_of(1))));
        EXPECT_TRUE(index.may_hold(i, probe("a", key_of(2))));
        EXPECT_FALSE(index.may_hold(i, probe("a", key_of(3))));
    }
}

TEST(key_index, keeps_its_filters_within_the_bound) {
    const auto format = protocol::encode_format_description("9.7.0");
    key_index_builder builder({}, 100);
    builder.take(format, {"binlog.000001", 4});
    for (std::uint32_t i = 0; i < 10; ++i) {
        bytes images;
        for (std::uint32_t j = 0; j < 20; ++j)
            images = images + row(20 * i + j, "text");
        builder.begin_frame(i + 1);
        builder.take(map_event(7, "a", true), {"binlog.000001", 100});
        builder.take(rows_event_of(7, rows_kind::write, images), {"binlog.000001", 200});
        builder.end_run();
    }
    const auto index = builder.finish(1, 1);
    std::size_t sum = 0;
    for (const auto& run : index.runs)
        sum += run.filter.size();
    EXPECT_GT(sum, 0U);
    EXPECT_LE(sum, 100U);
    const auto key = key_of(1'000'000);
    EXPECT_TRUE(index.may_hold(10, {"shop", "a", first_column, key}));
    EXPECT_FALSE(index.may_hold(10, {"shop", "b", first_column, key}));
}

key_index example() {
    key_index index;
    index.segment = 42;
    index.segment_size = 1'000;
    index.source_frames = 5;
    index.tables = {{"shop",
                     "orders",
                     3,
                     {{0, "id", protocol::column_type::long_, 0, std::nullopt},
                      {2, "region", protocol::column_type::varchar, 20, 255}}},
                    {"shop", "log", 2, {}}};
    index.runs = {{1, 1, false, false, {0}, 0, {}},
                  {2, 3, true, false, {0, 1}, 0, {}},
                  {5, 1, false, true, {}, 0, {}}};
    const std::vector<std::uint64_t> hashes{row_hash("shop", "orders", "x"), 17, 23};
    fill_filter(index.runs[0], hashes, 10);
    return index;
}

TEST(key_index, comes_back_from_its_bytes_and_never_changed) {
    for (const auto& keys : {key_ring{}, test_keys("a")}) {
        const auto whole = encode_key_index(example(), keys);
        const auto back = decode_key_index(whole, keys);
        ASSERT_TRUE(back) << back.error().what;
        EXPECT_EQ(*back, example());
        for (std::size_t i = 0; i < whole.size(); ++i) {
            EXPECT_FALSE(decode_key_index(std::span(whole).first(i), keys)) << i;
            auto changed = whole;
            changed[i] ^= std::byte{0x20};
            EXPECT_FALSE(decode_key_index(changed, keys)) << i;
        }
    }
    EXPECT_EQ(decode_key_index(encode_key_index(example(), test_keys("a")), {}).error().code,
              errc::bad_key);
}

TEST(key_index, of_another_file_is_none) {
    const auto where = std::make_shared<memory_directory>();
    where->write(segment_name(42), bytes(1'000));
    EXPECT_EQ(*read_key_index(*where, 42, {}), std::nullopt);
    ASSERT_TRUE(write_key_index(*where, example(), {}));
    EXPECT_EQ(*read_key_index(*where, 42, {}), example());
    where->write(segment_name(42), bytes(1'001));
    EXPECT_EQ(*read_key_index(*where, 42, {}), std::nullopt);
    EXPECT_EQ(key_index_name(42), "000000000042.keys");
    EXPECT_EQ(parse_key_index_name("000000000042.keys"), 42U);
    EXPECT_EQ(parse_key_index_name("000000000042.segment"), std::nullopt);
}

// Sealed and applied segments have one; it goes with its segment.
TEST(key_index, is_made_for_what_is_applied_and_goes_with_its_segment) {
    for (const char* const ids : {"", "a"}) {
        const auto where = std::make_shared<memory_directory>();
        auto options = small_options();
        options.keys = test_keys(ids);
        options.retention_age_max = {};
        source_log source(test_uuid());
        source.begin_file();
        for (int i = 0; i < 200; ++i)
            source.add_group({100});
        const auto indexes = [&] {
            std::vector<std::uint64_t> found;
            for (const auto& name : *where->names()) {
                if (const auto number = parse_key_index_name(name)) found.push_back(*number);
            }
            return found;
        };
        std::uint64_t last = 0;
        {
            const auto log = begin_log(where, options);
            append_all(*log, source.events());
            ASSERT_TRUE(log->flush(true));
            auto& stored = dynamic_cast<stored_log&>(*log);
            stored.wait_for_indexes();
            EXPECT_TRUE(indexes().empty());
            const auto numbers = segment_numbers(*where);
            last = numbers->back();
            ASSERT_GE(last, 4U);
            auto third = segment_reader::open(*where, segment_name(3), options.keys);
            ASSERT_TRUE(log->retire(third->header().base.binlog));
            stored.wait_for_indexes();
            EXPECT_EQ(indexes(), (std::vector<std::uint64_t>{1, 2}));
            ASSERT_TRUE(log->retire(log->end().binlog));
            stored.wait_for_indexes();
            EXPECT_EQ(indexes().size(), last - 1);
            const auto index = read_key_index(*where, 2, options.keys);
            ASSERT_TRUE(index && *index);
            auto second = segment_reader::open(*where, segment_name(2), options.keys);
            EXPECT_EQ((*index)->source_frames, (**second->footer()).frames.size());
        }
        where->write(key_index_name(99), bytes(10)); // of a segment that is gone
        where->write("keys.tmp", bytes(10));
        options.retention_bytes_max = 1;
        const auto log = open_log(where, options);
        EXPECT_EQ(indexes().size(), last - 1);
        ASSERT_TRUE(log->retire(log->end().binlog));
        EXPECT_TRUE(indexes().empty());
        ASSERT_TRUE(log->reset(log_start()));
    }
}

} // namespace
} // namespace understudy::relay_test
