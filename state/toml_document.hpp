#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

struct toml_entry;

// One value of a TOML document and where it stands in the text (from 1).
struct toml_node {
    enum class kind : std::uint8_t { boolean, integer, number, text, date, list, table };

    kind what = kind::table;
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    bool boolean = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string text;
    std::vector<toml_node> list;
    std::vector<toml_entry> table; // in the order of the text

    // What a person would call it: `"abc"`, `42`, `a list`.
    [[nodiscard]] std::string describe() const;
};

struct toml_entry {
    std::string key;
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    toml_node value;
};

// The document as plain values. errc::task_file_invalid says "line:column: what is wrong" without
// quoting the text, which may hold a password. The one file that knows the TOML library is
// toml_document.cpp.
[[nodiscard]] protocol::result<toml_node> parse_toml(std::string_view text);

} // namespace understudy::state
