#pragma once

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/text_edits.hpp"
#include "applier/ddl/token_cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// A statement of a MySQL server before 9.0, as a later server (or MariaDB) has to be given it to
// make what the source made:
//
//   CHECK (…)                      left out: read and ignored before 8.0.16
//   REFERENCES … of a column       left out: read and ignored before 9.0
//   DESC of an index's column      left out: read and ignored before 8.0
//   YEAR(2), YEAR(4)               YEAR: what 5.6 makes of both
//   names that are reserved later  in quotes (later_words.hpp)
//
// All else is left to the target's own parser. Pure.
class older_mysql_dialect {
public:
    older_mysql_dialect(std::string_view text, std::uint64_t sql_mode, std::uint32_t source_version,
                        const statement_charset& charset = {});

    // nullopt: it stands as it is.
    [[nodiscard]] std::optional<std::string> for_later();

private:
    void definitions(token_cursor at);
    void alter_clauses(token_cursor at);
    // True if something of the clause is left, which ends at the token with the index `end`.
    [[nodiscard]] bool alter_clause(token_cursor at, std::size_t& end);
    [[nodiscard]] static std::size_t check_end(token_cursor at);
    // The parentheses that begin here, with columns and keys; true if one of them is left.
    bool elements(token_cursor& at);
    void element(token_cursor at, std::size_t end);
    void column(token_cursor at, std::size_t end);
    void without_references(token_cursor& at, std::size_t end);
    void without_order(token_cursor at, std::size_t end);
    [[nodiscard]] bool is_ignored_check(token_cursor at) const;
    void leave_out(std::size_t first, std::size_t end);
    void leave_out_entry(std::size_t first, std::size_t end, bool is_first);
    [[nodiscard]] std::size_t clause_end(token_cursor at) const;

    std::string_view text_;
    std::uint32_t version_;
    token_list list_;
    std::vector<text_edit> edits_;
};

// One that is not known (0, or the highest number) is none.
[[nodiscard]] constexpr bool is_older_mysql(std::uint32_t version) {
    constexpr std::uint32_t first_without = 90000;
    return version > 0 && version < first_without;
}

} // namespace understudy::applier::ddl
