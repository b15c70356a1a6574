#include "protocol/errc.hpp"
#include "protocol/value/json_diff.hpp"
#include "protocol/value/json_diff_text.hpp"
#include "protocol/value/json_path.hpp"
#include "protocol/value/json_sql.hpp"
#include "protocol/value/json_text.hpp"
#include "protocol/value/value_writer.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

using bytes = std::vector<std::byte>;

bytes bytes_of(std::initializer_list<int> numbers) {
    bytes made;
    for (const int number : numbers) {
        made.push_back(static_cast<std::byte>(number));
    }
    return made;
}

std::string text_of(const bytes& document) {
    std::string text;
    const auto printed = append_json_text(text, document);
    return printed ? text : "error: " + printed.error().what;
}

std::string sql_of(const bytes& document) {
    std::string text;
    const auto printed = append_json_expression(text, document);
    return printed ? text : "error: " + printed.error().what;
}

const bytes one_and_hi = bytes_of({2, 2, 0, 13, 0, 5, 1, 0, 12, 10, 0, 2, 'h', 'i'});
const bytes a_is_minus_one = bytes_of({0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 0xff, 0xff, 'a'});
const bytes decimal = bytes_of({15, 246, 4, 4, 2, 0x8c, 0x22});

TEST(json_text, prints_containers_as_the_server_does) {
    EXPECT_EQ(text_of(one_and_hi), R"([1, "hi"])");
    EXPECT_EQ(text_of(a_is_minus_one), R"({"a": -1})");
    EXPECT_EQ(text_of(bytes_of({0, 0, 0, 4, 0})), "{}");
    EXPECT_EQ(text_of(bytes_of({3, 1, 0, 0, 0, 13, 0, 0, 0, 7, 1, 0, 0, 0x80})), "[-2147483647]");
}

TEST(json_text, prints_scalars_with_their_type) {
    EXPECT_EQ(text_of(bytes_of({4, 0})), "null");
    EXPECT_EQ(text_of(bytes_of({4, 1})), "true");
    EXPECT_EQ(text_of(bytes_of({4, 2})), "false");
    EXPECT_EQ(text_of({}), "null"); // seen for virtual columns
    EXPECT_EQ(text_of(bytes_of({5, 0xff, 0xff})), "-1");
    EXPECT_EQ(text_of(bytes_of({6, 0xff, 0xff})), "65535");
    EXPECT_EQ(text_of(bytes_of({10, 255, 255, 255, 255, 255, 255, 255, 255})),
              "18446744073709551615");
    EXPECT_EQ(text_of(bytes_of({11, 0, 0, 0, 0, 0, 0, 0, 0x40})), "2.0");
    EXPECT_EQ(text_of(bytes_of({12, 3, '"', '\n', 1})), R"("\"\n\u0001")");
    EXPECT_EQ(text_of(decimal), "12.34");
    EXPECT_EQ(text_of(bytes_of({15, 15, 2, 0, 255})), R"("base64:type15:AP8=")");
}

TEST(json_text, prints_times_of_their_packed_form) {
    EXPECT_EQ(text_of(bytes_of({15, 11, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})),
              R"("-00:00:00.000001")");
    EXPECT_EQ(text_of(bytes_of({15, 10, 8, 0, 0, 0, 0, 0, 0, 0, 0})), R"("0000-00-00")");
}

TEST(json_text, refuses_what_is_no_document) {
    const auto damaged = testing::HasSubstr("cannot be read");
    EXPECT_THAT(text_of(bytes_of({13})), damaged);
    EXPECT_THAT(text_of(bytes_of({4, 3})), damaged);
    EXPECT_THAT(text_of(bytes_of({12, 5, 'a'})), damaged);
    EXPECT_THAT(text_of(bytes_of({12, 1, 0xe9})), damaged);
    EXPECT_THAT(text_of(bytes_of({2, 1, 0, 7, 0, 12, 7, 0})), damaged); // offset at the end
    EXPECT_THAT(text_of(bytes_of({2, 1, 0, 7, 0, 2, 0, 0})), damaged);  // contains itself
    EXPECT_THAT(text_of(bytes_of({15, 246, 2, 65, 66})), damaged);      // scale above precision
    EXPECT_THAT(text_of(bytes_of({2, 255, 255, 7, 0, 4, 0, 0})), damaged);
    for (const auto& whole : {one_and_hi, a_is_minus_one, decimal}) {
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THAT(text_of(cut), damaged) << size;
        }
    }
}

// Arrays of which each holds the next one twice: 2^levels values in few bytes.
TEST(json_text, does_not_grow_beyond_its_document) {
    bytes document = bytes_of({2});
    constexpr int levels = 40;
    for (int left = levels; left > 0; --left) {
        const int size = 10 * left + 4;
        for (const int byte : {2, 0, size & 255, size >> 8, 2, 10, 0, 2, 10, 0}) {
            document.push_back(static_cast<std::byte>(byte));
        }
    }
    for (const int byte : {0, 0, 4, 0}) {
        document.push_back(static_cast<std::byte>(byte));
    }
    EXPECT_THAT(text_of(document), testing::HasSubstr("cannot be read"));
}

TEST(json_expression, is_a_cast_of_text_unless_that_would_change_a_type) {
    EXPECT_EQ(sql_of(a_is_minus_one), "CAST(_utf8mb4 x'7B2261223A202D317D' AS JSON)");
    EXPECT_EQ(sql_of(bytes_of({4, 0})), "CAST('null' AS JSON)");
    EXPECT_EQ(sql_of(decimal), "CAST(CAST(12.34 AS DECIMAL(4,2)) AS JSON)");
    EXPECT_EQ(sql_of(bytes_of({2, 1, 0, 13, 0, 15, 7, 0, 246, 4, 4, 2, 0x8c, 0x22})),
              "JSON_ARRAY(CAST(12.34 AS DECIMAL(4,2)))");
    EXPECT_THAT(sql_of(bytes_of({15, 252, 1, 0})), testing::HasSubstr("only row events"));
}

TEST(json_expression, builds_doubles_that_text_may_change) {
    const auto array_of = [](double number) {
        bytes document = bytes_of({2, 1, 0, 15, 0, 11, 7, 0});
        const auto bits = std::bit_cast<std::array<std::byte, 8>>(number);
        document.insert(document.end(), bits.begin(), bits.end());
        return sql_of(document);
    };
    EXPECT_EQ(array_of(9088544342.689999), "JSON_ARRAY(9088544342.689999e0)");
    EXPECT_EQ(array_of(1.2e-30), "JSON_ARRAY(1.2e-30)");
    for (const double exact : {0.0, -0.0, 0.1, 1234.5678, 1e22, 1.5e-20, 900719925474099.0})
        EXPECT_THAT(array_of(exact), testing::StartsWith("CAST(")) << exact;
}

TEST(json_expression, builds_integers_whose_type_text_would_change) {
    EXPECT_EQ(sql_of(bytes_of({2, 1, 0, 7, 0, 6, 5, 0})), "JSON_ARRAY(CAST(5 AS UNSIGNED))");
    EXPECT_EQ(sql_of(bytes_of({6, 5, 0})), "CAST(CAST(5 AS UNSIGNED) AS JSON)");
    EXPECT_EQ(sql_of(bytes_of({9, 0, 0, 0, 0, 1, 0, 0, 0})), "CAST(4294967296 AS JSON)");
    EXPECT_EQ(sql_of(bytes_of({10, 0, 0, 0, 0, 1, 0, 0, 0})), "CAST('4294967296' AS JSON)");
    EXPECT_EQ(sql_of(bytes_of({9, 255, 255, 255, 255, 0, 0, 0, 0})), "CAST('4294967295' AS JSON)");
}

TEST(json_expression, knows_which_numbers_every_server_parses_exactly) {
    for (const auto* const exact : {"0", "-5", "18446744073709551615", "0.5", "-0.0", "1e22",
                                    "1.5e-20", "9007199254740992e1", "0.0000000000000000000001"})
        EXPECT_TRUE(is_parsed_exactly(exact)) << exact;
    for (const auto* const lost : {"1e23", "9007199254740993.0", "1.5e-22", "9088544342.689999",
                                   "0.30000000000000004", "1e", "1e99999999999"})
        EXPECT_FALSE(is_parsed_exactly(lost)) << lost;
}

TEST(json_path, is_cut_into_its_steps) {
    const auto legs = parse_json_path(R"($.a[12]."x y\"\u00e9\ud83d\ude00"."")").value();
    ASSERT_EQ(legs.size(), 4U);
    EXPECT_EQ(legs[0].name, "a");
    EXPECT_TRUE(legs[1].is_index);
    EXPECT_EQ(legs[1].index, 12U);
    EXPECT_EQ(legs[2].name, "x y\"é😀");
    EXPECT_EQ(legs[3].name, "");
    EXPECT_TRUE(parse_json_path("$").value().empty());
    for (const auto* const bad : {"", "a", "$a", "$.", "$[", "$[x]", "$[1", "$.\"a",
                                  "$[99999999999]", "$.\"\\ud83d\"", "$.\"\\q\"", "$**"}) {
        EXPECT_FALSE(parse_json_path(bad)) << bad;
    }
    std::string deep = "$";
    for (int i = 0; i < 101; ++i)
        deep += "[0]";
    EXPECT_FALSE(parse_json_path(deep));
}

std::string patched(const bytes& before, std::vector<json_diff> diffs) {
    const auto after = apply_json_diffs(before, diffs);
    return after ? text_of(*after) : "error: " + after.error().what;
}

TEST(json_diff, changes_members_and_elements) {
    const auto seven = bytes_of({5, 7, 0});
    constexpr auto replace = json_diff_operation::replace;
    constexpr auto insert = json_diff_operation::insert;
    constexpr auto remove = json_diff_operation::remove;
    EXPECT_EQ(patched(a_is_minus_one, {{replace, "$.a", seven}}), R"({"a": 7})");
    EXPECT_EQ(patched(a_is_minus_one, {{insert, "$.b", one_and_hi}}),
              R"({"a": -1, "b": [1, "hi"]})");
    EXPECT_EQ(patched(a_is_minus_one, {{insert, "$.aa", seven}, {insert, "$.\"\"", seven}}),
              R"({"": 7, "a": -1, "aa": 7})");
    EXPECT_EQ(patched(a_is_minus_one, {{remove, "$.a", {}}}), "{}");
    EXPECT_EQ(patched(one_and_hi, {{insert, "$[1]", seven}}), R"([1, 7, "hi"])");
    EXPECT_EQ(patched(one_and_hi, {{insert, "$[2]", seven}}), R"([1, "hi", 7])");
    EXPECT_EQ(patched(one_and_hi, {{remove, "$[0]", {}}, {replace, "$[0]", a_is_minus_one}}),
              R"([{"a": -1}])");
    EXPECT_EQ(patched(a_is_minus_one, {{replace, "$.a", one_and_hi},
                                       {insert, "$.a[1]", a_is_minus_one},
                                       {replace, "$.a[1].a", decimal}}),
              R"({"a": [1, {"a": 12.34}, "hi"]})");
    EXPECT_EQ(patched(a_is_minus_one, {{replace, "$", seven}}), "7");
}

TEST(json_diff, makes_a_document_large_when_it_outgrows_the_small_form) {
    bytes text = bytes_of({12, 0xf0, 0xa2, 0x04}); // 70,000 characters
    text.resize(text.size() + 70'000, std::byte{'x'});
    const auto after = patched(one_and_hi, {{json_diff_operation::replace, "$[1]", text}});
    EXPECT_EQ(after, "[1, \"" + std::string(70'000, 'x') + "\"]");
}

TEST(json_diff, stops_when_it_does_not_fit_the_document) {
    const auto seven = bytes_of({5, 7, 0});
    const auto refused = testing::HasSubstr("does not fit the document before it");
    for (const json_diff& diff : std::vector<json_diff>{
             {json_diff_operation::replace, "$.b", seven},
             {json_diff_operation::remove, "$.b", {}},
             {json_diff_operation::insert, "$.a", seven},
             {json_diff_operation::replace, "$[0]", seven},
             {json_diff_operation::replace, "$.a.b", seven},
             {json_diff_operation::insert, "$.b.c", seven},
             {json_diff_operation::remove, "$", {}},
             {json_diff_operation::replace, "nonsense", seven},
         }) {
        EXPECT_THAT(patched(a_is_minus_one, {diff}), refused) << diff.path;
    }
}

TEST(json_diff, refuses_damaged_bytes) {
    EXPECT_EQ(decode_json_diffs(bytes_of({3})).error().code, errc::malformed);
    EXPECT_EQ(decode_json_diffs(bytes_of({0, 3, '$', '.'})).error().code, errc::malformed);
    EXPECT_EQ(decode_json_diffs(bytes_of({0, 1, '$'})).error().code, errc::malformed);
    EXPECT_TRUE(decode_json_diffs({}).value().empty());
}

TEST(json_diff, is_written_as_expression_or_as_list) {
    const auto seven = bytes_of({5, 7, 0});
    const std::vector<json_diff> diffs = {{json_diff_operation::replace, "$.a", seven},
                                          {json_diff_operation::insert, "$.b", seven},
                                          {json_diff_operation::insert, "$.c[0]", seven},
                                          {json_diff_operation::remove, "$.d", {}}};
    std::string expression;
    ASSERT_TRUE(append_json_diff_expression(expression, "my`doc", diffs));
    EXPECT_EQ(expression,
              "JSON_REMOVE(JSON_ARRAY_INSERT(JSON_INSERT(JSON_REPLACE(`my``doc`, _utf8mb4 "
              "x'242E61', CAST('7' AS JSON)), _utf8mb4 x'242E62', CAST('7' AS JSON)), _utf8mb4 "
              "x'242E635B305D', CAST('7' AS JSON)), _utf8mb4 x'242E64')");
    std::string list;
    ASSERT_TRUE(append_json_diff_list(list, std::span(diffs).subspan(2)));
    EXPECT_EQ(list, R"({"partial": [{"op": "insert", "path": "$.c[0]", "value": 7}, )"
                    R"({"op": "remove", "path": "$.d"}]})");
}

TEST(partial_update_rows, give_the_document_after_the_change) {
    const auto file = test::binlog_file::read("mysql_97_payload_and_partial_json.binlog");
    const auto event = file.all(event_type::partial_update_rows).at(0);
    const auto rows = decode_rows_event(event, file.format, partial_json::accepted).value();
    EXPECT_TRUE(rows.has_partial_json);
    const auto map = decode_table_map(file.all(event_type::table_map).back(), file.format).value();
    ASSERT_EQ(map.table_id, rows.table_id);
    const auto columns = define_columns(map).value();
    row_reader reader(map, rows);
    ASSERT_TRUE(reader.next().value());
    std::size_t partial_count = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& after = reader.after().columns[i];
        EXPECT_FALSE(reader.before().columns[i].is_partial);
        if (!after.is_partial) continue;
        ++partial_count;
        std::string out;
        value_writer writer(value_form::text);
        ASSERT_TRUE(writer.append_updated(out, columns[i], reader.before().columns[i], after));
        EXPECT_EQ(out, "{\"a\": 2, \"b\": \"l" + std::string(53, 'o') + "ng\"}");
        out.clear();
        ASSERT_TRUE(writer.append(out, columns[i], after));
        EXPECT_THAT(out, testing::StartsWith("JSON_REPLACE("));
    }
    EXPECT_EQ(partial_count, 1U);
    EXPECT_FALSE(reader.next().value());
}

} // namespace
} // namespace understudy::protocol
