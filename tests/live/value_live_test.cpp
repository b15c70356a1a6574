// Values of row images as protocol/value writes them, against the server that logged them: the text
// is what SELECT gives, and SQL literals make the same rows again.

#include "tests/live/logged_rows.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

using testing::IsEmpty;

struct typed_values {
    std::string name;
    std::string type;
    std::vector<std::string> values; // SQL expressions; NULL is added to each
    // What SELECT is asked for; {} is the column.
    std::string selected = "{}";
};

const std::string nines = std::string(35, '9') + "." + std::string(30, '9');
const std::string as_hex = "CONCAT('0x', HEX({}))";

std::vector<typed_values> of_every_server() {
    return {
        {"tiny_signed", "TINYINT", {"0", "-128", "127"}},
        {"tiny_unsigned", "TINYINT UNSIGNED", {"0", "255"}},
        {"small_signed", "SMALLINT", {"-32768", "32767"}},
        {"small_unsigned", "SMALLINT UNSIGNED", {"65535"}},
        {"medium_signed", "MEDIUMINT", {"-8388608", "8388607", "-1"}},
        {"medium_unsigned", "MEDIUMINT UNSIGNED", {"16777215"}},
        {"int_signed", "INT", {"-2147483648", "2147483647"}},
        {"int_unsigned", "INT UNSIGNED", {"4294967295"}},
        {"big_signed", "BIGINT", {"-9223372036854775808", "9223372036854775807", "-1"}},
        {"big_unsigned", "BIGINT UNSIGNED", {"0", "18446744073709551615"}},
        {"float_",
         "FLOAT",
         {"0", "-0e0", "1.1", "16777217", "3.402823466e38", "-1.175494351e-38", "1.4e-45",
          "0.3333333333", "123456789", "1e15", "999999.5", "0.00001234567"}},
        {"double_",
         "DOUBLE",
         {"0", "-0e0", "0.1", "1.7976931348623157e308", "-2.2250738585072014e-308", "4.9e-324",
          "1e0/3", "1e14", "1e15", "1e16", "123456789012345680", "1e-14", "1e-15", "1e-16",
          "9007199254740993", "1.2345678901234567e-300", "100000000000000.5"}},
        {"decimal_", "DECIMAL(65,30)", {"0", "-0.000000000000000000000000000001", nines, "-1.5"}},
        {"decimal_plain", "DECIMAL(10,0)", {"0", "9999999999", "-9999999999"}},
        {"decimal_small", "DECIMAL(4,4)", {"0.9999", "-0.0001", "0"}},
        {"bit_one", "BIT(1)", {"b'0'", "b'1'"}, "CONCAT('b''', LPAD(BIN({}), 1, '0'), '''')"},
        {"bit_all",
         "BIT(64)",
         {"b'0'", "0xFFFFFFFFFFFFFFFF", "0x8000000000000001"},
         "CONCAT('b''', LPAD(BIN({}), 64, '0'), '''')"},
        {"bit_odd",
         "BIT(13)",
         {"b'1111111111111'", "b'1'"},
         "CONCAT('b''', LPAD(BIN({}), 13, '0'), '''')"},
        {"year_", "YEAR", {"0", "1901", "2155"}},
        {"date_",
         "DATE",
         {"'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-00'", "'2024-02-00'"}},
        {"time_", "TIME", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
        {"time_six",
         "TIME(6)",
         {"'-00:00:00.000001'", "'838:59:58.999999'", "'-01:02:03.5'", "'-838:59:58.999999'"}},
        {"time_three", "TIME(3)", {"'-00:00:00.001'", "'12:34:56.789'", "'-12:34:56.789'"}},
        {"time_one", "TIME(1)", {"'-00:00:00.9'", "'12:34:56.7'"}},
        {"datetime_",
         "DATETIME",
         {"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2026-00-00 00:00:00'"}},
        {"datetime_six",
         "DATETIME(6)",
         {"'9999-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.000001'"}},
        {"datetime_two", "DATETIME(2)", {"'2024-03-31 02:30:00.99'"}},
        {"timestamp_",
         "TIMESTAMP NULL",
         {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'",
          "'2024-02-29 12:00:00'"}},
        {"timestamp_six",
         "TIMESTAMP(6) NULL",
         {"'2038-01-19 03:14:07.999999'", "'2024-10-27 01:30:00.5'"}},
        {"char_latin",
         "CHAR(10) CHARACTER SET latin1",
         {"''", "'abc  '", "_latin1 x'E9FF00'", "_latin1 x'80818D8F909D9F'"}},
        {"char_long",
         "CHAR(255) CHARACTER SET utf8mb4",
         {"''", "REPEAT(_utf8mb4 x'F09F9880', 255)", "_utf8mb4 x'61006200'"}},
        {"char_bin", "CHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", {"'trailing   '"}},
        {"varchar_short",
         "VARCHAR(10) CHARACTER SET utf8",
         {"''", "'äöü€'", "'end  '", "x'2700225C0A'", "'it''s'", "'a@b.c [d]'"}},
        {"varchar_long",
         "VARCHAR(1000) CHARACTER SET utf8mb4",
         {"REPEAT(_utf8mb4 x'E282AC', 1000)", "'\\\\ \\' \" \\n \\0 \\Z %'"}},
        {"varchar_gbk", "VARCHAR(20) CHARACTER SET gbk", {"_gbk x'B0A1D75C'", "''"}},
        {"varchar_utf16", "VARCHAR(20) CHARACTER SET utf16", {"_utf16 x'D83DDE000041'", "''"}},
        {"binary_",
         "BINARY(16)",
         {"x'00'", "x'FF00FF00'", "x'00112233445566778899AABBCCDDEEFF'"},
         as_hex},
        {"varbinary_",
         "VARBINARY(300)",
         {"x''", "x'0000'", "REPEAT(x'FF', 300)", "x'27225C0A0D091A00'"},
         as_hex},
        {"tinytext_", "TINYTEXT CHARACTER SET latin1", {"''", "REPEAT('x', 255)"}},
        {"text_", "TEXT CHARACTER SET utf8mb4", {"''", "REPEAT(_utf8mb4 x'F09F9880', 16383)"}},
        {"longtext_", "LONGTEXT CHARACTER SET utf8mb4", {"REPEAT('l', 300000)"}},
        {"tinyblob_", "TINYBLOB", {"x''", "REPEAT(x'00', 255)"}, as_hex},
        {"mediumblob_", "MEDIUMBLOB", {"REPEAT(x'00FF', 100000)"}, as_hex},
        {"enum_",
         "ENUM('', 'a', 'ü', '2', '1', 'it''s') CHARACTER SET utf8",
         {"'a'", "'ü'", "'2'", "'1'", "0", "1", "6"}},
        {"enum_latin", "ENUM('é', 'b') CHARACTER SET latin1", {"'é'", "2"}},
        {"set_", "SET('a', 'b', 'ü') CHARACTER SET utf8", {"''", "'a,ü'", "7"}},
        {"set_wide", "SET('a', 'é') CHARACTER SET utf16", {"'a,é'", "2"}},
        {"set_long", "SET('01','02','03','04','05','06','07','08','09')", {"'01,09'"}},
        {"geometry_",
         "GEOMETRY",
         {"{geom}('POINT(1 2)')", "{geom}('POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))')"},
         as_hex},
    };
}

std::vector<typed_values> of_mysql_97() {
    return {
        {"point_srid", "POINT SRID 4326", {"ST_GeomFromText('POINT(10 20)', 4326)"}, as_hex},
        {"vector_", "VECTOR(3)", {"TO_VECTOR('[1, -2.5, 3e38]')"}, "VECTOR_TO_STRING({})"},
        {"json_",
         "JSON",
         {"'{}'", "'[]'", "'null'", "'true'", "'false'", "'\"\"'", "'1'", "'-1.5'",
          "'{\"b\": 1, \"a\": [1, -1, 18446744073709551615, 1.5, \"\\\\u0000\", {\"é\": null}]}'",
          "'[-32768, 32767, 65535, -32769, -2147483648, 4294967295, -9223372036854775808]'",
          "'\"\\\\b\\\\f\\\\n\\\\r\\\\t\\\\\\\\ \\\\\" / \\\\u001f \\\\u007f 😀\"'",
          "JSON_ARRAY(1e0, 1.0e100, -0e0, 3, 1e15, 1e16, 1e-15, 0.1e0, 123456789012345680e0)",
          "JSON_OBJECT('k', REPEAT('v', 100000), 'a', -5, 'l', 70000, 'd', 0.5e0)",
          "JSON_ARRAY(CAST(1.50 AS DECIMAL(10, 3)), CAST(-0.001 AS DECIMAL(65, 30)))",
          "CAST(CAST('12.5' AS DECIMAL(3, 1)) AS JSON)",
          "JSON_OBJECT('t', CAST('-10:00:00.5' AS TIME(6)), 'd', CAST('2020-01-31' AS DATE), "
          "'dt', CAST('2020-01-31 23:59:59.000001' AS DATETIME(6)), 'u', CAST(5 AS UNSIGNED), "
          "'s', 'it''s', 'n', NULL, 'b', TRUE, 'f', 1e0)",
          "JSON_ARRAY(x'00FF', REPEAT(x'00', 100))"}},
        {"json_deep", "JSON", {"CONCAT(REPEAT('[', 100), REPEAT(']', 100))"}},
    };
}

std::vector<typed_values> of_mariadb() {
    return {
        {"compressed_text",
         "VARCHAR(1000) COMPRESSED CHARACTER SET latin1",
         {"''", "'short é'", "REPEAT('é long ', 100)"}},
        {"compressed_blob", "MEDIUMBLOB COMPRESSED", {"x'00'", "REPEAT(x'00FF', 50000)"}, as_hex},
        {"json_text", "JSON", {"'{\"a\": 1}'"}},
    };
}

struct server_case {
    std::string name;
    server_kind kind = server_kind::mysql_97;
    std::vector<std::string> arguments{};

    [[nodiscard]] std::vector<typed_values> types() const {
        auto types = of_every_server();
        const auto more = kind == server_kind::mysql_97       ? of_mysql_97()
                          : kind == server_kind::mariadb_1011 ? of_mariadb()
                                                              : std::vector<typed_values>{};
        types.insert(types.end(), more.begin(), more.end());
        return types;
    }
};

std::ostream& operator<<(std::ostream& out, const server_case& one) {
    return out << one.name;
}

constexpr const char* permissive = "SET sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'";

class values : public testing::TestWithParam<server_case> {
protected:
    values()
        : server_(live_server::start(GetParam().kind, {.extra_args = GetParam().arguments})),
          sql_(server_.root()) {
        sql_.exec(permissive);
        sql_.exec("CREATE DATABASE v");
        sql_.exec("USE v");
    }

    void create(const typed_values& one) {
        sql_.exec(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY, v {}) ENGINE=InnoDB", one.name,
                              one.type));
        auto all = one.values;
        all.emplace_back("NULL");
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (const auto at = all[i].find("{geom}"); at != std::string::npos) {
                const bool old = GetParam().kind == server_kind::mysql_56;
                all[i].replace(at, 6, old ? "GeomFromText" : "ST_GeomFromText");
            }
            sql_.exec(fmt::format("INSERT INTO {} VALUES ({}, {})", one.name, i, all[i]));
        }
    }

    std::map<std::string, std::vector<logged_row>> logged() {
        std::map<std::string, std::vector<logged_row>> tables;
        for (auto& row : read_logged_rows(server_, "v", definitions_of(sql_, "v"))) {
            tables[row.table].push_back(std::move(row));
        }
        return tables;
    }

    // The texts of a column in the order of the rows' ids.
    std::vector<std::string> selected(const std::string& table, const std::string& expression) {
        std::vector<std::string> texts;
        sql_.for_each(fmt::format("SELECT {} FROM {} ORDER BY id", expression, table),
                      [&](sql_row_view row) { texts.emplace_back(row[0].value_or("NULL")); });
        return texts;
    }

    std::string checksum(const std::string& table) {
        return sql_.query("CHECKSUM TABLE " + table).at(0).at(1).value_or("NULL");
    }

    live_server server_;
    sql_client sql_;
};

TEST_P(values, have_the_text_that_select_gives) {
    for (const auto& one : GetParam().types())
        create(one);
    const auto tables = logged();
    for (const auto& one : GetParam().types()) {
        SCOPED_TRACE(one.name);
        std::vector<std::string> texts;
        for (const auto& row : tables.at(one.name))
            texts.push_back(row.text.at(1));
        EXPECT_EQ(texts, selected(one.name, fmt::format(fmt::runtime(one.selected), "v")));
    }
}

TEST_P(values, of_random_numbers_and_times_have_the_text_that_select_gives) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::vector<std::string> columns{"f", "d", "n", "t", "m", "s"};
    sql_.exec("CREATE TABLE drawn (id INT PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(30,12), "
              "t TIME(3), m DATETIME(5), s TIMESTAMP(1)) ENGINE=InnoDB");
    std::string rows;
    for (int id = 0; id < 2'000; ++id) {
        const auto number = [&] {
            const auto digits = static_cast<double>(static_cast<std::int64_t>(random()) >> 11);
            return std::ldexp(digits, static_cast<int>(random() % 100) - 110);
        };
        const auto below = [&](unsigned count) { return random() % count; };
        rows +=
            fmt::format("{}({},{:.17e},{:.17e},{}{}.{},'{}{}:{}:{}.{:03}',"
                        "'{}-{}-{} {}:{}:{}.{:05}',FROM_UNIXTIME({}.{}))",
                        id == 0 ? "" : ",", id, static_cast<float>(number()), number(),
                        below(2) == 0 ? "-" : "", random() >> below(64) >> 5, below(1'000'000),
                        below(2) == 0 ? "-" : "", below(838), below(60), below(60), below(1'000),
                        1'000 + below(9'000), 1 + below(12), 1 + below(28), below(24), below(60),
                        below(60), below(100'000), 1 + below(2'000'000'000), below(10));
    }
    sql_.exec("INSERT INTO drawn VALUES " + rows);
    const auto logged_rows = logged().at("drawn");
    for (std::size_t i = 0; i < columns.size(); ++i) {
        SCOPED_TRACE(columns[i]);
        std::vector<std::string> texts;
        for (const auto& row : logged_rows)
            texts.push_back(row.text.at(i + 1));
        EXPECT_EQ(texts, selected("drawn", columns[i]));
    }
}

TEST_P(values, make_the_same_rows_when_their_sql_is_executed_in_any_session) {
    for (const auto& one : GetParam().types())
        create(one);
    const auto tables = logged();
    auto other = server_.root();
    other.exec("USE v; SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,NO_AUTO_VALUE_ON_ZERO', "
               "time_zone = '+00:00'; SET NAMES swe7; SET character_set_connection = utf16");
    for (const auto& one : GetParam().types()) {
        SCOPED_TRACE(one.name);
        other.exec(fmt::format("CREATE TABLE {0}_again LIKE {0}", one.name));
        for (const auto& row : tables.at(one.name)) {
            other.exec(fmt::format("INSERT INTO {}_again VALUES ({}, {})", one.name, row.sql.at(0),
                                   row.sql.at(1)));
        }
        const auto expression = fmt::format(fmt::runtime(one.selected), "v");
        EXPECT_EQ(selected(one.name + "_again", expression), selected(one.name, expression));
        EXPECT_EQ(checksum(one.name + "_again"), checksum(one.name));
    }
}

TEST_P(values, are_valid_json) {
    for (const auto& one : GetParam().types())
        create(one);
    auto judge = live_server::start(server_kind::mysql_97);
    auto judge_sql = judge.root();
    for (const auto& [table, rows] : logged()) {
        for (const auto& row : rows) {
            const auto literal = judge_sql.quote(row.json.at(1));
            EXPECT_EQ(judge_sql.scalar("SELECT JSON_VALID(" + literal + ")"), "1")
                << table << ": " << row.json.at(1).substr(0, 200);
        }
    }
}

// Those whose keys can be compared though they ignore case.
std::vector<std::string> common_collations(server_kind kind) {
    std::vector<std::string> all = {
        "utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "latin1_swedish_ci",
        "latin1_general_cs",  "ascii_general_ci",   "cp1251_general_ci",      "latin2_general_ci"};
    const bool is_mysql_97 = kind == server_kind::mysql_97;
    const bool maria = is_mariadb(kind);
    const std::string utf8 = is_mysql_97 || maria ? "utf8mb3" : "utf8";
    all.push_back(utf8 + "_general_ci");
    all.push_back(utf8 + "_unicode_ci");
    if (is_mysql_97) all.push_back("utf8mb4_0900_ai_ci");
    if (maria) {
        all.insert(all.end(), {"utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_nopad_ai_ci",
                               "utf8mb4_general_nopad_ci", "utf8mb3_unicode_nopad_ci",
                               "latin1_swedish_nopad_ci"});
    }
    return all;
}

// Short ones of few characters, so that many are equal but for case, accents and spaces.
std::vector<std::string> random_texts(std::minstd_rand& random, bool any_character) {
    const std::vector<std::string> ascii = {"a", "A", "b", "B", "s", "S",
                                            "-", "_", " ", " ", "0", "\t"};
    const std::vector<std::string> more = {
        "á", "Ä", "ß",  "ss", "æ",  "Æ",  "ñ",  "о", "О", "ё", "Е", "й", "И",      "λ",     "Λ",
        "ς", "Σ", "か", "カ", "が", "漢", "字", "ﬁ", "½", "²", "€", "Å", "\u00a0", "\u2010"};
    std::vector<std::string> texts;
    for (int i = 0; i < 80; ++i) {
        std::string text;
        for (auto left = random() % 5; left > 0; --left) {
            const bool plain = !any_character || random() % 2 == 0;
            const auto& from = plain ? ascii : more;
            text += from[random() % from.size()];
        }
        std::string hex;
        for (const char c : text)
            hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
        texts.push_back(fmt::format("_utf8mb4 x'{}'", hex));
    }
    return texts;
}

// Of all pairs of rows of all types, and of texts that differ in case and trailing spaces.
TEST_P(values, have_comparable_keys_that_are_equal_where_the_server_says_so) {
    auto types = GetParam().types();
    const std::vector<std::string> texts = {
        "'a'", "'A'", "'a '", "'a  '", "'b'", "''", "' '", "CONCAT('a', CHAR(9))", "'á'"};
    for (const std::string charset : {"utf8mb4", "latin1", "utf16", "utf32", "gbk"}) {
        types.push_back({charset + "_text",
                         fmt::format("VARCHAR(20) CHARACTER SET {0} COLLATE {0}_bin", charset),
                         texts});
    }
    if (GetParam().kind == server_kind::mysql_97) {
        types.push_back({"nopad", "VARCHAR(20) COLLATE utf8mb4_0900_bin", texts});
    }
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::minstd_rand random(seed);
    for (const auto& collation : common_collations(GetParam().kind)) {
        types.push_back({collation,
                         fmt::format("VARCHAR(20) CHARACTER SET {} COLLATE {}",
                                     collation.substr(0, collation.find('_')), collation),
                         random_texts(random, collation.starts_with("utf8"))});
    }
    std::size_t comparable_count = 0;
    for (const auto& one : types)
        create(one);
    const auto tables = logged();
    for (const auto& one : types) {
        SCOPED_TRACE(one.name);
        const auto& rows = tables.at(one.name);
        std::vector<std::string> equal;
        for (const auto& left : rows) {
            for (const auto& right : rows) {
                if (!left.key[1] || !right.key[1]) continue;
                ++comparable_count;
                if (left.key[1] == right.key[1])
                    equal.push_back(left.text[0] + "=" + right.text[0]);
            }
        }
        std::string known = "-1";
        for (const auto& row : rows) {
            if (row.key[1]) known += "," + row.text[0];
        }
        // In a join ENUM's 0 equals a label '', in an index it does not: keys are the index's.
        if (one.name == "enum_") continue;
        std::vector<std::string> expected;
        sql_.for_each(fmt::format("SELECT CONCAT(a.id, '=', b.id) FROM {0} a JOIN {0} b ON a.v <=> "
                                  "b.v WHERE a.id IN ({1}) AND b.id IN ({1}) ORDER BY a.id, b.id",
                                  one.name, known),
                      [&](sql_row_view row) { expected.emplace_back(*row[0]); });
        EXPECT_EQ(equal, expected);
    }
    EXPECT_GT(comparable_count, 500U);
}

// All characters of the basic plane that a character set has.
TEST_P(values, of_every_character_set_have_the_text_that_select_gives) {
    sql_.exec("CREATE TABLE base (id INT PRIMARY KEY, v VARCHAR(64) CHARACTER SET utf8mb4)");
    for (unsigned first = 0; first < 0x10000; first += 64) {
        // Surrogates, private characters, and what stands for no character.
        if ((first >= 0xd800 && first < 0xf900) || first >= 0xffc0) continue;
        std::string utf16;
        for (unsigned code = first; code < first + 64; ++code)
            utf16 += fmt::format("{:04X}", code);
        sql_.exec(fmt::format("INSERT INTO base VALUES ({}, _utf16 x'{}')", first, utf16));
    }
    std::vector<std::string> names;
    for (const auto& row : sql_.query("SELECT character_set_name FROM information_schema."
                                      "character_sets WHERE character_set_name <> 'binary'")) {
        names.push_back(*row[0]);
        sql_.exec(fmt::format("CREATE TABLE cs_{0} (id INT PRIMARY KEY, v VARCHAR(64) CHARACTER "
                              "SET {0}); INSERT IGNORE INTO cs_{0} SELECT * FROM base",
                              *row[0]));
    }
    EXPECT_GT(names.size(), 35U);
    const auto tables = logged();
    for (const auto& name : names) {
        SCOPED_TRACE(name);
        const auto expected = selected("cs_" + name, "v");
        const auto bytes = selected("cs_" + name, "CONCAT('_', CHARSET(v), ' x''', HEX(v), '''')");
        const auto& rows = tables.at("cs_" + name);
        ASSERT_EQ(rows.size(), expected.size());
        int differences = 0;
        int refused = 0;
        for (std::size_t i = 0; i < rows.size() && differences < 3; ++i) {
            const auto& text = rows[i].text.at(1);
            // Bytes that are no character, which the server makes a question mark, are shown.
            refused += text != expected[i] && text == bytes[i] ? 1 : 0;
            if (text == expected[i] || text == bytes[i]) continue;
            ADD_FAILURE() << "from code " << rows[i].text.at(0) << ":\n"
                          << rows[i].text.at(1) << "\n"
                          << expected[i];
            ++differences;
        }
        EXPECT_LE(refused, name == "big5" ? 12 : 4); // Big5: the ETEN extensions
    }
}

class partial_json_values : public testing::TestWithParam<bool> {
protected:
    partial_json_values()
        : server_(live_server::start(server_kind::mysql_97,
                                     {.extra_args = {"--binlog-row-metadata=FULL"}})),
          sql_(server_.root()) {
        sql_.exec("CREATE DATABASE v; USE v; SET binlog_row_value_options = PARTIAL_JSON");
        sql_.exec("CREATE TABLE p (id INT PRIMARY KEY, j JSON, k INT, l JSON)");
        const std::string document =
            "'{\"a\": 1, \"b\": \"' 'looooooooooooooooooooooooooooooooooooooooooooooooooong\", "
            "\"arr\": [1, \"two\", 3.5, {\"x\": [1, 2]}], \"q r\": {\"é\": null, \"n\": 1.5}}'";
        sql_.exec(fmt::format("INSERT INTO p VALUES (1, {0}, 0, {0})", document));
    }

    std::string one_of(const std::vector<std::string>& choices) {
        return choices[random_() % choices.size()];
    }

    // An expression of `column` that the server logs as a partial update.
    std::string change_of(const std::string& column) {
        const auto path = one_of({"$.a", "$.b", "$.arr[0]", "$.arr[1]", "$.arr[9]", "$.arr[3].x",
                                  "$.arr[3].x[7]", "$.\"q r\"", "$.\"q r\".n", "$.\"q r\".\"é\"",
                                  "$.new", "$.\"new \\\\\"one\\\\\"\"", "$.n1", "$.\"\""});
        const auto value =
            one_of({"1", "-70000", "3000000000", "1.5e0", "CAST(1.25 AS DECIMAL(5, 2))", "'text'",
                    "REPEAT('x', 300)", "REPEAT('y', 70000)", "TRUE", "CAST('null' AS JSON)",
                    "JSON_ARRAY(1, 'é', JSON_OBJECT('z', 1))", "JSON_OBJECT('x', JSON_ARRAY(1, 2))",
                    "JSON_ARRAY()", "CAST('2020-01-31 10:00:00.5' AS DATETIME(6))"});
        switch (random_() % 4) {
        case 0: return fmt::format("JSON_REMOVE({}, '{}')", column, path);
        case 1: return fmt::format("JSON_REPLACE({}, '{}', {})", column, path, value);
        case 2:
            return fmt::format("JSON_SET(JSON_REMOVE({}, '{}'), '$.again', {})", column, path,
                               value);
        default: return fmt::format("JSON_SET({}, '{}', {})", column, path, value);
        }
    }

    live_server server_;
    sql_client sql_;
    unsigned seed_ = std::random_device{}();
    std::mt19937 random_{seed_};
};

TEST_P(partial_json_values, are_the_documents_that_select_gives_after_each_update) {
    const bool minimal = GetParam();
    SCOPED_TRACE(fmt::format("seed {}", seed_));
    if (minimal) sql_.exec("SET binlog_row_image = MINIMAL");
    std::vector<std::vector<std::string>> expected;
    for (int i = 1; i <= 150; ++i) {
        const auto assignment = one_of({"j = " + change_of("j"), "l = " + change_of("l"),
                                        "j = " + change_of("j") + ", l = " + change_of("l")});
        sql_.exec(fmt::format("UPDATE p SET {}, k = {}", assignment, i));
        const auto row = sql_.query("SELECT j, l FROM p").at(0);
        expected.push_back({*row[0], *row[1]});
    }
    std::vector<logged_row> updates;
    for (auto& row : read_logged_rows(server_, "v", definitions_of(sql_, "v"))) {
        if (row.is_update) updates.push_back(std::move(row));
    }
    ASSERT_EQ(updates.size(), expected.size());
    auto again = server_.root();
    again.exec("USE v; CREATE TABLE again (j JSON, l JSON); SET sql_mode = 'NO_BACKSLASH_ESCAPES'");
    again.exec(fmt::format("INSERT INTO again SELECT '{}', NULL", "{}"));
    std::size_t partial_count = 0;
    if (minimal) {
        for (const auto& row : read_logged_rows(server_, "v", definitions_of(sql_, "v"))) {
            if (row.table == "p" && !row.is_update) {
                again.exec(fmt::format("UPDATE again SET j = {}, l = {}", row.sql[1], row.sql[3]));
            }
        }
    }
    for (std::size_t i = 0; i < updates.size(); ++i) {
        const auto& row = updates[i];
        if (!minimal) {
            EXPECT_EQ(row.text[1], expected[i][0]) << "update " << i + 1;
            EXPECT_EQ(row.text[3], expected[i][1]) << "update " << i + 1;
            again.exec(fmt::format("UPDATE again SET j = {}, l = {}", row.sql[1], row.sql[3]));
        } else {
            // What the change does, as SQL on the row before.
            partial_count += row.json[1].starts_with("{\"partial\"") ? 1 : 0;
            if (row.sql[1] != "-") again.exec("UPDATE again SET j = " + row.sql[1]);
            if (row.sql[3] != "-") again.exec("UPDATE again SET l = " + row.sql[3]);
        }
        const auto made = again.query("SELECT j, l FROM again").at(0);
        ASSERT_EQ(made[0], expected[i][0]) << "update " << i + 1;
        ASSERT_EQ(made[1], expected[i][1]) << "update " << i + 1;
    }
    if (minimal) EXPECT_GT(partial_count, 20U);
}

INSTANTIATE_TEST_SUITE_P(of, partial_json_values, testing::Values(false, true),
                         [](const auto& one) {
                             return one.param ? "minimal_images" : "full_images";
                         });

INSTANTIATE_TEST_SUITE_P(
    of, values,
    testing::Values(
        server_case{"mysql_97_full", server_kind::mysql_97, {"--binlog-row-metadata=FULL"}},
        server_case{"mysql_97_minimal", server_kind::mysql_97, {"--binlog-row-metadata=MINIMAL"}},
        server_case{"mysql_56", server_kind::mysql_56},
        server_case{"mariadb_1011", server_kind::mariadb_1011},
        server_case{
            "mariadb_1011_full", server_kind::mariadb_1011, {"--binlog-row-metadata=FULL"}}),
    [](const auto& one) { return one.param.name; });

} // namespace
} // namespace understudy::test
