#include "state/account_name.hpp"

#include "state/errc.hpp"
#include "state/name_glob.hpp"

#include <utility>

namespace understudy::state {

namespace {

std::string quoted_with(char quote, std::string_view text) {
    std::string out(1, quote);
    for (const char c : text) {
        if (c == quote) out += quote;
        out += c;
    }
    return out + quote;
}

} // namespace

protocol::result<account_part> take_account_part(std::string_view& rest) {
    account_part part;
    const char quote = rest.empty() ? '\0' : rest.front();
    if (quote == '\'' || quote == '"' || quote == '`') {
        part.is_quoted = true;
        rest.remove_prefix(1);
        while (!rest.empty()) {
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c != quote) {
                part.text += c;
            } else if (rest.starts_with(quote)) {
                part.text += c;
                rest.remove_prefix(1);
            } else {
                return part;
            }
        }
        return protocol::fail(errc::selection_invalid, "a quote is not closed");
    }
    part.text = rest.substr(0, rest.rfind('@'));
    rest.remove_prefix(part.text.size());
    return part;
}

protocol::result<account_name> account_name::parse(std::string_view text) {
    account_name account;
    std::string_view rest = text;
    auto user = take_account_part(rest);
    if (!user) return std::unexpected(user.error());
    account.user = std::move(user->text);
    if (rest.starts_with('@')) {
        rest.remove_prefix(1);
        auto host = take_account_part(rest);
        if (!host) return std::unexpected(host.error());
        account.host = std::move(host->text);
    }
    constexpr std::size_t user_max = 32;
    constexpr std::size_t host_max = 255;
    // Back-slashes mean one thing or another, as sql_mode says; no account has them.
    const bool odd = account.user.contains('\\') || account.host.contains('\\');
    if (!rest.empty() || account.user.empty() || account.host.empty() || odd ||
        count_characters(account.user) > user_max || count_characters(account.host) > host_max)
        return protocol::fail(errc::selection_invalid,
                              "\"" + std::string(text) + "\" is no account (user@host)");
    return account;
}

std::string account_name::to_string() const {
    return quoted_with('\'', user) + "@" + quoted_with('\'', host);
}

std::string account_name::quoted() const {
    return quoted_with('`', user) + "@" + quoted_with('`', host);
}

bool account_name::is_same(const account_name& other) const {
    return user == other.user && names_equal(host, other.host, true);
}

} // namespace understudy::state
