#include "api/access.hpp"

#include "api/errc.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace understudy::api {

namespace {

constexpr std::size_t token_size_min = 20;
constexpr std::string_view digest_prefix = "sha256:";

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return made;
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> found;
    constexpr std::string_view blank = " \t\r";
    while (true) {
        const auto begin = line.find_first_not_of(blank);
        if (begin == std::string_view::npos) return found;
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(blank), line.size());
        found.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

std::optional<role> parse_role(std::string_view text) {
    for (const role value : {role::viewer, role::operator_, role::owner}) {
        if (to_string(value) == text) return value;
    }
    return std::nullopt;
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
    return std::nullopt;
}

template<std::size_t N>
bool read_hex(std::string_view text, std::array<unsigned char, N>& into) {
    if (text.size() != 2 * N) return false;
    for (std::size_t i = 0; i < N; ++i) {
        const auto high = hex_digit(text[2 * i]);
        const auto low = hex_digit(text[2 * i + 1]);
        if (!high || !low) return false;
        into[i] = static_cast<unsigned char>(*high << 4U | *low);
    }
    return true;
}

} // namespace

std::string_view to_string(role value) {
    switch (value) {
    case role::nobody: return "nobody";
    case role::viewer: return "viewer";
    case role::operator_: return "operator";
    case role::owner: return "owner";
    }
    std::unreachable();
}

token_table::digest token_table::hash_of(std::string_view token) {
    digest hash{};
    const std::string bytes(token);
    const void* data = bytes.data();
    ::SHA256(static_cast<const unsigned char*>(data), bytes.size(), hash.data());
    return hash;
}

void token_table::add(role may, std::string name, std::string_view token) {
    entries_.push_back({{may, std::move(name)}, hash_of(token)});
}

protocol::result<token_table> token_table::parse(std::string_view text) {
    token_table table;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, text.substr(0, end).find('#'));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto found = words(line.substr(0, end));
        if (found.empty()) continue;
        const auto bad = [number](const char* why) {
            return protocol::fail(errc::bad_tokens, "line " + std::to_string(number) + ": " + why);
        };
        if (found.size() != 3) return bad("needed is a role, a name and a token");
        const auto may = parse_role(found[0]);
        if (!may) return bad("the role is none of viewer, operator, owner");
        if (found[2].starts_with(digest_prefix)) {
            digest hash{};
            if (!read_hex(found[2].substr(digest_prefix.size()), hash))
                return bad("sha256: needs 64 hex digits after it");
            table.entries_.push_back({{*may, std::string(found[1])}, hash});
            continue;
        }
        if (found[2].size() < token_size_min) return bad("the token has less than 20 characters");
        table.add(*may, std::string(found[1]), found[2]);
    }
    return table;
}

// All entries are compared, each in constant time.
std::optional<caller> token_table::find(std::string_view token) const {
    const digest hash = hash_of(token);
    const entry* found = nullptr;
    for (const entry& one : entries_) {
        if (::CRYPTO_memcmp(one.hash.data(), hash.data(), hash.size()) == 0) found = &one;
    }
    return found == nullptr ? std::nullopt : std::optional(found->who);
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (lower(authorization.substr(0, scheme.size())) != scheme) return std::nullopt;
    authorization.remove_prefix(scheme.size());
    if (authorization.empty() || authorization.find(' ') != std::string_view::npos)
        return std::nullopt;
    return authorization;
}

allowed_hosts::allowed_hosts(std::vector<std::string> names) : names_(std::move(names)) {
    for (std::string& name : names_)
        name = lower(name);
}

bool allowed_hosts::is_host(std::string_view host) const {
    std::string_view name = host;
    std::string_view port;
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) return false;
        name = host.substr(0, end + 1);
        port = host.substr(end + 1);
    } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
        name = host.substr(0, colon);
        port = host.substr(colon);
    }
    if (!port.empty() && (port.size() < 2 || port.front() != ':' ||
                          port.find_first_not_of("0123456789", 1) != std::string_view::npos))
        return false;
    return std::ranges::find(names_, lower(name)) != names_.end();
}

bool allowed_hosts::is_origin_of(std::string_view origin, std::string_view host, bool tls) {
    if (origin.empty()) return true;
    return lower(origin) == (tls ? "https://" : "http://") + lower(host);
}

} // namespace understudy::api
