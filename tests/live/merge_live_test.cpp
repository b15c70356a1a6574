// Groups of merged changes leave the target exactly as the source: random tables, random
// transactions, real servers. UNDERSTUDY_MERGE_ROUNDS=N makes the run longer.

#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

using testing::IsEmpty;

// Values come from small sets, so that rows meet again and again: by case and trailing spaces too.
class random_tables {
public:
    random_tables(std::uint64_t seed, int tables) : random_(seed) {
        for (int i = 0; i < tables; ++i)
            tables_.push_back(make(fmt::format("r{}", i)));
    }

    [[nodiscard]] std::string definitions() const {
        std::string sql = "DROP DATABASE IF EXISTS t; CREATE DATABASE t; USE t; ";
        for (const table& one : tables_)
            sql += one.definition + "; ";
        return sql;
    }

    std::string statement() {
        const table& one = tables_[pick(tables_.size())];
        switch (pick(8)) {
        case 0:
        case 1:
        case 2: {
            std::string values;
            for (std::size_t row = pick(3) + 1; row > 0; --row)
                values += (values.empty() ? "(" : ", (") + row_of(one) + ")";
            return fmt::format("INSERT{} INTO {} VALUES {}", pick(4) == 0 ? " IGNORE" : "",
                               one.name, values);
        }
        case 3:
            if (one.refers_to_itself) break;
            return fmt::format("REPLACE INTO {} VALUES ({})", one.name, row_of(one));
        case 4:
            return fmt::format("DELETE FROM {} WHERE {} LIMIT {}", one.name, condition(one),
                               pick(3) + 1);
        default: break;
        }
        const std::size_t changed = pick(one.columns.size());
        return fmt::format("UPDATE{} {} SET {} = {} WHERE {} LIMIT {}",
                           pick(4) == 0 ? " IGNORE" : "", one.name, one.columns[changed].name,
                           value(one.columns[changed]), condition(one), pick(3) + 1);
    }

    std::size_t pick(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    }

private:
    struct column {
        std::string name;
        int type = 0;
        bool nullable = true;
        bool is_generated = false;
    };
    struct table {
        std::string name;
        std::string definition;
        std::vector<column> columns;
        bool refers_to_itself = false;
    };

    // Types by number, and literals of them.
    static constexpr int type_count = 9;
    std::string type_text(int type) {
        static const char* const texts[type_count] = {"INT",
                                                      "TINYINT UNSIGNED",
                                                      "VARCHAR(12) COLLATE utf8mb4_0900_ai_ci",
                                                      "CHAR(6) COLLATE utf8mb4_general_ci",
                                                      "VARBINARY(10)",
                                                      "DECIMAL(6,2)",
                                                      "DATETIME(3)",
                                                      "DOUBLE",
                                                      "ENUM('a','b','c')"};
        return texts[type];
    }
    std::string value(const column& of) {
        if (of.is_generated) return "DEFAULT";
        if (of.nullable && pick(6) == 0) return "NULL";
        static const char* const words[] = {"'a'", "'A'",  "'a '", "'ä'",
                                            "'b'", "'B '", "''",   "'c'"};
        switch (of.type) {
        case 0: return std::to_string(pick(24));
        case 1: return std::to_string(pick(12));
        case 2:
        case 3:
        case 4: return words[pick(std::size(words))];
        case 5: return fmt::format("{}.{}", pick(9), pick(100));
        case 6: return fmt::format("'2024-02-{:02} 10:00:00.{:03}'", pick(9) + 1, pick(3));
        case 7: return pick(4) == 0 ? "-0e0" : fmt::format("{}.5", pick(9));
        default: return fmt::format("'{}'", static_cast<char>('a' + pick(3)));
        }
    }
    std::string row_of(const table& of) {
        std::string out;
        for (const column& one : of.columns)
            out += (out.empty() ? "" : ", ") + value(one);
        return out;
    }
    std::string condition(const table& of) {
        const column& one = of.columns[pick(of.columns.size())];
        const std::string wanted = value(one);
        if (wanted == "NULL" || one.is_generated) return one.name + " IS NULL";
        return fmt::format("{} {} {}", one.name, pick(4) == 0 ? ">=" : "=", wanted);
    }
    std::string some_columns(const table& of, std::size_t most) {
        std::vector<std::size_t> order(of.columns.size());
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = i;
        std::ranges::shuffle(order, random_);
        order.resize(std::min(order.size(), pick(most) + 1));
        std::string out;
        for (const std::size_t one : order)
            out += (out.empty() ? "" : ", ") + of.columns[one].name;
        return out;
    }

    table make(const std::string& name) {
        table made;
        made.name = name;
        const bool has_key = pick(6) != 0;
        const std::size_t key_columns = has_key ? pick(3) + 1 : 0;
        for (std::size_t i = key_columns + pick(4) + 1; i > 0; --i) {
            made.columns.push_back({fmt::format("c{}", made.columns.size()),
                                    static_cast<int>(pick(type_count)), true});
        }
        std::string columns;
        std::string key;
        // Key columns need not come first, nor side by side.
        for (std::size_t i = 0, left = key_columns; i < made.columns.size(); ++i) {
            column& one = made.columns[i];
            if (left > 0 && (pick(2) == 0 || made.columns.size() - i == left)) {
                one.nullable = false;
                key = one.name + (key.empty() ? "" : ", " + key);
                --left;
            }
            columns += fmt::format("{} {}{}, ", one.name, type_text(one.type),
                                   one.nullable ? "" : " NOT NULL");
        }
        const bool counts = made.columns.front().type == 0 && pick(2) == 0;
        if (counts) columns.insert(columns.find(','), " AUTO_INCREMENT");
        const std::string last = made.columns.back().name;
        const bool computes = !counts || made.columns.size() > 1;
        if (computes && pick(4) == 0) {
            columns += fmt::format("g VARCHAR(40) AS (CONCAT(IFNULL({}, 'n'), 'g')) {}, ", last,
                                   pick(2) == 0 ? "VIRTUAL" : "STORED");
            made.columns.push_back({"g", 2, true, true});
        }
        std::string keys = key.empty() ? "" : fmt::format("PRIMARY KEY ({}), ", key);
        if (counts) keys += fmt::format("KEY ({}), ", made.columns.front().name);
        for (std::size_t i = pick(3); i > 0; --i)
            keys += fmt::format("UNIQUE ({}), ", some_columns(made, 2));
        if (computes && pick(5) == 0)
            keys += fmt::format("UNIQUE ((CONCAT(IFNULL({}, 'n'), '!'))), ", last);
        // Each kind of action, to another table or to itself. Not from a row to its own table with
        // CASCADE, nor REPLACE there: rows that refer to each other in a circle are logged twice by
        // MySQL 9.7 when they go, and a row may come that refers to one that it replaced. A replica
        // of the server's own stops at both.
        static const char* const actions[] = {"CASCADE", "SET NULL", "NO ACTION", "RESTRICT"};
        if (pick(3) == 0 && key_columns > 0) {
            const bool to_itself = parents_.empty() || pick(3) == 0;
            made.refers_to_itself = to_itself;
            columns = "pkey INT, pid INT, " + columns;
            made.columns.insert(made.columns.begin(), {{"pkey", 0, true}, {"pid", 0, true}});
            keys += "UNIQUE (pkey), ";
            keys +=
                fmt::format("FOREIGN KEY (pid) REFERENCES {} (pkey) ON DELETE {} ON UPDATE {}, ",
                            to_itself ? name : parents_[pick(parents_.size())],
                            actions[to_itself ? 1 : pick(2)], actions[to_itself ? 2 : pick(4)]);
            parents_.push_back(name);
        }
        std::string inside = columns + keys;
        inside.resize(inside.size() - 2);
        made.definition = fmt::format("CREATE TABLE {} ({})", name, inside);
        return made;
    }

    std::mt19937_64 random_;
    std::vector<table> tables_;
    std::vector<std::string> parents_;
};

void run_transactions(sql_client& source, random_tables& tables, int count) {
    for (int i = 0; i < count; ++i) {
        source.exec("START TRANSACTION");
        for (std::size_t statements = tables.pick(6) + 1; statements > 0; --statements) {
            try {
                source.exec(tables.statement());
            } catch (const sql_error& error) {
                // Foreign keys, too long chains of them, and columns that two actions want to
                // change.
                const bool refused = error.number() == 1451 || error.number() == 1452 ||
                                     error.number() == 1761 || error.number() == 1062 ||
                                     error.number() == 6575 || error.number() == 1048;
                if (!refused) throw;
            }
        }
        source.exec(tables.pick(12) == 0 ? "ROLLBACK" : "COMMIT");
    }
}

class merged_groups : public testing::TestWithParam<state::task_spec::writer> {};
INSTANTIATE_TEST_SUITE_P(by, merged_groups,
                         testing::Values(state::task_spec::writer::row_image,
                                         state::task_spec::writer::sql),
                         [](const auto& info) {
                             return info.param == state::task_spec::writer::sql ? "sql"
                                                                                : "row_image";
                         });

TEST_P(merged_groups, leave_random_tables_as_the_source_has_them) {
    const char* const given = std::getenv("UNDERSTUDY_MERGE_SEED");
    const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
    SCOPED_TRACE(fmt::format("UNDERSTUDY_MERGE_SEED={}", seed));
    const char* const wanted = std::getenv("UNDERSTUDY_MERGE_ROUNDS");
    const int rounds = wanted != nullptr ? std::atoi(wanted) : 2;
    const std::vector<std::string> hasty{"--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2"};
    applier_rig rig({.source_args = hasty,
                     .target_args = hasty,
                     .writer = GetParam(),
                     .adjust = [seed](state::task_spec& spec) {
                         static constexpr std::uint64_t sizes[] = {8, 20, 60, 200};
                         spec.apply.workers = seed / 4 % 2 == 0 ? 1 : 4;
                         spec.apply.group_rows_max = sizes[seed % 4] * spec.apply.workers;
                     }});
    for (int round = 0; round < rounds; ++round) {
        random_tables tables(seed + static_cast<std::uint64_t>(round), 8);
        rig.source().exec(tables.definitions());
        if (round == 0) {
            rig.target().exec(tables.definitions());
            rig.begin();
        }
        run_transactions(rig.source(), tables, 700);
        ASSERT_EQ(rig.catch_up(), "") << "round " << round << ": " << tables.definitions();
        EXPECT_THAT(rig.differences(), IsEmpty())
            << "round " << round << ": " << tables.definitions();
    }
    // What merging got wrong is mended by trying again without: that must not have been needed.
    EXPECT_EQ(rig.status().retries, 0U);
    EXPECT_NE(rig.status().written_rows, rig.status().applied_rows);
    fmt::print("{} groups, {} rows, {} after merging, {} times one at a time\n",
               rig.status().applied_groups, rig.status().applied_rows, rig.status().written_rows,
               rig.status().parallel_fallbacks);
}

} // namespace
} // namespace understudy::test
