#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace understudy::protocol {
namespace {

const std::string u1 = "11111111-2222-3333-4444-555555555555";
const std::string u2 = "75bc728f-e661-11f1-9e43-02fc00000001";

gtid_set set_of(const std::string& text) {
    auto parsed = gtid_set::parse(text);
    EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().what);
    return parsed.value_or(gtid_set{});
}

std::vector<std::byte> from_hex(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(
            static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

TEST(uuid, is_read_in_all_forms_the_server_accepts) {
    const auto expected = uuid::parse(u2).value();
    EXPECT_EQ(expected.to_string(), u2);
    EXPECT_EQ(uuid::parse("75BC728F-E661-11F1-9E43-02FC00000001").value(), expected);
    EXPECT_EQ(uuid::parse("75bc728fe66111f19e4302fc00000001").value(), expected);
    EXPECT_EQ(uuid::parse("{75bc728f-e661-11f1-9e43-02fc00000001}").value(), expected);
    for (const auto* text :
         {"", "x", "75bc728f-e661-11f1-9e43-02fc0000000", "75bc728f-e661-11f1-9e43-02fc0000000g",
          "75bc728f-e661-11f1-9e4302-fc00000001", "75bc728fe66111f19e4302fc000000010000"}) {
        EXPECT_EQ(uuid::parse(text).error().code, errc::malformed) << text;
    }
}

TEST(gtid, is_read_with_and_without_a_tag) {
    EXPECT_EQ(gtid::parse(u1 + ":5").value().to_string(), u1 + ":5");
    EXPECT_EQ(gtid::parse(u1 + ":Blue_1:77").value().to_string(), u1 + ":blue_1:77");
    EXPECT_EQ(gtid::parse(u1 + ":9223372036854775806").value().number, 9223372036854775806);
    for (const auto& tail : {"", ":", ":0", ":-1", ":1-2", ":9223372036854775807", ":1blue:5",
                             ":blue", ":a:b:1", ":5x"}) {
        EXPECT_FALSE(gtid::parse(u1 + tail).has_value()) << tail;
    }
}

TEST(gtid_set, is_printed_as_the_server_does) {
    EXPECT_EQ(set_of("").to_string(), "");
    EXPECT_EQ(set_of(u1 + ":1-4:7").to_string(), u1 + ":1-4:7");
    EXPECT_EQ(set_of(u2 + ":1," + u1 + ":5:red_1:77").to_string(), u1 + ":5:red_1:77," + u2 + ":1");
}

TEST(gtid_set, is_read_with_blanks_line_breaks_and_upper_case) {
    EXPECT_EQ(set_of("\n " + u1 + " : 1 - 4 : 7 ,\n75BC728F-E661-11F1-9E43-02FC00000001:3,, "),
              set_of(u1 + ":1-4:7," + u2 + ":3"));
}

TEST(gtid_set, joins_intervals_that_touch_or_overlap) {
    EXPECT_EQ(set_of(u1 + ":5-6:1-2:3-4").to_string(), u1 + ":1-6");
    EXPECT_EQ(set_of(u1 + ":1-10:3-4:20," + u1 + ":11").to_string(), u1 + ":1-11:20");
}

TEST(gtid_set, keeps_tags_apart) {
    const auto set = set_of(u1 + ":1-3:blue:2-4:Red:9");
    EXPECT_EQ(set.to_string(), u1 + ":1-3:blue:2-4:red:9");
    EXPECT_EQ(set.count(), 7U);
    EXPECT_TRUE(set.has_tags());
    EXPECT_TRUE(set.contains(gtid::parse(u1 + ":blue:4").value()));
    EXPECT_FALSE(set.contains(gtid::parse(u1 + ":4").value()));
    EXPECT_FALSE(set.contains(gtid::parse(u1 + ":blue:1").value()));
}

TEST(gtid_set, refuses_text_that_is_no_set) {
    for (const auto& text : {"x", ":1", "1-2"}) {
        EXPECT_EQ(gtid_set::parse(text).error().code, errc::malformed) << text;
    }
    for (const auto& tail : {":0", ":5-3", ":1-", ":-1", ":1-2-3", ":9223372036854775807", ":blue",
                             ":blue:red:1", ":1;2"}) {
        EXPECT_EQ(gtid_set::parse(u1 + tail).error().code, errc::malformed) << tail;
    }
}

TEST(gtid_set, adds_subtracts_and_compares) {
    auto set = set_of(u1 + ":1-10," + u2 + ":5");
    set.subtract(set_of(u1 + ":1:4-5:10-20"));
    EXPECT_EQ(set.to_string(), u1 + ":2-3:6-9," + u2 + ":5");
    set.subtract(set_of(u2 + ":1-9"));
    EXPECT_EQ(set.to_string(), u1 + ":2-3:6-9");
    set.add(gtid::parse(u1 + ":4").value());
    set.add(gtid::parse(u1 + ":5").value());
    EXPECT_EQ(set.to_string(), u1 + ":2-9");
    EXPECT_TRUE(set.contains(set_of(u1 + ":2-3:9")));
    EXPECT_FALSE(set.contains(set_of(u1 + ":9-10")));
    EXPECT_FALSE(set.contains(set_of(u2 + ":1")));
    EXPECT_TRUE(set.contains(gtid_set{}));
    EXPECT_TRUE(set.intersects(set_of(u1 + ":9-20")));
    EXPECT_FALSE(set.intersects(set_of(u1 + ":10-20")));
    set.subtract(gtid_set(set));
    EXPECT_TRUE(set.empty());
}

TEST(gtid_set, counts_without_wrapping_around) {
    const std::string all = ":1-9223372036854775806";
    EXPECT_EQ(set_of(u1 + all).count(), 9223372036854775806U);
    EXPECT_EQ(set_of(u1 + all + ":a" + all + ":b" + all).count(), UINT64_MAX);
}

TEST(gtid_set, is_encoded_as_servers_before_8_3_understand_it_when_no_tag_is_in_it) {
    const auto encoded = set_of(u1 + ":1-4:7").encode();
    EXPECT_EQ(encoded, from_hex("0100000000000000"
                                "11111111222233334444555555555555"
                                "0200000000000000"
                                "01000000000000000500000000000000"
                                "07000000000000000800000000000000"));
    EXPECT_EQ(gtid_set{}.encode(), from_hex("0000000000000000"));
}

TEST(gtid_set, decodes_the_tagged_form) {
    const auto bytes = from_hex("0102000000000001"
                                "11111111222233334444555555555555"
                                "00"
                                "0100000000000000"
                                "05000000000000000600000000000000"
                                "11111111222233334444555555555555"
                                "0a7265645f31"
                                "0100000000000000"
                                "4d000000000000004e00000000000000");
    const auto set = gtid_set::decode(bytes).value();
    EXPECT_EQ(set.to_string(), u1 + ":5:red_1:77");
    EXPECT_EQ(set.encode(), bytes);
    // 8.3 and newer can write the tagged form of an empty set.
    EXPECT_TRUE(gtid_set::decode(from_hex("0100000000000001")).value().empty());
}

TEST(gtid_set, joins_encoded_intervals_that_touch) {
    const auto bytes = from_hex("0100000000000000"
                                "11111111222233334444555555555555"
                                "0200000000000000"
                                "01000000000000000500000000000000"
                                "05000000000000000800000000000000");
    EXPECT_EQ(gtid_set::decode(bytes).value().to_string(), u1 + ":1-7");
}

TEST(gtid_set, refuses_encodings_that_no_server_writes) {
    const std::string head = "010000000000000011111111222233334444555555555555";
    const std::vector<std::pair<const char*, std::string>> cases = {
        {"empty", ""},
        {"announces more UUIDs than there are bytes", "ffffffffffffff00"},
        {"format marks differ", "0202000000000001"},
        {"announces more intervals than there are bytes", head + "ffffffffffffffff"},
        {"number 0", head + "0100000000000000"
                            "00000000000000000500000000000000"},
        {"empty interval", head + "0100000000000000"
                                  "05000000000000000500000000000000"},
        {"number out of range", head + "0100000000000000"
                                       "0500000000000000ffffffffffffffff"},
        {"overlap", head + "0200000000000000"
                           "01000000000000000500000000000000"
                           "04000000000000000800000000000000"},
        {"left over", head + "0100000000000000"
                             "01000000000000000500000000000000"
                             "00"},
    };
    for (const auto& [name, hex] : cases) {
        EXPECT_FALSE(gtid_set::decode(from_hex(hex)).has_value()) << name;
    }
}

TEST(gtid_set, agrees_with_a_plain_set_of_numbers_on_random_operations) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const tsid sequence{uuid::parse(u1).value(), {}};
    const auto random_set = [&](std::set<std::int64_t>& model) {
        gtid_set set;
        for (unsigned i = random() % 12; i > 0; --i) {
            const auto first = static_cast<std::int64_t>(random() % 60 + 1);
            const auto last = first + static_cast<std::int64_t>(random() % 6);
            set.add(sequence, {first, last});
            for (auto n = first; n <= last; ++n) {
                model.insert(n);
            }
        }
        return set;
    };
    const auto as_set = [&](const std::set<std::int64_t>& model) {
        gtid_set set;
        for (const auto n : model) {
            set.add(gtid{sequence, n});
        }
        return set;
    };
    for (int round = 0; round < 500; ++round) {
        std::set<std::int64_t> left_model;
        std::set<std::int64_t> right_model;
        const auto left = random_set(left_model);
        const auto right = random_set(right_model);
        ASSERT_EQ(left, as_set(left_model));
        ASSERT_EQ(left.count(), left_model.size());
        ASSERT_EQ(gtid_set::parse(left.to_string()).value(), left);
        ASSERT_EQ(gtid_set::decode(left.encode()).value(), left);
        auto united_model = left_model;
        united_model.insert(right_model.begin(), right_model.end());
        auto united = left;
        united.add(right);
        ASSERT_EQ(united, as_set(united_model));
        std::set<std::int64_t> rest_model;
        for (const auto n : left_model) {
            if (!right_model.contains(n)) {
                rest_model.insert(n);
            }
        }
        auto rest = left;
        rest.subtract(right);
        ASSERT_EQ(rest, as_set(rest_model)) << left.to_string() << " minus " << right.to_string();
        ASSERT_EQ(left.intersects(right), rest_model.size() != left_model.size());
        ASSERT_EQ(right.contains(left), rest_model.empty());
    }
}

} // namespace
} // namespace understudy::protocol
