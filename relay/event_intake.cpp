#include "relay/event_intake.hpp"

#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/errc.hpp"
#include "relay/errc.hpp"

#include <utility>

namespace understudy::relay {

using protocol::boundary;
using protocol::event_type;
using protocol::result;
using kind = protocol::dump_stream::kind;

event_intake::event_intake(log& relay, protocol::binlog_position start, server_turn turn,
                           bool is_whole)
    : relay_(relay), by_gtid_(start.file.empty()), turn_(turn), held_(relay.end().binlog),
      is_whole_(is_whole || relay.begin().binlog != held_),
      reached_(by_gtid_ ? relay.end().executed : protocol::gtid_set{}), stream_(std::move(start)) {}

bool event_intake::is_held() const {
    return !held_.file.empty() && named(stream_.position()) <= held_;
}

protocol::binlog_position event_intake::named(const protocol::binlog_position& position) const {
    return {turn_.name_of(position.file), position.offset};
}

result<void> event_intake::take(std::span<const std::byte> bytes) {
    auto item = stream_.feed(bytes);
    if (!item) return std::unexpected(item.error());
    item_ = *item;
    next_ = action::none;
    switch (item_.what) {
    case kind::file: return take_file();
    case kind::heartbeat:
        if (!boundary_.in_group()) relay_.note_position(named(stream_.position()));
        return {};
    case kind::artificial:
        if (item_.event.header.type != event_type::format_description) return {};
        if (boundary_.in_group()) return inside_of_transaction();
        next_ = action::set_format;
        return store();
    case kind::event: return take_event();
    }
    return {};
}

// The source begins a file inside a group only if it crashed and lost the rest of it.
result<void> event_intake::take_file() {
    if (boundary_.in_group()) {
        boundary_.reset();
        if (auto done = relay_.abandon_open_group(); !done) return done;
        if (by_gtid_) reached_ = relay_.end().executed;
    }
    file_pending_ = is_held();
    return file_pending_ ? result<void>{} : relay_.switch_file(named(stream_.position()));
}

result<void> event_intake::take_event() {
    const auto& event = item_.event;
    const bool was_in_group = boundary_.in_group();
    const auto role = boundary_.feed(event, *stream_.format());
    if (!role) return protocol::wrap(role.error(), "after " + stream_.position().to_string());
    role_ = *role;
    const bool belongs_to_group = role_ == boundary::role::inside || role_ == boundary::role::ends;
    if (was_in_group && !belongs_to_group) return inside_of_transaction();
    id_.reset();
    const auto type = event.header.type;
    if (role_ == boundary::role::outside && is_held()) {
        if (type != event_type::format_description) return {};
        next_ = action::set_format;
        return store();
    }
    const bool begins = role_ == boundary::role::starts || role_ == boundary::role::starts_ends;
    if (begins && by_gtid_ && is_whole_ && is_held()) return files_begin_anew();
    if (type == event_type::gtid || type == event_type::gtid_tagged) {
        auto decoded = protocol::decode_gtid_event(event);
        if (!decoded)
            return protocol::wrap(decoded.error(), "before " + stream_.position().to_string());
        id_ = std::move(decoded->id);
    }
    if (type == event_type::mariadb_gtid) {
        if (auto taken = take_mariadb_gtid(event); !taken) return taken;
    }
    next_ = action::append;
    return store();
}

result<void> event_intake::inside_of_transaction() const {
    return protocol::fail(protocol::errc::malformed, "the source sends a " +
                                                         to_string(item_.event.header.type) +
                                                         " event inside of a transaction, before " +
                                                         stream_.position().to_string());
}

result<void> event_intake::files_begin_anew() const {
    return protocol::fail(errc::files_begin_anew,
                          "the source has new transactions at " + stream_.position().to_string() +
                              ", and what was received reaches to " + held_.to_string());
}

result<void> event_intake::take_mariadb_gtid(const protocol::event_view& event) {
    auto decoded = protocol::decode_mariadb_gtid_event(event);
    if (!decoded)
        return protocol::wrap(decoded.error(), "before " + stream_.position().to_string());
    id_ = decoded->id.to_gtid();
    if (!by_gtid_) return {};
    if (reached_.contains(*id_)) {
        return protocol::fail(
            protocol::errc::source_unsuitable,
            "the source sends transaction " + id_->to_string() + " behind " + reached_.to_string() +
                ": inside a domain the numbers must rise, else nobody can say what is still "
                "missing. Let one server at a time write into a domain (gtid_domain_id), or run "
                "SET GLOBAL gtid_strict_mode = OFF on the source and start the task anew: it then "
                "follows by file and position");
    }
    reached_.add(*id_);
    return {};
}

result<void> event_intake::store() {
    const auto now = next_;
    if (now == action::none) return {};
    if (now == action::set_format) {
        if (auto done = relay_.set_format(item_.event.bytes); !done) return done;
        next_ = action::none;
        return {};
    }
    if (file_pending_) {
        const protocol::binlog_position start{turn_.name_of(stream_.position().file),
                                              item_.end_offset - item_.event.bytes.size()};
        if (auto done = relay_.switch_file(start); !done) return done;
        file_pending_ = false;
    }
    auto done = relay_.append(item_.event, item_.end_offset, role_, id_ ? &*id_ : nullptr);
    if (!done) return done;
    next_ = action::none;
    ++events_;
    bytes_ += item_.event.bytes.size();
    return {};
}

} // namespace understudy::relay
