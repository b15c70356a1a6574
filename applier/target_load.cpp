#include "applier/target_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace understudy::applier {

using protocol::result;

namespace {

constexpr std::chrono::seconds patience{5};

// Connects where there is no good session. Empty: it is there.
std::string open(std::unique_ptr<target_session>& session, protocol::connect_options options) {
    if (session != nullptr && !session->broken()) return {};
    options.connect_timeout = patience;
    options.read_timeout = patience;
    auto opened = target_session::connect(options, {});
    if (!opened) return opened.error().what;
    session = std::move(*opened);
    return {};
}

std::optional<std::uint64_t> number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return value;
}

// MySQL since 8.0.22 says replica, all others slave.
std::string_view status_statement(const target_facts& facts) {
    constexpr std::uint32_t first_with_replica = 80022;
    return !facts.is_mariadb && facts.version_number >= first_with_replica ? "SHOW REPLICA STATUS"
                                                                           : "SHOW SLAVE STATUS";
}

} // namespace

target_load::target_load(const state::task_spec& task) : task_(task) {
    for (const protocol::server_address& address : task.apply.throttle.replicas)
        replicas_.push_back({task.target.at(address), nullptr});
}

bool target_load::is_wanted() const {
    return task_.apply.throttle.threads_running_max > 0 || !replicas_.empty();
}

std::string target_load::reason_to_wait() {
    if (auto reason = ask_target(); !reason.empty()) return reason;
    for (replica& one : replicas_) {
        if (auto reason = ask_replica(one); !reason.empty()) return reason;
    }
    return {};
}

std::string target_load::ask_target() {
    const std::uint32_t most = task_.apply.throttle.threads_running_max;
    if (most == 0) return {};
    if (auto refused = open(target_, task_.target); !refused.empty()) return refused;
    auto answer = target_->query("SHOW GLOBAL STATUS LIKE 'Threads_running'");
    if (!answer) return answer.error().what;
    const auto running = answer->rows.empty() ? std::nullopt : number(answer->rows.front()[1]);
    if (!running) return "the target does not say how many of its threads run";
    if (*running <= most) return {};
    return fmt::format("{} threads run on the target (threads_running_max is {})", *running, most);
}

std::string target_load::ask_replica(replica& one) const {
    const std::string name = "the target's replica " + one.options.address();
    if (auto refused = open(one.session, one.options); !refused.empty())
        return name + " cannot be asked: " + refused;
    auto answer = one.session->query(status_statement(one.session->facts()));
    if (!answer) return name + " cannot be asked: " + answer.error().what;
    if (answer->rows.empty()) return name + " is not a replica";
    const auto column = std::ranges::find_if(answer->columns, [](const std::string& title) {
        return title == "Seconds_Behind_Source" || title == "Seconds_Behind_Master";
    });
    if (column == answer->columns.end()) return name + " does not say how far it is behind";
    const auto behind =
        number(answer->rows.front()[static_cast<std::size_t>(column - answer->columns.begin())]);
    if (!behind) return name + " does not replicate";
    const std::chrono::seconds lag(static_cast<std::int64_t>(*behind));
    const auto most = task_.apply.throttle.replica_lag_max;
    if (lag <= most) return {};
    return fmt::format("{} is {} s behind (replica_lag_max is {:.1f} s)", name, lag.count(),
                       std::chrono::duration<double>(most).count());
}

} // namespace understudy::applier
