#pragma once

#include <cstdint>
#include <string>
#include <vector>

// The statements of tests/data/ddl, which unit and live tests share. The files are scripts as the
// mysql client reads them (a statement ends at a line that ends with the delimiter, DELIMITER
// changes it), with lines for us among them:
//
//   --! skip | refuse     the next statement is left out or refused where only `corpus` is selected
//   --! read              from here on statements are planned and not executed, and skip, refuse
//                         hold on
//   --! mode A,B          sql_mode of what follows
//   --! database x        default database of what follows; none without a name. At first `corpus`
namespace understudy::test {

struct corpus_statement {
    enum class outcome : std::uint8_t { executed, skipped, refused };
    std::string place; // "views.sql:12"
    std::string text;
    outcome expected = outcome::executed;
    bool is_executable = true;
    std::string sql_mode;
    std::string database = "corpus";

    // Bits of sql_mode as they are logged.
    [[nodiscard]] std::uint64_t mode_bits() const;
};

// One file, in its order. Throws std::runtime_error when there is none.
[[nodiscard]] std::vector<corpus_statement> read_ddl_corpus(const std::string& file);
[[nodiscard]] std::vector<std::string> ddl_corpus_files();

} // namespace understudy::test
