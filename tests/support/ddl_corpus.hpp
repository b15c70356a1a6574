#pragma once

#include <cstdint>
#include <string>
#include <vector>

// The statements of tests/data/ddl, which unit and live tests share. The files are scripts as the
// mysql client reads them (a statement ends at a line that ends with the delimiter, DELIMITER
// changes it), with lines for us among them. What only an older server takes, or what means
// something else there, is in a directory of its name.
//
//   --! skip | refuse     the next statement is left out or refused where only `corpus` is selected
//   --! stop              the target refuses the next statement
//   --! not x             the next statement is not for the server x ("mysql-5.6"), which takes it;
//                         a comment says why
//   --! read              from here on statements are planned and not executed, and skip, refuse
//                         hold on
//   --! mode A,B          sql_mode of what follows
//   --! database x        default database of what follows; none without a name. At first `corpus`
namespace understudy::test {

struct corpus_statement {
    enum class outcome : std::uint8_t { executed, skipped, refused, stopped };
    std::string place; // "views.sql:12"
    std::string text;
    outcome expected = outcome::executed;
    bool is_executable = true;
    std::string sql_mode;
    bool has_mode = false; // a directive named one, if only the empty one
    std::string database = "corpus";
    std::vector<std::string> not_for{};

    // Bits of sql_mode as they are logged.
    [[nodiscard]] std::uint64_t mode_bits() const;
};

// One file, in its order. Throws std::runtime_error when there is none.
[[nodiscard]] std::vector<corpus_statement> read_ddl_corpus(const std::string& file);
// Of one older server: "mysql-5.6/tables.sql".
[[nodiscard]] std::vector<std::string> ddl_corpus_files(const std::string& server = "");

} // namespace understudy::test
