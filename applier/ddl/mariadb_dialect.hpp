#pragma once

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/text_edits.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// A definition in MariaDB's words, as a MySQL server has to be given it: one logged statement, or
// what SHOW CREATE TABLE prints. Only what has a certain equal is changed:
//
//   executable comments                 are taken out of their marks, or left out, as on the source
//   JSON as a type                      LONGTEXT in utf8mb4_bin with CHECK (json_valid(…))
//   COMPRESSED columns, PAGE_COMPRESSED as without it
//   PERSISTENT                          STORED
//   IGNORED, NOT IGNORED indexes        INVISIBLE, VISIBLE
//   DEFAULT f(…), DEFAULT 'x' of a TEXT in parentheses
//   CONSTRAINT CONSTRAINT_1 CHECK       without the name, which MariaDB gives in each table
//   …_croatian_mysql561_ci              …_croatian_ci
//   FOREIGN KEY name (…)                CONSTRAINT name before it: MariaDB calls the key so
//   CHECK of a column with others in it one of the table
//   YEAR(2)                             YEAR, whose values are the same
//   names that are reserved in MySQL    in quotes (later_words.hpp)
//   ALTER ONLINE, WAIT n, NOWAIT, ALGORITHM=…, LOCK=…   left out
//
// What MySQL has not stops with errc::unsupported_statement and the words that it lacks: UUID and
// INET types, sequences, system versioning and periods, collations, OR REPLACE, IF EXISTS of
// clauses. What is known to neither side is left to the target's own parser. Pure.
class mariadb_dialect {
public:
    mariadb_dialect(std::string_view text, std::uint64_t sql_mode, std::uint32_t source_version,
                    const statement_charset& charset = {},
                    std::vector<std::string> recollated_charsets = {});

    [[nodiscard]] protocol::result<std::string> for_mysql();

private:
    using done = protocol::result<void>;

    [[nodiscard]] done translate();
    [[nodiscard]] done check_words() const;
    [[nodiscard]] done create_table(token_cursor at);
    [[nodiscard]] done alter_table(token_cursor at);
    [[nodiscard]] done index_statement(token_cursor at);
    // How a further entry begins where this one stands.
    enum class entry : std::uint8_t { of_list, of_alter };
    // Up to the token with the index `end`.
    [[nodiscard]] done element(token_cursor at, std::size_t end, entry is = entry::of_list);
    [[nodiscard]] done alter_clause(token_cursor at, std::size_t end);
    [[nodiscard]] done column(token_cursor at, std::size_t end, entry is);
    bool check_of_others(token_cursor& at, std::string_view column, std::size_t end, entry is);
    void as_the_target_does_it(const token_cursor& at);
    void default_value(token_cursor at, bool is_large);
    [[nodiscard]] done options(token_cursor at, std::size_t end, bool is_clause);
    [[nodiscard]] done collations();
    [[nodiscard]] done charset_alone(token_cursor at) const;
    void drop_waits();
    [[nodiscard]] std::size_t clause_end(token_cursor at) const;
    [[nodiscard]] std::string with_edits() const;
    [[nodiscard]] std::unexpected<protocol::error> lacks(const std::string& what) const;

    std::string_view text_;
    std::uint32_t source_version_;
    token_list list_;
    std::vector<std::string> recollated_charsets_; // logged_statement::recollated_charsets
    std::vector<text_edit> edits_;
};

// A server of this version is MariaDB: MySQL's numbers are below.
[[nodiscard]] constexpr bool is_mariadb_version(std::uint32_t version) {
    constexpr std::uint32_t first = 100000;
    return version >= first && version != UINT32_MAX;
}

} // namespace understudy::applier::ddl
