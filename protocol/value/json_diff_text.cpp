#include "protocol/value/json_diff_text.hpp"

#include "protocol/errc.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/json_sql.hpp"
#include "protocol/value/json_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <ranges>

namespace understudy::protocol {

namespace {

std::string_view word_of(json_diff_operation operation) {
    switch (operation) {
    case json_diff_operation::replace: return "replace";
    case json_diff_operation::insert: return "insert";
    case json_diff_operation::remove: return "remove";
    }
    return "";
}

// An insertion at an array's element moves the elements behind it.
std::string_view function_of(const json_diff& diff) {
    switch (diff.operation) {
    case json_diff_operation::replace: return "JSON_REPLACE(";
    case json_diff_operation::insert:
        return diff.path.ends_with(']') ? "JSON_ARRAY_INSERT(" : "JSON_INSERT(";
    case json_diff_operation::remove: return "JSON_REMOVE(";
    }
    return "";
}

void append_column(std::string& out, std::string_view column) {
    if (column.empty()) {
        out += "@doc";
        return;
    }
    out += '`';
    for (const char c : column) {
        out.append(c == '`' ? 2 : 1, c);
    }
    out += '`';
}

result<void> check_path(const json_diff& diff) {
    if (!is_utf8(diff.path)) {
        return fail(errc::malformed, "the path of a partial JSON update is no UTF-8");
    }
    return {};
}

} // namespace

result<void> append_json_diff_list(std::string& out, std::span<const json_diff> diffs) {
    out += R"({"partial": [)";
    for (std::string_view between; const auto& diff : diffs) {
        if (auto checked = check_path(diff); !checked) {
            return checked;
        }
        out += between;
        out += R"({"op": ")";
        out += word_of(diff.operation);
        out += R"(", "path": )";
        append_json_string(out, diff.path);
        if (diff.operation != json_diff_operation::remove) {
            out += R"(, "value": )";
            if (auto printed = append_json_text(out, diff.value); !printed) {
                return printed;
            }
        }
        out += '}';
        between = ", ";
    }
    out += "]}";
    return {};
}

result<void> append_json_diff_expression(std::string& out, std::string_view column,
                                         std::span<const json_diff> diffs) {
    for (const auto& diff : std::views::reverse(diffs)) {
        out += function_of(diff);
    }
    append_column(out, column);
    for (const auto& diff : diffs) {
        if (auto checked = check_path(diff); !checked) {
            return checked;
        }
        out += ", ";
        append_sql_string(out, "utf8mb4", true, as_bytes(diff.path));
        if (diff.operation != json_diff_operation::remove) {
            out += ", ";
            if (auto built = append_json_expression(out, diff.value); !built) {
                return built;
            }
        }
        out += ')';
    }
    return {};
}

} // namespace understudy::protocol
