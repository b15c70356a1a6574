#include "protocol/value/json_path.hpp"

#include "protocol/value/json_binary.hpp"

#include <algorithm>
#include <charconv>

namespace understudy::protocol {

namespace {

void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 63));
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 63));
        out += static_cast<char>(0x80 | (code >> 6 & 63));
    }
    out += static_cast<char>(0x80 | (code & 63));
}

class parser {
public:
    explicit parser(std::string_view text) : rest_(text) {}

    std::optional<std::vector<json_path_leg>> parse() {
        std::vector<json_path_leg> legs;
        bool ok = take('$');
        while (ok && !rest_.empty()) {
            json_path_leg leg;
            ok = legs.size() < json_depth_max && (take('[') ? index(leg) : take('.') && name(leg));
            legs.push_back(std::move(leg));
        }
        return ok ? std::optional(std::move(legs)) : std::nullopt;
    }

private:
    bool take(char c) {
        if (!rest_.starts_with(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool index(json_path_leg& leg) {
        leg.is_index = true;
        const auto* const end = rest_.data() + rest_.size();
        const auto [after, error] = std::from_chars(rest_.data(), end, leg.index);
        rest_.remove_prefix(static_cast<std::size_t>(after - rest_.data()));
        return error == std::errc() && take(']');
    }

    bool name(json_path_leg& leg) {
        if (take('"')) {
            return quoted_name(leg.name);
        }
        const auto size = std::min(rest_.find_first_of(".["), rest_.size());
        leg.name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return size != 0;
    }

    bool quoted_name(std::string& into) {
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') {
                return true;
            }
            if (c != '\\') {
                into += c;
            } else if (!escape(into)) {
                return false;
            }
        }
        return false;
    }

    bool escape(std::string& into) {
        if (rest_.empty()) {
            return false;
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        switch (c) {
        case 'b': into += '\b'; return true;
        case 'f': into += '\f'; return true;
        case 'n': into += '\n'; return true;
        case 'r': into += '\r'; return true;
        case 't': into += '\t'; return true;
        case '"':
        case '\\':
        case '/': into += c; return true;
        case 'u': return code_point(into);
        default: return false;
        }
    }

    std::optional<unsigned> four_digits() {
        constexpr std::size_t digits = 4;
        unsigned code = 0;
        if (rest_.size() < digits) {
            return std::nullopt;
        }
        const auto [after, error] = std::from_chars(rest_.data(), rest_.data() + digits, code, 16);
        if (error != std::errc() || after != rest_.data() + digits) {
            return std::nullopt;
        }
        rest_.remove_prefix(digits);
        return code;
    }

    bool code_point(std::string& into) {
        const auto code = four_digits();
        if (!code || (*code >= 0xdc00 && *code < 0xe000)) {
            return false;
        }
        if (*code < 0xd800 || *code >= 0xe000) {
            append_utf8(into, *code);
            return true;
        }
        const bool pair = take('\\') && take('u');
        const auto low = pair ? four_digits() : std::nullopt;
        if (!low || *low < 0xdc00 || *low >= 0xe000) {
            return false;
        }
        append_utf8(into, 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00));
        return true;
    }

    std::string_view rest_;
};

} // namespace

std::optional<std::vector<json_path_leg>> parse_json_path(std::string_view text) {
    return parser(text).parse();
}

} // namespace understudy::protocol
