#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/xa_id.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// What only MariaDB writes between transactions (its sql/log_event.h). Views live as long as the
// event.

// GTID: starts a transaction, and stands for its BEGIN (or XA START) too, unless the one event that
// follows is the whole of it.
struct mariadb_gtid_event {
    enum class alter_phase : std::uint8_t { none, start, commit, rollback };

    mariadb_gtid id;
    std::uint8_t flags = 0;
    std::optional<std::uint64_t> group_commit_id;
    std::optional<xa_id> xa; // of the XA transaction that it prepares or completes
    // Of an ALTER TABLE that was logged twice (binlog_alter_two_phase): when it began, and when it
    // was through. The statement is the same both times; a rollback takes the first one back.
    alter_phase alter = alter_phase::none;
    std::uint64_t alter_started_by = 0; // sequence number of the start, with commit and rollback

    [[nodiscard]] bool is_standalone() const { return (flags & standalone) != 0; }
    [[nodiscard]] bool is_ddl() const { return (flags & ddl) != 0; }
    [[nodiscard]] bool is_transactional() const { return (flags & transactional) != 0; }
    [[nodiscard]] bool prepares_xa() const { return (flags & prepared_xa) != 0; }
    [[nodiscard]] bool completes_xa() const { return (flags & completed_xa) != 0; }

    static constexpr unsigned standalone = 0x01;
    static constexpr unsigned has_group_commit_id = 0x02;
    static constexpr unsigned transactional = 0x04;
    static constexpr unsigned ddl = 0x20;
    static constexpr unsigned prepared_xa = 0x40;
    static constexpr unsigned completed_xa = 0x80;
};
[[nodiscard]] result<mariadb_gtid_event> decode_mariadb_gtid_event(const event_view& event);

// GTID_LIST, at the head of each file: the position at which it begins. Of several servers in one
// domain the last one is the newest.
[[nodiscard]] result<std::vector<mariadb_gtid>> decode_mariadb_gtid_list(const event_view& event);

// BINLOG_CHECKPOINT: the oldest file that a recovery of the source could need.
[[nodiscard]] result<std::string_view> decode_mariadb_binlog_checkpoint(const event_view& event);

// START_ENCRYPTION: what follows in the file is encrypted on the source's disk. Dumps come in the
// clear.
struct mariadb_start_encryption {
    std::uint8_t scheme = 0;
    std::uint32_t key_version = 0;
};
[[nodiscard]] result<mariadb_start_encryption>
decode_mariadb_start_encryption(const event_view& event);

} // namespace understudy::protocol
