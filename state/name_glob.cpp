#include "state/name_glob.hpp"

#include "protocol/assert.hpp"
#include "state/errc.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <clocale>
#include <cstddef>
#include <cwchar>
#include <cwctype>
#include <regex>

namespace understudy::state {

namespace {

char folded(char c, bool case_insensitive) {
    return case_insensitive && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t next_character(std::string_view text, std::size_t at) {
    ++at;
    while (at < text.size() && is_continuation(text[at]))
        ++at;
    return at;
}

// "/…/" at the front of `rest`; a slash inside of it has a backslash before it.
protocol::result<name_glob> take_expression(std::string_view& rest) {
    std::string text;
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '/'; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) {
            if (rest[at + 1] != '/') text += rest[at];
            ++at;
        }
        text += rest[at];
    }
    if (at >= rest.size())
        return protocol::fail(errc::selection_invalid, "a regular expression is not closed with /");
    rest.remove_prefix(at + 1);
    if (!rest.empty() && rest.front() != '.')
        return protocol::fail(errc::selection_invalid,
                              "after the / that closes an expression comes a dot or nothing");
    return name_glob::expression(text);
}

// Reads one part of a pattern from the front of `rest`, up to an unquoted dot or the end.
protocol::result<name_glob> take_part(std::string_view& rest) {
    name_glob part;
    if (rest.starts_with('`')) {
        rest.remove_prefix(1);
        while (true) {
            if (rest.empty())
                return protocol::fail(errc::selection_invalid, "a back-tick is not closed");
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c == '`') {
                if (!rest.starts_with('`')) break;
                rest.remove_prefix(1);
            }
            part.append_literal(c);
        }
        if (!rest.empty() && rest.front() != '.') {
            return protocol::fail(errc::selection_invalid,
                                  "after a closing back-tick comes a dot or nothing");
        }
    } else if (rest.starts_with('/')) {
        return take_expression(rest);
    } else {
        while (!rest.empty() && rest.front() != '.') {
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c == '`') {
                return protocol::fail(errc::selection_invalid,
                                      "back-ticks go around the whole name, not inside it");
            }
            if (c == '*')
                part.append_any_sequence();
            else if (c == '?')
                part.append_any_character();
            else
                part.append_literal(c);
        }
    }
    if (part.empty()) return protocol::fail(errc::selection_invalid, "a name is empty");
    return part;
}

} // namespace

struct name_glob::compiled {
    std::regex exact;
    std::regex without_case;
};

protocol::result<name_glob> name_glob::expression(std::string_view text) {
    name_glob glob;
    const std::string pattern(text);
    try {
        glob.expression_ = std::make_shared<const compiled>(compiled{
            std::regex(pattern), std::regex(pattern, std::regex::ECMAScript | std::regex::icase)});
    } catch (const std::regex_error& wrong) {
        return protocol::fail(errc::selection_invalid, "the regular expression /" + pattern +
                                                           "/ is not one: " + wrong.what());
    }
    return glob;
}

std::optional<name_glob::parts> name_glob::around_one_star() const {
    if (expression_ || text_.find(any_character) != std::string::npos) return std::nullopt;
    const auto star = text_.find(any_sequence);
    if (star == std::string::npos) return parts{text_, "", false};
    if (text_.find(any_sequence, star + 1) != std::string::npos) return std::nullopt;
    return parts{text_.substr(0, star), text_.substr(star + 1), true};
}

name_glob name_glob::literal(std::string_view name) {
    name_glob glob;
    glob.text_ = name;
    return glob;
}

name_glob name_glob::everything() {
    name_glob glob;
    glob.append_any_sequence();
    return glob;
}

bool name_glob::matches(std::string_view name, bool case_insensitive) const {
    if (expression_)
        return std::regex_match(name.begin(), name.end(),
                                case_insensitive ? expression_->without_case : expression_->exact);
    // Greedy with one point to come back to: linear for all but silly patterns.
    std::size_t at = 0;
    std::size_t in_glob = 0;
    std::size_t star = std::string::npos;
    std::size_t star_at = 0;
    while (at < name.size()) {
        if (in_glob < text_.size() && text_[in_glob] == any_sequence) {
            star = in_glob++;
            star_at = at;
        } else if (in_glob < text_.size() && text_[in_glob] == any_character) {
            ++in_glob;
            at = next_character(name, at);
        } else if (in_glob < text_.size() &&
                   folded(text_[in_glob], case_insensitive) == folded(name[at], case_insensitive)) {
            ++in_glob;
            ++at;
        } else if (star != std::string::npos) {
            in_glob = star + 1;
            star_at = next_character(name, star_at);
            at = star_at;
        } else {
            return false;
        }
    }
    while (in_glob < text_.size() && text_[in_glob] == any_sequence)
        ++in_glob;
    return in_glob == text_.size();
}

bool name_glob::is_everything() const {
    return !text_.empty() && std::ranges::all_of(text_, [](char c) { return c == any_sequence; });
}

std::optional<std::string> name_glob::like() const {
    if (expression_) return std::nullopt;
    std::string pattern;
    for (const char c : text_) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c == any_sequence ? '%' : c == any_character ? '_' : c;
    }
    return pattern;
}

bool name_glob::has_wildcard() const {
    return expression_ != nullptr || text_.find(any_sequence) != std::string::npos ||
           text_.find(any_character) != std::string::npos;
}

bool name_glob::may_overlap(const name_glob& other, bool case_insensitive) const {
    if (!has_wildcard()) return other.matches(text_, case_insensitive);
    if (!other.has_wildcard()) return matches(other.text_, case_insensitive);
    return true;
}

protocol::result<object_pattern> object_pattern::parse(std::string_view text) {
    object_pattern pattern;
    std::string_view rest = text;
    auto database = take_part(rest);
    if (!database) return std::unexpected(database.error());
    pattern.database = *std::move(database);
    if (rest.empty()) {
        pattern.object = name_glob::everything();
        return pattern;
    }
    rest.remove_prefix(1);
    auto object = take_part(rest);
    if (!object) return std::unexpected(object.error());
    if (!rest.empty()) {
        return protocol::fail(errc::selection_invalid,
                              "more than one dot; put back-ticks around a name that holds one");
    }
    pattern.object = *std::move(object);
    pattern.names_object = true;
    return pattern;
}

bool names_equal(std::string_view left, std::string_view right, bool case_insensitive) {
    return std::ranges::equal(
        left, right, {}, [&](char c) { return folded(c, case_insensitive); },
        [&](char c) { return folded(c, case_insensitive); });
}

std::string lower_case_name(std::string_view name) {
    // The C library's own tables of Unicode; as old as any Debian.
    static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    UNDERSTUDY_ASSERT(unicode != nullptr);
    const locale_t before = uselocale(unicode);
    std::string lower;
    std::mbstate_t reading{};
    std::mbstate_t writing{};
    while (!name.empty()) {
        wchar_t character = 0;
        const std::size_t bytes = std::mbrtowc(&character, name.data(), name.size(), &reading);
        std::array<char, MB_LEN_MAX> small{};
        // Neither half a character nor a zero byte is part of a name: as it is.
        const bool is_character = bytes > 0 && bytes <= name.size();
        const std::size_t written =
            is_character
                ? std::wcrtomb(small.data(),
                               static_cast<wchar_t>(std::towlower(static_cast<wint_t>(character))),
                               &writing)
                : 0;
        if (written == 0 || written > small.size()) {
            lower += name;
            break;
        }
        lower.append(small.data(), written);
        name.remove_prefix(bytes);
    }
    uselocale(before);
    return lower;
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::ranges::count_if(utf8, [](char c) { return !is_continuation(c); }));
}

} // namespace understudy::state
