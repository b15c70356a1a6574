#include "relay/inspection/transaction_assembler.hpp"

#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::event_type;
using protocol::fail;
using protocol::result;
using role = protocol::boundary::role;

constexpr std::size_t tables_max = 4'096;

result<void> read_mysql_gtid(transaction& into, const protocol::event_view& event) {
    const auto decoded = protocol::decode_gtid_event(event);
    if (!decoded) return std::unexpected(decoded.error());
    if (!decoded->id.empty()) {
        into.id = decoded->id;
        into.gtid = decoded->id.to_string();
    }
    into.commit_us = decoded->immediate_commit_timestamp;
    into.logged_bytes = decoded->transaction_length;
    into.last_committed = decoded->last_committed;
    into.sequence_number = decoded->sequence_number;
    return {};
}

result<void> read_mariadb_gtid(transaction& into, const protocol::event_view& event) {
    const auto decoded = protocol::decode_mariadb_gtid_event(event);
    if (!decoded) return std::unexpected(decoded.error());
    into.gtid = decoded->id.to_string();
    return {};
}

bool stands_around(const protocol::query_event& query) {
    return query.is_begin() || query.is_commit() || query.is_rollback();
}

} // namespace

result<void> transaction_assembler::feed(const stream_event& event) {
    auto done = event.unpacked ? feed_unpacked(event) : feed_packed(event);
    // The visitor's errors speak of more than one event.
    if (!done && done.error().code.category() == protocol::protocol_category()) {
        return protocol::wrap(std::move(done.error()), event.place());
    }
    return done;
}

result<void> transaction_assembler::feed_packed(const stream_event& event) {
    if (in_payload_) {
        return fail(protocol::errc::malformed,
                    "the compressed transaction before this event does not end");
    }
    // Table numbers begin anew with a server's start: what has the same bytes may be another table.
    if (event.event.header.type == event_type::format_description) tables_.clear();
    const auto found = boundary_.feed(event.event, *event.format);
    if (!found) return std::unexpected(found.error());
    if (*found == role::starts || *found == role::starts_ends) {
        if (auto done = start(event); !done) return done;
    }
    if (open_) transaction_.end_offset = event.end_offset;
    if (auto done = visitor_.event(event, open_ ? &transaction_ : nullptr); !done) return done;
    if (!open_) return {};
    if (event.event.header.type == event_type::transaction_payload) {
        // It ends with the last event inside.
        in_payload_ = true;
        transaction_.compressed = true;
        inner_.reset();
        return {};
    }
    if (auto done = content(event); !done) return done;
    if (*found == role::ends || *found == role::starts_ends) return finish(how_);
    return {};
}

result<void> transaction_assembler::feed_unpacked(const stream_event& event) {
    const auto found = inner_.feed(event.event, *event.format);
    if (!found) return std::unexpected(found.error());
    if (!in_payload_ || *found == role::outside) {
        return fail(protocol::errc::malformed, "a compressed transaction holds a " +
                                                   to_string(event.event.header.type) +
                                                   " event outside its transaction");
    }
    if (auto done = content(event); !done) return done;
    if (*found != role::ends && *found != role::starts_ends) return {};
    in_payload_ = false;
    return finish(how_);
}

result<void> transaction_assembler::start(const stream_event& event) {
    transaction_ = {};
    transaction_.file = event.file;
    transaction_.start_offset = event.start_offset;
    transaction_.end_offset = event.end_offset;
    transaction_.timestamp = event.event.header.timestamp;
    transaction_.earliest = event.event.header.timestamp;
    transaction_.server_id = event.event.header.server_id;
    how_ = transaction_end::committed;
    switch (event.event.header.type) {
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged:
        if (auto read = read_mysql_gtid(transaction_, event.event); !read) return read;
        break;
    case event_type::mariadb_gtid:
        if (auto read = read_mariadb_gtid(transaction_, event.event); !read) return read;
        break;
    default: break;
    }
    const auto wanted = visitor_.begin(transaction_);
    if (!wanted) return std::unexpected(wanted.error());
    open_ = true;
    wanted_ = *wanted;
    return {};
}

result<void> transaction_assembler::finish(transaction_end how) {
    open_ = false;
    ++statement_;
    if (tables_.size() > tables_max) tables_.clear();
    return wanted_ ? visitor_.end(transaction_, how) : result<void>{};
}

result<void> transaction_assembler::content(const stream_event& event) {
    const auto& header = event.event.header;
    if (header.timestamp != 0)
        transaction_.earliest = std::min(transaction_.earliest, header.timestamp);
    if (header.type == event_type::query) return query(event);
    if (!wanted_) return {};
    if (protocol::is_mariadb_compressed(header.type)) return uncompressed(event);
    switch (header.type) {
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged:
    case event_type::mariadb_gtid:
    case event_type::xid: return {};
    case event_type::xa_prepare:
        how_ = transaction_end::prepared;
        return visitor_.other(transaction_, event);
    case event_type::table_map: return map_table(event);
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows:
    case event_type::partial_update_rows: return rows(event);
    case event_type::rows_query:
    case event_type::mariadb_annotate_rows: {
        const auto text = protocol::decode_rows_query_event(event.event);
        if (!text) return std::unexpected(text.error());
        return visitor_.annotation(transaction_, *text);
    }
    default: return visitor_.other(transaction_, event);
    }
}

// Statements that begin and end transactions are too short to be compressed.
result<void> transaction_assembler::uncompressed(const stream_event& event) {
    if (auto done = protocol::uncompress_mariadb_event(plain_, event.event, *event.format); !done)
        return done;
    const auto plain = protocol::decode_event(plain_, false);
    if (!plain) return std::unexpected(plain.error());
    auto inner = event;
    inner.event = *plain;
    return content(inner);
}

result<void> transaction_assembler::query(const stream_event& event) {
    if (!wanted_) {
        return {};
    }
    const auto decoded = protocol::decode_query_event(event.event, *event.format);
    if (!decoded) return std::unexpected(decoded.error());
    if (decoded->is_rollback()) how_ = transaction_end::rolled_back;
    if (stands_around(*decoded)) return {};
    return visitor_.statement(transaction_, *decoded, event.event.header);
}

// Servers send the same map again and again: it is decoded when it is another one.
result<void> transaction_assembler::map_table(const stream_event& event) {
    const auto& format = *event.format;
    const auto body = event.event.body;
    protocol::byte_reader in(body);
    const auto id = format.post_header_length(event_type::table_map) == 6 ? in.u32() : in.u48();
    auto& known = tables_[id];
    const auto same = [&] {
        return known.event.size() == protocol::event_header_size + body.size() &&
               std::ranges::equal(std::span(known.event).subspan(protocol::event_header_size),
                                  body);
    };
    if (!same()) {
        known.event.assign(event.event.bytes.begin(),
                           event.event.bytes.begin() + protocol::event_header_size);
        known.event.insert(known.event.end(), body.begin(), body.end());
        known.table.layout = 0;
        protocol::event_view own = event.event;
        own.bytes = known.event;
        own.body = own.bytes.subspan(protocol::event_header_size);
        if (auto done = protocol::decode_table_map_into(known.table.map, own, format); !done) {
            tables_.erase(id);
            return done;
        }
        known.table.layout = next_layout_++;
    }
    known.table.start_offset = event.start_offset;
    known.statement = statement_;
    known.wanted = !known.table.map.is_dummy() && visitor_.wants(known.table);
    return {};
}

result<void> transaction_assembler::rows(const stream_event& event) {
    const auto decoded =
        protocol::decode_rows_event(event.event, *event.format, protocol::partial_json::accepted);
    if (!decoded) return std::unexpected(decoded.error());
    // Old servers end a statement with rows of no table.
    constexpr std::uint64_t dummy_table = 0x00ffffff;
    if (decoded->table_id == dummy_table) {
        ++statement_;
        return {};
    }
    const auto found = tables_.find(decoded->table_id);
    if (found == tables_.end() || found->second.statement != statement_) {
        return fail(protocol::errc::malformed, "rows of table " +
                                                   std::to_string(decoded->table_id) +
                                                   " come without their Table_map event");
    }
    result<void> done;
    if (found->second.wanted) {
        done = visitor_.rows(transaction_,
                             {found->second.table, *decoded, event.event.header.timestamp});
    }
    // Maps are good until the end of their statement.
    if ((decoded->flags & protocol::rows_flag::statement_end) != 0) ++statement_;
    return done;
}

} // namespace understudy::relay::inspection
