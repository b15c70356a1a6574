#include "protocol/binlog/boundary.hpp"

#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

namespace understudy::protocol {

namespace {

// What an event means to the grammar, whatever the state.
enum class symbol : std::uint8_t {
    outside_only,      // FORMAT_DESCRIPTION, ROTATE, STOP …: not in the middle of a group
    anywhere,          // heartbeats and the like: no part of a group, wherever they stand
    gtid,              // a body follows
    gtid_and_begin,    // MariaDB: its GTID event stands for BEGIN too
    gtid_and_xa_start, // likewise for XA START
    begin,
    xa_start,
    xa_commit_or_rollback,
    commit_or_rollback, // COMMIT, ROLLBACK
    xid,
    xa_prepare,
    statement,  // any other QUERY
    context,    // INTVAR, RAND, USER_VAR: belongs to the next statement
    content,    // rows and their maps, statement files, …: only inside a transaction
    whole_body, // TRANSACTION_PAYLOAD, INCIDENT
    ignorable,
    unknown,
};

symbol classify_mariadb_gtid(const event_view& event) {
    constexpr unsigned standalone = 0x01;
    constexpr unsigned prepared_xa = 0x40;
    byte_reader in(event.body);
    in.skip(8 + 4); // sequence number, domain
    const unsigned flags = in.u8();
    if ((flags & standalone) != 0) {
        return symbol::gtid;
    }
    return (flags & prepared_xa) != 0 ? symbol::gtid_and_xa_start : symbol::gtid_and_begin;
}

symbol classify_query(std::string_view text) {
    if (is_begin(text)) {
        return symbol::begin;
    }
    if (is_commit(text) || is_rollback(text)) {
        return symbol::commit_or_rollback;
    }
    if (is_xa_start(text)) {
        return symbol::xa_start;
    }
    return is_xa_commit_or_rollback(text) ? symbol::xa_commit_or_rollback : symbol::statement;
}

symbol classify_by_type(const event_header& header) {
    switch (header.type) {
    case event_type::start_v3:
    case event_type::stop:
    case event_type::rotate:
    case event_type::format_description:
    case event_type::previous_gtids:
    case event_type::mariadb_gtid_list:
    case event_type::mariadb_start_encryption: return symbol::outside_only;
    case event_type::heartbeat:
    case event_type::heartbeat_v2:
    case event_type::mariadb_binlog_checkpoint: return symbol::anywhere;
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged: return symbol::gtid;
    case event_type::xid: return symbol::xid;
    case event_type::xa_prepare: return symbol::xa_prepare;
    case event_type::intvar:
    case event_type::rand:
    case event_type::user_var: return symbol::context;
    case event_type::transaction_payload:
    case event_type::incident: return symbol::whole_body;
    case event_type::ignorable: return symbol::ignorable;
    default: break;
    }
    if (is_known(header.type)) {
        return symbol::content;
    }
    return header.has(event_flag::ignorable) ? symbol::ignorable : symbol::unknown;
}

result<symbol> classify(const event_view& event, const format_description& format) {
    switch (event.header.type) {
    case event_type::query: {
        auto text = decode_query_text(event, format);
        if (!text) {
            return std::unexpected(std::move(text.error()));
        }
        return classify_query(*text);
    }
    // Only long statements are compressed, so this is none of the words that start and end
    // transactions.
    case event_type::mariadb_query_compressed: return symbol::statement;
    case event_type::mariadb_gtid: return classify_mariadb_gtid(event);
    default: return classify_by_type(event.header);
    }
}

std::string place(const event_view& event) {
    return to_string(event.header.type) + " event that ends at position " +
           std::to_string(event.header.end_log_pos);
}

std::unexpected<error> out_of_place(const event_view& event, const char* why) {
    return fail(errc::malformed,
                "the binary log breaks its own order: a " + place(event) + " " + why);
}

} // namespace

result<boundary::role> boundary::feed(const event_view& event, const format_description& format) {
    auto found = classify(event, format);
    if (!found) {
        return std::unexpected(std::move(found.error()));
    }
    const bool open = in_group();
    const bool body_expected =
        state_ == state::outside || state_ == state::after_gtid || state_ == state::after_context;
    const auto enter = [&](state next) {
        state_ = next;
        return open ? role::inside : role::starts;
    };
    const auto end = [&] {
        state_ = state::outside;
        return open ? role::ends : role::starts_ends;
    };
    switch (*found) {
    case symbol::anywhere: return role::outside;
    case symbol::ignorable: return open ? role::inside : role::outside;
    case symbol::unknown:
        return fail(errc::unknown_event,
                    "a " + place(event) + " is not known and must not be ignored");
    case symbol::outside_only:
        if (open) {
            return out_of_place(event, "stands in the middle of a transaction");
        }
        return role::outside;
    case symbol::gtid:
    case symbol::gtid_and_begin:
    case symbol::gtid_and_xa_start:
        if (open) {
            return out_of_place(event, "comes before the transaction ahead of it has ended");
        }
        return enter(*found == symbol::gtid             ? state::after_gtid
                     : *found == symbol::gtid_and_begin ? state::in_transaction
                                                        : state::in_xa);
    case symbol::begin:
        if (!body_expected) {
            return out_of_place(event, "starts a transaction inside another one");
        }
        return enter(state::in_transaction);
    case symbol::xa_start: return body_expected ? enter(state::in_xa) : role::inside;
    case symbol::context: return body_expected ? enter(state::after_context) : role::inside;
    case symbol::statement:
    case symbol::whole_body: return body_expected ? end() : role::inside;
    // An XA transaction that changed tables without transactions is logged although it was rolled
    // back unprepared.
    case symbol::xa_commit_or_rollback: return end();
    case symbol::commit_or_rollback:
    case symbol::xid:
    case symbol::xa_prepare:
        if (!open) {
            return out_of_place(event, "ends a transaction that was not started");
        }
        return end();
    case symbol::content:
        if (!open) {
            return out_of_place(event, "belongs to no transaction");
        }
        return role::inside;
    }
    return role::outside;
}

void boundary::reset() {
    state_ = state::outside;
}

} // namespace understudy::protocol
