#include "state/definer_policy.hpp"

#include "state/errc.hpp"

namespace understudy::state {

namespace {

constexpr std::string_view current_user = "current-user";

} // namespace

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
        if (from.is_same(source)) return text(to);
    }
    if (everybody_) return text(everybody_);
    if (otherwise_ == choice::keep) return std::nullopt;
    return text(std::nullopt);
}

} // namespace understudy::state
