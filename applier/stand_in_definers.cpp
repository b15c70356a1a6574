#include "applier/stand_in_definers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace understudy::applier {

using protocol::result;

namespace {

constexpr unsigned no_such_user = 1449; // ER_NO_SUCH_USER
constexpr std::size_t stand_ins_max = 16;

// What the statement uses is checked for its definer's rights too; without GRANT OPTION the target
// refuses, and then the statement's own error tells what is missing.
constexpr std::string_view rights = "GRANT SELECT, EXECUTE ON *.* TO ";

} // namespace

std::optional<state::account_name> missing_definer(const protocol::error& refusal) {
    if (refusal.server.number != no_such_user) return std::nullopt;
    const std::string_view text = refusal.server.message;
    const auto begin = text.find("('");
    const auto end = text.rfind("')");
    const auto divider = text.find("'@'", begin == std::string_view::npos ? 0 : begin);
    if (begin == std::string_view::npos || end == std::string_view::npos ||
        divider == std::string_view::npos || divider + 3 > end)
        return std::nullopt;
    state::account_name account{std::string(text.substr(begin + 2, divider - begin - 2)),
                                std::string(text.substr(divider + 3, end - divider - 3))};
    // The session may have any sql_mode and character set: plain letters mean the same in all.
    const std::string both = account.user + account.host;
    const bool plain = std::ranges::all_of(
        both, [](unsigned char c) { return c >= ' ' && c < 0x7f && c != '\'' && c != '\\'; });
    if (!plain || account.user.empty()) return std::nullopt;
    return account;
}

result<bool> stand_in_definers::made_for(const protocol::error& refusal) {
    const auto account = missing_definer(refusal);
    if (!account || made_.size() >= stand_ins_max ||
        std::ranges::find(made_, *account) != made_.end())
        return false;
    auto made = target_->query(
        fmt::format("CREATE USER {} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT 'stands in "
                    "for a missing definer while understudy makes an object'",
                    account->to_string()));
    if (!made) {
        if (target_->broken()) return std::unexpected(std::move(made.error()));
        return false;
    }
    made_.push_back(*account);
    auto granted = target_->execute(std::string(rights) + account->to_string());
    if (!granted && target_->broken()) return std::unexpected(std::move(granted.error()));
    return true;
}

result<void> stand_in_definers::remove() {
    result<void> done;
    while (!made_.empty() && !target_->broken()) {
        auto dropped = target_->execute("DROP USER " + made_.back().to_string());
        if (!dropped && done)
            done = wrap(std::move(dropped.error()), "removing the account " +
                                                        made_.back().to_string() +
                                                        " that stood in for a missing definer");
        made_.pop_back();
    }
    return done;
}

} // namespace understudy::applier
