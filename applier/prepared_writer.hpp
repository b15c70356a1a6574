#pragma once

#include "applier/group.hpp"
#include "applier/prepared_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy::applier {

// Puts the rows of a transaction that the source only prepares into the store, in parts: TABLE_MAP
// and rows events without checksums, table ids of the source, each statement's maps before its
// rows. What prepared_changes reads. Memory: one part and one event. One thread, inside the
// caller's transaction; nothing of the session's may be outstanding.
class prepared_writer {
public:
    prepared_writer(target_session& target, const prepared_store& store)
        : target_(target), store_(store) {}

    [[nodiscard]] protocol::result<void> append(const group& work, const row_change& change,
                                                const std::string& xa_id);
    // The transaction is complete: the rest goes out. Part 0 is written even when it is empty.
    [[nodiscard]] protocol::result<void> finish(const std::string& xa_id);
    // A new part of the source's log: its statements have other tables.
    void begin_group() { statement_first_ = UINT32_MAX; }

private:
    [[nodiscard]] protocol::result<void> flush(const std::string& xa_id);

    target_session& target_;
    const prepared_store& store_;
    std::vector<std::byte> held_;
    std::uint32_t part_ = 0;
    std::uint32_t statement_first_ = UINT32_MAX;
};

} // namespace understudy::applier
