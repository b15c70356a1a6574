#pragma once

#include "applier/change_writer.hpp"
#include "applier/group.hpp"
#include "applier/group_applier.hpp"
#include "state/position.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace understudy::applier {

// Of the source's log: up to here a group is read, put together and sent where it is noticed, by
// the thread that everything else of the task waits for, because each hop to another thread costs
// it a tenth of its time.
inline constexpr std::uint64_t small_group_bytes = 64U << 10U;
inline constexpr std::uint64_t small_group_rows = 2'000;
// The packet, a third larger, goes into the send buffer of a connection with nothing on its way,
// whose size begins at some 40 KiB: so nobody waits for the target.
inline constexpr std::uint64_t sent_at_once_bytes = 16U << 10U;
inline constexpr std::size_t sent_at_once_changes = 100; // each may be of another table

// A group that can be executed beside others, as the list of changes that make its net effect
// (group_recorder). A value that owns all it refers to but the table plans, which live until the
// next DDL; it may be handed from thread to thread.
struct lane_work {
    struct change {
        rows_to_write rows;
        std::uint32_t tables_first = 0; // index into statement_tables
        std::uint32_t tables_count = 0;
        // A group before it writes one of its keys: not before that one has been committed.
        bool waits = false;
    };

    std::uint64_t number = 0; // of the groups of this stream that went to lanes, from 1
    group source;             // what the images lie in
    std::vector<change> changes;
    std::vector<const table_plan*> statement_tables;
    std::deque<std::vector<std::byte>> bitmaps;
    std::size_t waiting = 0; // changes that wait

    state::source_position after;                      // where the source is behind it
    std::chrono::system_clock::time_point source_time; // commit of its last transaction there
    apply_counts counts;
};

} // namespace understudy::applier
