#include "apps/run_goal.hpp"

#include "state/errc.hpp"
#include "state/json_text.hpp"

#include <string>

namespace understudy::apps {

namespace {

constexpr std::string_view gtid_prefix = "gtid:";
constexpr std::string_view time_prefix = "time:";

std::unexpected<protocol::error> bad(std::string_view found, std::string_view why) {
    return protocol::fail(state::errc::task_file_invalid,
                          "until: found \"" + std::string(found) + "\"" + std::string(why) +
                              "; allowed are \"caught-up\", \"gtid:\" with a GTID set, and "
                              "\"time:\" with a time like 2026-02-03T12:34:56Z");
}

// Milliseconds may be left out.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string text) {
    if (text.size() == 20 && text.ends_with('Z')) text.replace(19, 1, ".000Z");
    return text.size() == 24 ? state::parse_time_text(text) : std::nullopt;
}

} // namespace

protocol::result<run_goal> parse_run_goal(std::string_view text) {
    if (text.empty()) return no_goal{};
    if (text == "caught-up") return caught_up_goal{};
    if (text.starts_with(gtid_prefix)) {
        auto transactions = protocol::gtid_set::parse(text.substr(gtid_prefix.size()));
        if (!transactions) return bad(text, ", which is no GTID set");
        if (transactions->empty()) return bad(text, ", an empty set");
        return gtid_goal{*std::move(transactions)};
    }
    if (text.starts_with(time_prefix)) {
        const auto at = parse_time(std::string(text.substr(time_prefix.size())));
        if (!at) return bad(text, ", which is no time in UTC");
        return time_goal{*at};
    }
    return bad(text, "");
}

} // namespace understudy::apps
