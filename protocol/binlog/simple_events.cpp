#include "protocol/binlog/simple_events.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

namespace understudy::protocol {

namespace {

result<void> expect(const event_view& event, event_type type) {
    if (event.header.type != type) {
        return fail(errc::malformed, "a " + to_string(type) + " event was expected, this is " +
                                         to_string(event.header.type));
    }
    return {};
}

// The decoded value if all of it was there.
template<class T>
result<T> settled(const byte_reader& in, event_type type, T decoded) {
    if (auto read = in.status(to_string(type) + " event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return decoded;
}

void read_user_var_value(byte_reader& in, user_var_event& decoded) {
    const auto type = in.u8();
    decoded.type = static_cast<user_var_type>(type);
    decoded.collation = in.u32();
    decoded.value = in.bytes(in.u32());
    // Servers before 5.5.8 end here.
    decoded.is_unsigned = !in.at_end() && (in.u8() & 1U) != 0;
    const bool known = type <= 2 || type == 4;
    const bool numeric =
        decoded.type == user_var_type::real || decoded.type == user_var_type::integer;
    if (!known || (numeric && decoded.value.size() != 8) ||
        (decoded.type == user_var_type::decimal && decoded.value.size() < 2)) {
        in.set_failed();
    }
}

} // namespace

result<std::uint64_t> decode_xid_event(const event_view& event) {
    if (auto expected = expect(event, event_type::xid); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    const auto xid = in.u64();
    return settled(in, event.header.type, xid);
}

result<std::string_view> decode_rows_query_event(const event_view& event) {
    byte_reader in(event.body);
    if (event.header.type == event_type::mariadb_annotate_rows) {
        return in.rest_text();
    }
    if (auto expected = expect(event, event_type::rows_query); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    // The length byte holds at most 255, or nothing: the text goes to the end.
    in.skip(1);
    const auto text = in.rest_text();
    return settled(in, event.header.type, text);
}

result<intvar_event> decode_intvar_event(const event_view& event) {
    if (auto expected = expect(event, event_type::intvar); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    const auto kind = in.u8();
    const auto value = in.u64();
    if (in.ok() && kind != 1 && kind != 2) {
        return fail(errc::malformed,
                    "Intvar event: kind " + std::to_string(kind) + " is not known");
    }
    return settled(in, event.header.type, intvar_event{static_cast<intvar_kind>(kind), value});
}

result<rand_event> decode_rand_event(const event_view& event) {
    if (auto expected = expect(event, event_type::rand); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    rand_event decoded;
    decoded.seed1 = in.u64();
    decoded.seed2 = in.u64();
    return settled(in, event.header.type, decoded);
}

result<user_var_event> decode_user_var_event(const event_view& event) {
    if (auto expected = expect(event, event_type::user_var); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    user_var_event decoded;
    decoded.name = in.text(in.u32());
    decoded.is_null = in.u8() != 0;
    if (!decoded.is_null) {
        read_user_var_value(in, decoded);
    }
    return settled(in, event.header.type, decoded);
}

result<incident_event> decode_incident_event(const event_view& event) {
    if (auto expected = expect(event, event_type::incident); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    incident_event decoded;
    decoded.number = in.u16();
    decoded.message = in.text(in.u8());
    return settled(in, event.header.type, decoded);
}

} // namespace understudy::protocol
