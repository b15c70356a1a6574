#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"

// The text form of gtid_set (manual: "GTID Sets"):
//   set      := [entry] {"," [entry]}
//   entry    := uuid_set | domain "-" server "-" sequence          the latter MariaDB's
//   uuid_set := uuid {":" [tag ":"] interval}        a tag holds until the next one
//   interval := number ["-" number]
// Blanks and line breaks may stand around every piece, as the server prints them.

namespace understudy::protocol {

namespace {

std::unexpected<error> not_a_set(std::string_view piece, const char* why) {
    return fail(errc::malformed, "GTID set: '" + std::string(piece.substr(0, 120)) + "' " + why);
}

result<void> add_uuid_set(gtid_set& into, std::string_view text) {
    auto rest = text;
    const auto source = uuid::parse(without_blanks_around(take_until(rest, ':')));
    if (!source) {
        return not_a_set(text, "does not start with a UUID");
    }
    tsid sequence{*source, {}};
    bool tag_needs_interval = false;
    while (!rest.empty()) {
        const auto piece = without_blanks_around(take_until(rest, ':'));
        if (auto tag = parse_gtid_tag(piece)) {
            if (tag_needs_interval) {
                return not_a_set(text, "has a tag without an interval");
            }
            if (is_mariadb({sequence.source, {}})) {
                return not_a_set(text, "has a tag at a GTID of MariaDB");
            }
            sequence.tag = std::move(*tag);
            tag_needs_interval = true;
            continue;
        }
        auto last_text = piece;
        const auto first = parse_gtid_number(without_blanks_around(take_until(last_text, '-')));
        const bool single = piece.find('-') == std::string_view::npos;
        const auto last = single ? first : parse_gtid_number(without_blanks_around(last_text));
        if (!first || !last || *last < *first) {
            return not_a_set(piece, "is neither an interval of transaction numbers nor a tag");
        }
        into.add(sequence, {*first, *last});
        tag_needs_interval = false;
    }
    if (tag_needs_interval) {
        return not_a_set(text, "has a tag without an interval");
    }
    return {};
}

} // namespace

result<gtid_set> gtid_set::parse(std::string_view text) {
    gtid_set parsed;
    auto rest = text;
    while (!rest.empty()) {
        const auto piece = without_blanks_around(take_until(rest, ','));
        if (piece.empty()) {
            continue;
        }
        if (const auto of_mariadb = mariadb_gtid::parse(piece)) {
            parsed.add(of_mariadb->to_gtid());
            continue;
        }
        if (auto added = add_uuid_set(parsed, piece); !added) {
            return std::unexpected(std::move(added.error()));
        }
    }
    return parsed;
}

std::string gtid_set::to_string() const {
    std::string text;
    const uuid* previous = nullptr;
    for (const auto& [sequence, ranges] : sequences_) {
        if (is_mariadb(sequence)) {
            text += text.empty() ? "" : ",";
            text += gtid{sequence, ranges.back().last}.to_string();
            continue;
        }
        if (previous == nullptr || *previous != sequence.source) {
            text += text.empty() ? "" : ",";
            text += sequence.source.to_string();
        }
        previous = &sequence.source;
        if (!sequence.tag.empty()) {
            text += ":" + sequence.tag;
        }
        for (const auto& range : ranges) {
            text += ":" + std::to_string(range.first);
            if (range.last != range.first) {
                text += "-" + std::to_string(range.last);
            }
        }
    }
    return text;
}

} // namespace understudy::protocol
