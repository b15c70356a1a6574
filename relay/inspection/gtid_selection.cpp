#include "relay/inspection/gtid_selection.hpp"

#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace understudy::relay::inspection {

namespace {

using protocol::result;

template<class Number>
bool read_number(std::string_view text, Number& into) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

// MariaDB's: two dashes and no colon. A UUID has more dashes.
bool looks_like_mariadb(std::string_view text) {
    return std::ranges::count(text, '-') == 2 && !text.contains(':');
}

} // namespace

result<gtid_selection::mariadb_range> gtid_selection::parse_range(std::string_view text) {
    const auto dots = text.find("..");
    const auto first = dots == std::string_view::npos ? text : text.substr(0, dots);
    const auto id = protocol::mariadb_gtid::parse(first);
    mariadb_range range;
    if (id) range = {id->domain, id->server, id->sequence, id->sequence};
    const bool good =
        id && (dots == std::string_view::npos ||
               (read_number(text.substr(dots + 2), range.last) && range.last >= range.first));
    if (good) return range;
    return protocol::fail(protocol::errc::malformed, std::string(text) +
                                                         " is no GTID of MariaDB; write 0-1-100 or "
                                                         "0-1-100..200");
}

result<gtid_selection> gtid_selection::parse(std::string_view text) {
    gtid_selection selection;
    if (!looks_like_mariadb(text.substr(0, text.find(',')))) {
        auto set = protocol::gtid_set::parse(text);
        if (!set) return std::unexpected(std::move(set.error()));
        selection.mysql_ = std::move(*set);
        return selection;
    }
    auto rest = text;
    while (!rest.empty()) {
        const auto part = protocol::without_blanks_around(protocol::take_until(rest, ','));
        const auto range = parse_range(part);
        if (!range) return std::unexpected(range.error());
        selection.mariadb_.push_back(*range);
    }
    return selection;
}

bool gtid_selection::holds(const transaction& one) const {
    if (mariadb_.empty()) return one.id && mysql_.contains(*one.id);
    const auto id = protocol::mariadb_gtid::parse(one.gtid);
    return id && std::ranges::any_of(mariadb_, [&](const mariadb_range& range) {
               return range.domain == id->domain && range.server == id->server &&
                      range.first <= id->sequence && id->sequence <= range.last;
           });
}

bool gtid_selection::may_hold(const frame_header& frame) const {
    // Frames know nothing of MariaDB's GTIDs; frames without whole groups say nothing.
    if (!mariadb_.empty()) return true;
    return frame.gtids.intersects(mysql_);
}

} // namespace understudy::relay::inspection
