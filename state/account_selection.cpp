#include "state/account_selection.hpp"

#include "state/errc.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace understudy::state {

namespace {

constexpr std::array<std::string_view, 4> servers_own{"mysql.sys", "mysql.session",
                                                      "mysql.infoschema", "mariadb.sys"};
constexpr std::string_view superuser = "root";

std::unexpected<protocol::error> invalid(std::string_view pattern, const std::string& why) {
    return protocol::fail(errc::selection_invalid, "\"" + std::string(pattern) + "\" " + why);
}

name_glob glob_of(const account_part& part) {
    if (part.is_quoted) return name_glob::literal(part.text);
    name_glob glob;
    for (const char c : part.text) {
        if (c == '*')
            glob.append_any_sequence();
        else
            glob.append_literal(c);
    }
    return glob;
}

} // namespace

protocol::result<void> account_selection::add(std::string_view text) {
    std::string_view rest = text;
    const auto user = take_account_part(rest);
    if (!user) return std::unexpected(user.error());
    account_part host{"%", true};
    if (rest.starts_with('@')) {
        rest.remove_prefix(1);
        auto written = take_account_part(rest);
        if (!written) return std::unexpected(written.error());
        host = *std::move(written);
    } else if (text == "*") {
        host = {"*", false};
    }
    if (!rest.empty() || host.text.empty() || (user->text.empty() && !user->is_quoted))
        return invalid(text, "is no account (user@host)");
    pattern added{glob_of(*user), glob_of(host)};
    if (!added.user.has_wildcard() && is_never_taken(user->text))
        return invalid(text, std::ranges::find(own_users_, user->text) != own_users_.end()
                                 ? "is an account that the task itself signs in with"
                                 : "is the server's own account");
    patterns_.push_back(std::move(added));
    return {};
}

void account_selection::keep_out(std::string user) {
    if (!user.empty()) own_users_.push_back(std::move(user));
}

bool account_selection::is_never_taken(std::string_view user) const {
    return std::ranges::find(servers_own, user) != servers_own.end() ||
           std::ranges::find(own_users_, user) != own_users_.end();
}

bool account_selection::selects(const account_name& account) const {
    if (is_never_taken(account.user)) return false;
    return std::ranges::any_of(patterns_, [&](const pattern& one) {
        if (account.user == superuser && one.user.has_wildcard()) return false;
        return one.user.matches(account.user, false) && one.host.matches(account.host, true);
    });
}

} // namespace understudy::state
