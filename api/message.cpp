#include "api/message.hpp"

#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace understudy::api {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus_is_blank) c = ' ';
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (static_cast<unsigned char>(text[i]) <= 0x20 || text[i] == 0x7F) {
            return std::nullopt;
        }
        if (c == '\0') return std::nullopt;
        made += c;
    }
    return made;
}

bool read_path(std::string_view path, std::vector<std::string>& into) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    if (path.empty()) return true;
    while (true) {
        const auto end = std::min(path.find('/'), path.size());
        auto part = decode(path.substr(0, end), false);
        if (!part || part->empty() || *part == "." || *part == ".." ||
            part->find_first_of("/\\") != std::string::npos)
            return false;
        into.push_back(*std::move(part));
        if (end == path.size()) return true;
        path.remove_prefix(end + 1);
    }
}

bool read_query(std::string_view query, std::map<std::string, std::string>& into) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto one = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(one.find('='), one.size());
        auto key = decode(one.substr(0, equals), true);
        auto value = decode(one.substr(std::min(equals + 1, one.size())), true);
        if (!key || !value || key->empty()) return false;
        if (!into.emplace(*std::move(key), *std::move(value)).second) return false;
    }
    return true;
}

} // namespace

std::optional<target> parse_target(std::string_view text) {
    target made;
    const auto mark = std::min(text.find('?'), text.size());
    if (!read_path(text.substr(0, mark), made.path)) return std::nullopt;
    if (mark < text.size() && !read_query(text.substr(mark + 1), made.query)) return std::nullopt;
    return made;
}

response error_response(unsigned status, std::string_view code, std::string_view message) {
    response made;
    made.status = status;
    made.body = boost::json::serialize(
        boost::json::object{{"error", {{"code", code}, {"message", state::as_utf8(message)}}}});
    return made;
}

} // namespace understudy::api
