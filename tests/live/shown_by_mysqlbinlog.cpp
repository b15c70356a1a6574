#include "tests/live/shown_by_mysqlbinlog.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace understudy::test {
namespace {

namespace json = boost::json;

// \x27, \' and \\ back to bytes.
std::string unescaped(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const auto* const hex = text.data() + i + 2;
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
            std::from_chars(hex, hex + 2, byte, 16).ptr == hex + 2) {
            out += static_cast<char>(byte);
            i += 3;
        } else if (text[i] == '\\' && i + 1 < text.size()) {
            out += text[++i];
        } else {
            out += text[i];
        }
    }
    return out;
}

bool is_quoted(const std::string& text) {
    return text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
}

std::string inside(const std::string& text) {
    return text.substr(1, text.size() - 2);
}

bool is_number(const std::string& text) {
    char* end = nullptr;
    std::strtod(text.c_str(), &end);
    return !text.empty() && *end == '\0';
}

// -5 is printed as "-5 (251)": both of what it may be.
bool is_same_number(const std::string& ours, const std::string& theirs) {
    const auto bracket = theirs.find(" (");
    if (theirs.starts_with('-') && bracket != std::string::npos)
        return ours == theirs.substr(0, bracket) ||
               ours == theirs.substr(bracket + 2, theirs.size() - bracket - 3);
    if (ours == theirs) return true;
    if (!is_number(ours) || !is_number(theirs)) return false;
    const double a = std::strtod(ours.c_str(), nullptr);
    const double b = std::strtod(theirs.c_str(), nullptr);
    return std::abs(a - b) <= 1e-5 * std::max(std::abs(a), std::abs(b));
}

// "1704067200.5" is 2024-01-01 00:00:00.5
bool is_same_moment(const std::string& ours, const std::string& theirs) {
    const auto point = theirs.find('.');
    long long seconds = 0;
    const auto* const end = theirs.data() + std::min(point, theirs.size());
    if (std::from_chars(theirs.data(), end, seconds).ptr != end) return false;
    const auto text =
        fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<time_t>(seconds)));
    return ours == text + (point == std::string::npos ? "" : theirs.substr(point));
}

// b'101'
bool is_same_bits(std::uint64_t ours, const std::string& theirs) {
    std::uint64_t value = 0;
    for (const char c : theirs.substr(2, theirs.size() - 3))
        value = value << 1 | (c == '1' ? 1U : 0U);
    return value == ours;
}

std::string base64_of(const std::string& bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8U |
                    (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63U];
    }
    return out;
}

bool is_same_text(const std::string& ours, const std::string& theirs) {
    if (is_quoted(theirs)) return ours == unescaped(inside(theirs));
    return is_same_number(ours, theirs) || is_same_moment(ours, theirs);
}

} // namespace

std::vector<shown_row> rows_by_mysqlbinlog(const std::string& text) {
    std::vector<shown_row> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        for (const auto& [begin, kind] :
             {std::pair{"### INSERT INTO ", "insert"}, std::pair{"### UPDATE ", "update"},
              std::pair{"### DELETE FROM ", "delete"}}) {
            if (!line.starts_with(begin)) continue;
            auto& row = found.emplace_back();
            row.kind = kind;
            for (const char c : line.substr(std::string_view(begin).size())) {
                if (c != '`') row.table += c;
            }
        }
        if (!line.starts_with("###   @")) continue;
        auto value = line.substr(line.find('=') + 1);
        // FLOAT is filled up to twenty characters.
        if (value.ends_with(' ')) value.erase(value.find_last_not_of(' ') + 1);
        found.back().values.push_back(std::move(value));
    }
    return found;
}

std::vector<shown_change> changes_by_us(const std::string& json_lines) {
    std::vector<shown_change> found;
    std::istringstream lines(json_lines);
    for (std::string line; std::getline(lines, line);) {
        const auto change = json::parse(line).as_object();
        if (!change.contains("table")) continue; // what the source noted beside the rows
        auto& row = found.emplace_back();
        row.kind = change.at("kind").as_string();
        row.table = std::string(change.at("database").as_string()) + "." +
                    std::string(change.at("table").as_string());
        for (const char* image : {"before", "after"}) {
            if (!change.contains(image)) continue;
            for (const auto& member : change.at(image).as_object())
                row.values.push_back(member.value());
        }
    }
    return found;
}

bool are_same(const json::value& ours, const std::string& theirs) {
    if (theirs == "NULL") return ours.is_null();
    // JSON_SET(@5, …), or @5 where nothing changes: what it does to the document is compared by the
    // tables in the end.
    if (theirs.starts_with("JSON_") || theirs.starts_with('@')) return ours.is_object();
    if (ours.is_null()) return false;
    if (theirs.starts_with("b'")) {
        return ours.is_int64()
                   ? is_same_bits(static_cast<std::uint64_t>(ours.as_int64()), theirs)
                   : ours.is_string() &&
                         is_same_bits(std::stoull(std::string(ours.as_string())), theirs);
    }
    if (ours.is_string()) {
        if (is_same_text(std::string(ours.as_string()), theirs)) return true;
    } else if (!is_quoted(theirs)) {
        return is_same_number(json::serialize(ours), theirs);
    }
    if (!is_quoted(theirs)) return false;
    const auto* const object = ours.if_object();
    if (object != nullptr && object->size() == 1 && object->contains("base64"))
        return object->at("base64").as_string() == base64_of(unescaped(inside(theirs)));
    boost::system::error_code failure;
    const auto document = json::parse(unescaped(inside(theirs)), failure);
    return !failure && json::serialize(document) == json::serialize(ours);
}

std::string difference(const std::vector<shown_change>& ours,
                       const std::vector<shown_row>& theirs) {
    if (ours.size() != theirs.size())
        return fmt::format("{} rows, {} by mysqlbinlog", ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const auto where = fmt::format("row {}, {} {}", i, ours[i].kind, ours[i].table);
        if (ours[i].kind != theirs[i].kind || ours[i].table != theirs[i].table)
            return where + ", by mysqlbinlog " + theirs[i].kind + " " + theirs[i].table;
        if (ours[i].values.size() != theirs[i].values.size())
            return fmt::format("{}: {} values, {} by mysqlbinlog", where, ours[i].values.size(),
                               theirs[i].values.size());
        for (std::size_t j = 0; j < ours[i].values.size(); ++j) {
            if (!are_same(ours[i].values[j], theirs[i].values[j]))
                return fmt::format("{}, value {}: {}, by mysqlbinlog {}", where, j,
                                   json::serialize(ours[i].values[j]), theirs[i].values[j]);
        }
    }
    return "";
}

} // namespace understudy::test
