#include "apps/relay_json.hpp"

#include "protocol/value/byte_text.hpp"
#include "relay/server_turn.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

namespace understudy::apps {

namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(out), "\"{}\":", name);
    protocol::append_json_string(out, text);
    out += ',';
}

void append_member(std::string& out, std::string_view name, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), "\"{}\":{},", name, number);
}

void append_member(std::string& out, std::string_view name,
                   const protocol::binlog_position& place) {
    fmt::format_to(std::back_inserter(out), "\"{}\":{{\"file\":", name);
    protocol::append_json_string(out, relay::server_turn::own_name(place.file));
    fmt::format_to(std::back_inserter(out), ",\"offset\":{}}},", place.offset);
}

void append_flag(std::string& out, std::string_view name, bool value) {
    fmt::format_to(std::back_inserter(out), "\"{}\":{},", name, value);
}

std::string closed(std::string members) {
    members.back() = '}';
    return members;
}

} // namespace

std::string segment_json(const relay::segment_summary& segment) {
    std::string out = "{";
    append_member(out, "path", segment.path.string());
    append_flag(out, "closed", segment.sealed);
    append_member(out, "begin", segment.begin.binlog);
    append_member(out, "end", segment.end);
    append_member(out, "gtids", segment.gtids.to_string());
    append_member(out, "groups", segment.groups);
    append_member(out, "events", segment.events);
    append_member(out, "frames", segment.frames);
    append_member(out, "raw_bytes", segment.raw_bytes);
    append_member(out, "stored_bytes", segment.stored_bytes);
    append_member(out, "first_time", segment.time_min);
    append_member(out, "last_time", segment.time_max);
    append_member(out, "created_us", segment.created_us);
    append_member(out, "key_id", segment.key_id);
    return closed(std::move(out));
}

std::string verify_json(const std::string& name, const relay::verify_report& found) {
    std::string out = "{";
    append_member(out, "path", name);
    append_flag(out, "good", found.good());
    append_member(out, "segments", found.segments);
    append_member(out, "frames", found.frames);
    append_member(out, "events", found.events);
    append_member(out, "groups", found.groups);
    append_member(out, "raw_bytes", found.raw_bytes);
    append_member(out, "stored_bytes", found.stored_bytes);
    append_member(out, "unfinished_bytes", found.torn_bytes);
    out += "\"damages\":[";
    bool first = true;
    for (const auto& damage : found.damages) {
        std::string one = "{";
        append_member(one, "path", damage.path.string());
        append_member(one, "offset", damage.offset);
        append_member(one, "what", damage.what);
        out += std::exchange(first, false) ? "" : ",";
        out += closed(std::move(one));
    }
    return closed(out + "],");
}

std::string binlog_verify_json(const std::string& name,
                               const relay::inspection::binlog_report& found) {
    std::string out = "{";
    append_member(out, "path", name);
    append_flag(out, "good", found.good());
    append_flag(out, "closed", found.summary.sealed);
    append_member(out, "events", found.summary.events);
    append_member(out, "groups", found.summary.groups);
    append_member(out, "raw_bytes", found.summary.raw_bytes);
    append_member(out, "unfinished_bytes", found.unfinished_bytes);
    append_member(out, "open_transaction", found.open_transaction);
    append_member(out, "damage", found.damage);
    return closed(std::move(out));
}

} // namespace understudy::apps
