#include "protocol/gtid/gtid.hpp"

#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"

namespace understudy::protocol {

std::string tsid::to_string() const {
    return tag.empty() ? source.to_string() : source.to_string() + ":" + tag;
}

result<gtid> gtid::parse(std::string_view text) {
    const auto not_a_gtid = [&] {
        return fail(errc::malformed, "'" + std::string(text.substr(0, 120)) +
                                         "' is not a GTID (uuid:number or uuid:tag:number)");
    };
    if (auto of_mariadb = mariadb_gtid::parse(text)) {
        return of_mariadb->to_gtid();
    }
    auto rest = text;
    auto source = uuid::parse(without_blanks_around(take_until(rest, ':')));
    if (!source) {
        return not_a_gtid();
    }
    gtid parsed{{*source, {}}, 0};
    const auto number_at = rest.rfind(':');
    if (number_at != std::string_view::npos) {
        auto tag = parse_gtid_tag(without_blanks_around(rest.substr(0, number_at)));
        if (!tag) {
            return not_a_gtid();
        }
        parsed.sequence.tag = std::move(*tag);
        rest.remove_prefix(number_at + 1);
    }
    const auto number = parse_gtid_number(without_blanks_around(rest));
    if (!number) {
        return not_a_gtid();
    }
    parsed.number = *number;
    return parsed;
}

std::string gtid::to_string() const {
    if (const auto of_mariadb = mariadb_gtid::of(*this)) {
        return of_mariadb->to_string();
    }
    return sequence.to_string() + ":" + std::to_string(number);
}

} // namespace understudy::protocol
