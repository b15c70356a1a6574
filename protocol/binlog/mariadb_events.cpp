#include "protocol/binlog/mariadb_events.hpp"

#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <string>

namespace understudy::protocol {

namespace {

// Bits of the second flags byte.
constexpr unsigned extra_engines = 0x01;
constexpr unsigned start_alter = 0x02;
constexpr unsigned commit_alter = 0x04;
constexpr unsigned rollback_alter = 0x08;

result<void> expect(const event_view& event, event_type type) {
    if (event.header.type == type) return {};
    return fail(errc::malformed, "a " + to_string(type) + " event was expected, this is " +
                                     to_string(event.header.type));
}

result<mariadb_gtid> make_gtid(std::uint32_t domain, std::uint32_t server, std::uint64_t sequence) {
    if (sequence < 1 || sequence > static_cast<std::uint64_t>(largest_gtid_number)) {
        return fail(errc::malformed, "a GTID of MariaDB has the sequence number " +
                                         std::to_string(sequence) + ", which is out of range");
    }
    return mariadb_gtid{domain, server, static_cast<std::int64_t>(sequence)};
}

void read_extra(byte_reader& in, mariadb_gtid_event& decoded) {
    const unsigned extra = in.u8();
    if ((extra & extra_engines) != 0) in.skip(1);
    using phase = mariadb_gtid_event::alter_phase;
    if ((extra & start_alter) != 0) decoded.alter = phase::start;
    if ((extra & commit_alter) != 0) decoded.alter = phase::commit;
    if ((extra & rollback_alter) != 0) decoded.alter = phase::rollback;
    if ((extra & (commit_alter | rollback_alter)) != 0) decoded.alter_started_by = in.u64();
}

} // namespace

result<mariadb_gtid_event> decode_mariadb_gtid_event(const event_view& event) {
    if (auto expected = expect(event, event_type::mariadb_gtid); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    mariadb_gtid_event decoded;
    const auto sequence = in.u64();
    const auto domain = in.u32();
    decoded.flags = in.u8();
    if ((decoded.flags & mariadb_gtid_event::has_group_commit_id) != 0) {
        decoded.group_commit_id = in.u64();
    }
    if (decoded.prepares_xa() || decoded.completes_xa()) {
        xa_id& id = decoded.xa.emplace();
        id.format = in.u32();
        const std::size_t gtrid_size = in.u8();
        const std::size_t bqual_size = in.u8();
        id.gtrid = in.text(gtrid_size);
        id.bqual = in.text(bqual_size);
    }
    // Before 10.6 there is nothing more, but for zeroes.
    if (in.ok() && !in.at_end()) read_extra(in, decoded);
    if (auto read = in.status("Gtid event of MariaDB"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    auto id = make_gtid(domain, event.header.server_id, sequence);
    if (!id) return std::unexpected(std::move(id.error()));
    decoded.id = *id;
    return decoded;
}

result<std::vector<mariadb_gtid>> decode_mariadb_gtid_list(const event_view& event) {
    if (auto expected = expect(event, event_type::mariadb_gtid_list); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    constexpr std::uint32_t count_bits = 0x0fffffff; // flags are in the others
    constexpr std::size_t entry_size = 16;
    byte_reader in(event.body);
    const auto count = in.u32() & count_bits;
    if (count > in.remaining() / entry_size) {
        return fail(errc::truncated, "Gtid_list event: " + std::to_string(count) +
                                         " GTIDs are announced, more than there are bytes for");
    }
    std::vector<mariadb_gtid> list;
    list.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto domain = in.u32();
        const auto server = in.u32();
        auto id = make_gtid(domain, server, in.u64());
        if (!id) return std::unexpected(std::move(id.error()));
        list.push_back(*id);
    }
    return list;
}

result<std::string_view> decode_mariadb_binlog_checkpoint(const event_view& event) {
    if (auto expected = expect(event, event_type::mariadb_binlog_checkpoint); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    byte_reader in(event.body);
    const auto file = in.text(in.u32());
    if (auto read = in.status("Binlog_checkpoint event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return file;
}

result<mariadb_start_encryption> decode_mariadb_start_encryption(const event_view& event) {
    if (auto expected = expect(event, event_type::mariadb_start_encryption); !expected) {
        return std::unexpected(std::move(expected.error()));
    }
    constexpr std::size_t nonce_size = 12;
    byte_reader in(event.body);
    mariadb_start_encryption decoded;
    decoded.scheme = in.u8();
    decoded.key_version = in.u32();
    in.skip(nonce_size);
    if (auto read = in.status("Start_encryption event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return decoded;
}

} // namespace understudy::protocol
