#pragma once

#include "protocol/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Who may ask for what. Pure.
namespace understudy::api {

// Each may do what those before it may.
enum class role : std::uint8_t {
    nobody,    // no token
    viewer,    // states and figures; no rows, no definitions
    operator_, // tasks: make, change, start, stop; rows of the relay
    owner,     // as the user that the daemon runs as: files and commands in definitions too
};

[[nodiscard]] std::string_view to_string(role value);

struct caller {
    role may = role::nobody;
    std::string name; // of the token, for the audit log
    bool operator==(const caller&) const = default;
};

// The tokens that are accepted. A file of lines "ROLE NAME TOKEN", where TOKEN is the token itself
// (20 characters at least) or "sha256:" and the hex digits of its SHA-256; # begins a comment. Only
// digests are kept. Looking one up takes the same time whichever it is.
class token_table {
public:
    // The error names the line, never what is in it.
    [[nodiscard]] static protocol::result<token_table> parse(std::string_view text);

    void add(role may, std::string name, std::string_view token);
    [[nodiscard]] std::optional<caller> find(std::string_view token) const;
    [[nodiscard]] bool empty() const { return entries_.empty(); }

private:
    using digest = std::array<unsigned char, 32>;
    struct entry {
        caller who;
        digest hash;
    };
    [[nodiscard]] static digest hash_of(std::string_view token);

    std::vector<entry> entries_;
};

// The token of "Bearer TOKEN"; nothing for anything else.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

// The names under which we are reached. A browser that was led here by a foreign name (DNS
// rebinding) says that name in Host; a foreign page that sends us a request says itself in Origin.
class allowed_hosts {
public:
    explicit allowed_hosts(std::vector<std::string> names); // without ports
    // "name", "name:8470", "[::1]:8470"
    [[nodiscard]] bool is_host(std::string_view host) const;
    // Absent is good: only browsers send one. Otherwise scheme://Host, exactly.
    [[nodiscard]] static bool is_origin_of(std::string_view origin, std::string_view host,
                                           bool tls);

private:
    std::vector<std::string> names_;
};

} // namespace understudy::api
