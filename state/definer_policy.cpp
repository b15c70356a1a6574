#include "state/definer_policy.hpp"

#include "state/errc.hpp"
#include "state/name_glob.hpp"

namespace understudy::state {

namespace {

constexpr std::string_view current_user = "current-user";

// One part, quoted with ', " or ` or bare up to the end or an @.
protocol::result<std::string> take_part(std::string_view& rest) {
    std::string part;
    const char quote = rest.empty() ? '\0' : rest.front();
    if (quote == '\'' || quote == '"' || quote == '`') {
        rest.remove_prefix(1);
        while (!rest.empty()) {
            const char c = rest.front();
            rest.remove_prefix(1);
            if (c != quote) {
                part += c;
            } else if (rest.starts_with(quote)) {
                part += c;
                rest.remove_prefix(1);
            } else {
                return part;
            }
        }
        return protocol::fail(errc::selection_invalid, "a quote is not closed");
    }
    const auto end = rest.rfind('@');
    part = rest.substr(0, end);
    rest.remove_prefix(part.size());
    return part;
}

std::string sql_text(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    return out + "'";
}

} // namespace

protocol::result<account_name> account_name::parse(std::string_view text) {
    account_name account;
    std::string_view rest = text;
    auto user = take_part(rest);
    if (!user) return std::unexpected(user.error());
    account.user = *std::move(user);
    if (rest.starts_with('@')) {
        rest.remove_prefix(1);
        auto host = take_part(rest);
        if (!host) return std::unexpected(host.error());
        account.host = *std::move(host);
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
    return sql_text(user) + "@" + sql_text(host);
}

protocol::result<void> definer_policy::add(std::string_view from, std::string_view to) {
    std::optional<account_name> target;
    if (to != current_user) {
        auto parsed = account_name::parse(to);
        if (!parsed) return std::unexpected(parsed.error());
        target = *std::move(parsed);
    }
    if (from == "*") {
        everybody_ = target;
        otherwise_ = target ? choice::keep : choice::current_user;
        return {};
    }
    auto source = account_name::parse(from);
    if (!source) return std::unexpected(source.error());
    map_.emplace_back(*std::move(source), std::move(target));
    return {};
}

std::optional<std::string> definer_policy::on_target(const account_name& source) const {
    const auto text = [](const std::optional<account_name>& account) {
        return account ? account->to_string() : std::string("CURRENT_USER");
    };
    for (const auto& [from, to] : map_) {
        // Users compare with their case, hosts without.
        if (from.user == source.user && names_equal(from.host, source.host, true)) return text(to);
    }
    if (everybody_) return text(everybody_);
    if (otherwise_ == choice::keep) return std::nullopt;
    return text(std::nullopt);
}

} // namespace understudy::state
