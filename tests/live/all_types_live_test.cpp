// A table for every column type at its limits, through the initial copy, through the stream, and
// changed in the stream.

#include "tests/live/memory_limit.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::test {
namespace {

using testing::IsEmpty;

struct typed_column {
    std::string name;
    std::string type;
    std::vector<std::string> values; // SQL expressions; NULL is added to each
    bool mysql_56 = true;
    bool mariadb = true;
};

const std::string nines = std::string(35, '9') + "." + std::string(30, '9');

std::vector<typed_column> every_type() {
    return {
        {"tiny_signed", "TINYINT", {"0", "-128", "127"}},
        {"tiny_unsigned", "TINYINT UNSIGNED", {"0", "255"}},
        {"small_signed", "SMALLINT", {"-32768", "32767"}},
        {"small_unsigned", "SMALLINT UNSIGNED ZEROFILL", {"0", "65535"}},
        {"medium_signed", "MEDIUMINT", {"-8388608", "8388607"}},
        {"medium_unsigned", "MEDIUMINT UNSIGNED", {"16777215"}},
        {"int_signed", "INT", {"-2147483648", "2147483647"}},
        {"int_unsigned", "INT UNSIGNED", {"4294967295"}},
        {"big_signed", "BIGINT", {"-9223372036854775808", "9223372036854775807"}},
        {"big_unsigned", "BIGINT UNSIGNED", {"0", "18446744073709551615"}},
        {"float_",
         "FLOAT",
         {"0", "-0e0", "1.1", "16777217", "3.402823466e38", "-1.175494351e-38", "1.4e-45",
          "0.3333333333"}},
        {"double_",
         "DOUBLE",
         {"0", "-0e0", "0.1", "1.7976931348623157e308", "-2.2250738585072014e-308", "4.9e-324",
          "1e0/3"}},
        {"decimal_", "DECIMAL(65,30)", {"0", "-0.000000000000000000000000000001", nines, "-1.5"}},
        {"decimal_plain", "DECIMAL(10,0)", {"0", "9999999999", "-9999999999"}},
        {"decimal_small", "DECIMAL(4,4)", {"0.9999", "-0.0001"}},
        {"bit_one", "BIT(1)", {"b'0'", "b'1'"}},
        {"bit_all", "BIT(64)", {"b'0'", "0xFFFFFFFFFFFFFFFF", "0x8000000000000001"}},
        {"bit_odd", "BIT(13)", {"b'1111111111111'", "b'1'"}},
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
         {"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'1000-01-01 00:00:00'"}},
        {"datetime_six",
         "DATETIME(6)",
         {"'9999-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.000001'"}},
        {"datetime_two", "DATETIME(2)", {"'2024-03-31 02:30:00.99'"}},
        {"timestamp_",
         "TIMESTAMP NULL",
         {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"}},
        {"timestamp_six",
         "TIMESTAMP(6) NULL",
         {"'2038-01-19 03:14:07.999999'", "'2024-10-27 01:30:00.5'"}},
        {"char_latin",
         "CHAR(10) CHARACTER SET latin1",
         {"''", "'abc  '", "_latin1 x'E9FF00'", "'é'"}},
        {"char_long",
         "CHAR(255) CHARACTER SET utf8mb4",
         {"''", "REPEAT(_utf8mb4 x'F09F9880', 255)", "_utf8mb4 x'61006200'"}},
        {"char_bin",
         "CHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
         {"'trailing   '", "'x'"}},
        {"varchar_short",
         "VARCHAR(10) CHARACTER SET utf8",
         {"''", "'äöü€'", "'end  '", "x'2700225C0A'"}},
        {"varchar_long",
         "VARCHAR(1000) CHARACTER SET utf8mb4",
         {"REPEAT(_utf8mb4 x'E282AC', 1000)", "'\\\\ \\' \" \\n \\0 \\Z %'"}},
        {"varchar_gbk", "VARCHAR(20) CHARACTER SET gbk", {"_gbk x'B0A1D75C'", "''"}},
        {"varchar_utf16", "VARCHAR(20) CHARACTER SET utf16", {"_utf16 x'D83DDE000041'", "''"}},
        {"binary_", "BINARY(16)", {"x'00'", "x'FF00FF00'", "x'00112233445566778899AABBCCDDEEFF'"}},
        {"varbinary_",
         "VARBINARY(300)",
         {"x''", "x'0000'", "REPEAT(x'FF', 300)", "x'27225C0A0D091A00'"}},
        {"tinytext_", "TINYTEXT CHARACTER SET latin1", {"''", "REPEAT('x', 255)"}},
        {"text_", "TEXT CHARACTER SET utf8mb4", {"''", "REPEAT(_utf8mb4 x'F09F9880', 16383)"}},
        {"mediumtext_", "MEDIUMTEXT CHARACTER SET utf8mb4", {"REPEAT('m', 300000)"}},
        {"longtext_", "LONGTEXT CHARACTER SET utf8mb4", {"''", "REPEAT('l', 1000000)"}},
        {"tinyblob_", "TINYBLOB", {"x''", "REPEAT(x'00', 255)"}},
        {"blob_", "BLOB", {"REPEAT(x'27005C', 20000)"}},
        {"mediumblob_", "MEDIUMBLOB", {"REPEAT(x'00FF', 100000)"}},
        {"longblob_", "LONGBLOB", {"x''", "REPEAT(x'0A', 2000000)"}},
        {"enum_", "ENUM('', 'a', 'ü', '2', '1')", {"'a'", "'ü'", "'2'", "'1'", "0", "1"}},
        {"set_", "SET('a', 'b', 'ü')", {"''", "'a,ü'", "7"}},
        {"geometry_",
         "GEOMETRY",
         {"{geom}('POINT(1 2)')", "{geom}('POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))')",
          "{geom}('GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))')"}},
        {"point_", "POINT", {"{geom}('POINT(-1.5 1e300)')"}},
        {"point_srid", "POINT SRID 4326", {"ST_GeomFromText('POINT(10 20)', 4326)"}, false, false},
        {"json_",
         "JSON",
         {"'{}'", "'[]'", "'null'", "'true'", "'\"\"'",
          "'{\"a\": [1, -1, 18446744073709551615, 1.5, \"\\\\u0000\", {\"é\": null}]}'",
          "JSON_ARRAY(1e0, 1.0e100, -0e0, 3)", "JSON_OBJECT('k', REPEAT('v', 100000))"},
         false},
        {"vector_", "VECTOR(3)", {"TO_VECTOR('[1, -2.5, 3e38]')"}, false, false},
    };
}

// One table for each type, with a key, and one without; the values of the type, and NULL.
class type_tables {
public:
    type_tables(sql_client& sql, server_kind kind) : sql_(sql), kind_(kind) {
        // 'NO_ENGINE_SUBSTITUTION' only: zero dates, ENUM 0 and the like are what sources have.
        sql_.exec(
            "SET sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'; SET NAMES utf8mb4");
    }

    void create(const std::string& database) {
        sql_.exec("CREATE DATABASE " + database);
        for (const auto& column : columns()) {
            sql_.exec(fmt::format("CREATE TABLE {0}.{1} (id INT AUTO_INCREMENT PRIMARY KEY, v {2}, "
                                  "w {2}) ENGINE=InnoDB;"
                                  "CREATE TABLE {0}.{1}_keyless (v {2}) ENGINE=InnoDB",
                                  database, column.name, column.type));
        }
    }

    void fill(const std::string& database) {
        for (const auto& column : columns()) {
            auto values = column.values;
            values.emplace_back("NULL");
            for (const auto& value : values) {
                const auto text = expression(value);
                sql_.exec(fmt::format("INSERT INTO {0}.{1} (v, w) VALUES ({2}, NULL), (NULL, {2}); "
                                      "INSERT INTO {0}.{1}_keyless VALUES ({2}), ({2})",
                                      database, column.name, text));
            }
        }
    }

    // Every value becomes every other value once, and rows go.
    void change(const std::string& database) {
        for (const auto& column : columns()) {
            for (const auto& value : column.values) {
                const auto text = expression(value);
                sql_.exec(fmt::format("UPDATE {0}.{1} SET w = v, v = {2} WHERE id % 3 = 0; UPDATE "
                                      "{0}.{1}_keyless SET v = {2} LIMIT 1;"
                                      "UPDATE {0}.{1} SET w = {2} WHERE id % 5 = 0",
                                      database, column.name, text));
            }
            sql_.exec(fmt::format(
                "DELETE FROM {0}.{1} WHERE id % 4 = 1; DELETE FROM {0}.{1}_keyless LIMIT 1",
                database, column.name));
        }
    }

private:
    std::vector<typed_column> columns() const {
        auto all = every_type();
        std::erase_if(all, [this](const typed_column& one) {
            return (kind_ == server_kind::mysql_56 && !one.mysql_56) ||
                   (kind_ == server_kind::mariadb_1011 && !one.mariadb);
        });
        return all;
    }
    std::string expression(std::string value) const {
        if (const auto at = value.find("{geom}"); at != std::string::npos)
            value.replace(at, 6,
                          kind_ == server_kind::mysql_56 ? "GeomFromText" : "ST_GeomFromText");
        return value;
    }

    sql_client& sql_;
    server_kind kind_;
};

struct types_case {
    std::string name;
    server_kind source = server_kind::mysql_97;
    bool as_sql = false;
};

void PrintTo(const types_case& value, std::ostream* out) {
    *out << value.name;
}

class all_types : public testing::TestWithParam<types_case> {};

TEST_P(all_types, arrive_exactly_by_copy_and_by_stream) {
    const bool mysql = GetParam().source != server_kind::mariadb_1011;
    // MariaDB's definitions are in other words.
    const comparison_options compared{.definitions = mysql, .rows = true, .checksums = mysql};
    pair_options options;
    options.objects.include = {"copied.*", "streamed.*"};
    if (GetParam().as_sql) options.more_of_task_file = "[apply]\nwriter = \"sql\"\n";
    source_and_target pair(GetParam().source, server_kind::mysql_97, options);
    type_tables tables(pair.source_sql(), GetParam().source);
    tables.create("copied");
    tables.fill("copied");
    auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    EXPECT_THAT(pair.compare(compared), IsEmpty());

    tables.create("streamed");
    tables.fill("streamed");
    tables.change("copied");
    tables.change("streamed");
    auto streamed = pair.run_task();
    ASSERT_EQ(streamed.status.code, 0) << streamed.error << streamed.output;
    EXPECT_THAT(pair.compare(compared), IsEmpty());
    EXPECT_LT(streamed.status.memory_max_kib, memory_max_kib);
}

INSTANTIATE_TEST_SUITE_P(
    of, all_types,
    testing::Values(types_case{"mysql_97"}, types_case{"mysql_56", server_kind::mysql_56},
                    types_case{"mariadb_1011", server_kind::mariadb_1011},
                    types_case{"mysql_97_as_sql", server_kind::mysql_97, true},
                    types_case{"mariadb_1011_as_sql", server_kind::mariadb_1011, true}),
    [](const auto& param) { return param.param.name; });

} // namespace
} // namespace understudy::test
