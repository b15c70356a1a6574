#include "applier/text_change_writer.hpp"

#include "applier/errc.hpp"
#include "protocol/binlog/describe_decimal.hpp"
#include "protocol/binlog/load_query_event.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <bit>

namespace understudy::applier {

using protocol::event_type;
using protocol::fail;
using protocol::result;

namespace {

result<protocol::query_event> query_of(const protocol::event_view& event,
                                       const protocol::format_description& format) {
    if (event.header.type != event_type::execute_load_query)
        return protocol::decode_query_event(event, format);
    auto load = protocol::decode_execute_load_query(event, format);
    if (!load) return std::unexpected(std::move(load.error()));
    return std::move(load->query);
}

} // namespace

result<void> text_change_writer::write(const text_change& change,
                                       const source_transaction& transaction,
                                       const protocol::format_description& format) {
    if (rules_.in_copy_window(transaction)) {
        return fail(errc::unsupported_statement, place_of(change.plan, transaction) +
                                                     ": it was logged as text while the initial "
                                                     "copy was running, so the copy may hold its "
                                                     "changes already. Set binlog_format=ROW on "
                                                     "the source, for its running sessions too, "
                                                     "and begin the task anew");
    }
    auto done = execute(change, format);
    return done ? done : wrap(std::move(done.error()), place_of(change.plan, transaction));
}

result<void> text_change_writer::execute(const text_change& change,
                                         const protocol::format_description& format) {
    auto event = protocol::decode_event(change.event.bytes, format.has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    auto query = query_of(*event, format);
    if (!query) return std::unexpected(std::move(query.error()));
    if (query->error_code != 0) {
        return fail(errc::unsupported_statement,
                    fmt::format("it failed half-way on the source, with error {}: nobody can tell "
                                "which rows it changed. Copy its tables anew",
                                query->error_code));
    }
    if (!change.plan.database.empty()) {
        auto used = target_.execute("USE " + state::quote_identifier(change.plan.database));
        if (!used) return std::unexpected(std::move(used.error()));
    }
    std::string context;
    for (const relay::stored_event& stored : change.context) {
        auto before = protocol::decode_event(stored.bytes, format.has_checksum());
        if (!before) return std::unexpected(std::move(before.error()));
        auto one = assignment(*before);
        if (!one) return std::unexpected(std::move(one.error()));
        context += (context.empty() ? "SET " : ", ") + *one;
    }
    if (auto entered = session_.enter(query->status, event->header.timestamp); !entered)
        return entered;
    result<execute_info> done;
    if (!context.empty()) done = target_.execute(context);
    if (done) done = change.file ? load(change) : target_.execute(change.plan.text);
    if (target_.broken()) return std::unexpected(std::move(done.error()));
    auto left = session_.leave();
    if (!done) return std::unexpected(std::move(done.error()));
    return left;
}

result<execute_info> text_change_writer::load(const text_change& change) {
    if (auto ready = change.file->rewind(); !ready)
        return std::unexpected(std::move(ready.error()));
    auto done = target_.load_data(change.plan.text,
                                  [&](std::span<char> into) { return change.file->read(into); });
    if (!done && (done.error().server.number == 3948 || done.error().server.number == 1148)) {
        return wrap(std::move(done.error()),
                    "the target needs SET GLOBAL local_infile = ON for it");
    }
    if (done && !change.file->was_read_whole()) {
        return fail(errc::unsupported_event,
                    "the file of LOAD DATA could not be read back from /tmp; the task can be "
                    "started again");
    }
    return done;
}

result<std::string> text_change_writer::assignment(const protocol::event_view& event) {
    switch (event.header.type) {
    case event_type::intvar: {
        const auto decoded = protocol::decode_intvar_event(event);
        if (!decoded) return std::unexpected(decoded.error());
        const bool last = decoded->kind == protocol::intvar_kind::last_insert_id;
        return fmt::format("{} = {}", last ? "last_insert_id" : "insert_id", decoded->value);
    }
    case event_type::rand: {
        const auto decoded = protocol::decode_rand_event(event);
        if (!decoded) return std::unexpected(decoded.error());
        return fmt::format("rand_seed1 = {}, rand_seed2 = {}", decoded->seed1, decoded->seed2);
    }
    default: return user_variable(event);
    }
}

result<std::string> text_change_writer::user_variable(const protocol::event_view& event) {
    const auto decoded = protocol::decode_user_var_event(event);
    if (!decoded) return std::unexpected(decoded.error());
    const std::string name = "@" + state::quote_identifier(decoded->name);
    if (decoded->is_null) return name + " := NULL";
    protocol::byte_reader in(decoded->value);
    switch (decoded->type) {
    case protocol::user_var_type::string: {
        auto collation = session_.collation_of(static_cast<std::uint16_t>(decoded->collation));
        if (!collation) return std::unexpected(std::move(collation.error()));
        return fmt::format("{} := _{} {} COLLATE {}", name, collation->character_set,
                           hex_literal(decoded->value), collation->name);
    }
    case protocol::user_var_type::real:
        return fmt::format("{} := {:.16e}", name, std::bit_cast<double>(in.u64()));
    case protocol::user_var_type::integer: {
        const std::uint64_t value = in.u64();
        return decoded->is_unsigned
                   ? fmt::format("{} := CAST({} AS UNSIGNED)", name, value)
                   : fmt::format("{} := {}", name, static_cast<std::int64_t>(value));
    }
    case protocol::user_var_type::decimal: {
        const unsigned precision = in.u8();
        const unsigned scale = in.u8();
        return fmt::format("{} := {}", name,
                           protocol::describe_decimal(in.rest(), precision, scale));
    }
    }
    return fail(errc::unsupported_statement,
                fmt::format("the user variable {} is of a type that is not known", name));
}

} // namespace understudy::applier
