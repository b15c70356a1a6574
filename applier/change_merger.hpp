#pragma once

#include "applier/change_writer.hpp"
#include "applier/table_plan.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace understudy::applier {

// The net effect of a group's changes on each row, by the bytes of its key:
//
//   INSERT + UPDATE = INSERT            UPDATE + DELETE = DELETE of what was there first
//   UPDATE + UPDATE = UPDATE            DELETE + INSERT = UPDATE
//   INSERT + DELETE = nothing           an UPDATE of a unique key stays as it is
//
// merge_shape says of which tables, and why their order does not matter. Holds references to the
// images, so the group must outlive what is in here; memory is one entry per key, and the group's
// limits bound it. No allocation per event once the tables have grown. One thread.
//
// What merging hides from the strict mode of the target: a row that the source inserted and deleted
// again within the group is never written, so it is not noticed that the target had a row with that
// key. Everything else is noticed: a missing row by the first change of it, an existing one by the
// INSERT.
class change_merger {
public:
    // Whether rows of this event may be merged at all: the table's shape allows it, the images are
    // complete, and uniqueness is checked.
    [[nodiscard]] static bool accepts(const table_plan& table, const protocol::rows_event& event);

    // The event's rows. What is held of the table goes to the writer first where the rows do not
    // continue it: an INSERT of a key that is there, a DELETE of one that is gone, other flags. The
    // target sees both then and answers as it would have.
    [[nodiscard]] protocol::result<void>
    add(const rows_to_write& rows, const protocol::rows_event& event, change_writer& writer);
    // What is held of this table of the target, before something else is done with it.
    [[nodiscard]] protocol::result<void> flush(const table_plan& table, change_writer& writer);
    [[nodiscard]] protocol::result<void> flush_all(change_writer& writer);

    // Forgets everything; also the plans, which may go then.
    void clear();

    [[nodiscard]] bool empty() const { return used_.empty(); }
    // Rows that were handed to the writer since the last call.
    [[nodiscard]] std::uint64_t take_written() { return std::exchange(written_, 0); }

private:
    using bytes = std::span<const std::byte>;

    struct net {
        bytes before; // data() == nullptr: no such image
        bytes after;
        bytes key;
        std::uint64_t hash = 0;  // of the key
        bool is_another = false; // inserted after it was deleted

        [[nodiscard]] bool is_there() const { return after.data() != nullptr; }
        [[nodiscard]] bool was_there() const { return before.data() != nullptr; }
    };

    // Nets of one table of the target.
    struct table_nets {
        const table_plan* plan = nullptr;
        rows_to_write like;               // flags, bitmaps and so on
        std::vector<std::byte> present;   // all ones
        std::vector<net> rows;            // in the order of their first change
        std::vector<std::uint32_t> slots; // open addressing; 0: free, else index into rows + 1
        std::deque<std::vector<std::byte>> made_keys; // of columns that do not lie side by side
        std::uint64_t counter = 0;      // largest AUTO_INCREMENT value that was inserted
        bytes counter_row;              // its image, when it is gone again
        std::uint64_t counter_hash = 0; // of its key

        [[nodiscard]] bool moves(const net& row) const;
        [[nodiscard]] net* find(bytes key, std::uint64_t hash);
        net& insert(bytes key, std::uint64_t hash);
        void forget_rows();
        void grow();
        [[nodiscard]] std::size_t slot_of(bytes key, std::uint64_t hash) const;
    };

    [[nodiscard]] table_nets& nets_of(const table_plan& table);
    [[nodiscard]] bytes key_of(table_nets& nets, const protocol::row_image& image);
    [[nodiscard]] protocol::result<void> remove(table_nets& nets, const protocol::row_image& image,
                                                change_writer& writer);
    [[nodiscard]] protocol::result<void> insert(table_nets& nets, const protocol::row_image& image,
                                                change_writer& writer);
    [[nodiscard]] protocol::result<void> update(table_nets& nets, const protocol::row_image& before,
                                                const protocol::row_image& after,
                                                change_writer& writer);
    [[nodiscard]] protocol::result<void> flush(table_nets& nets, change_writer& writer);
    // A row that nothing is held of yet.
    net& hold(table_nets& nets, bytes key, std::uint64_t hash);
    [[nodiscard]] protocol::result<void> write_counter(table_nets& nets, change_writer& writer);
    [[nodiscard]] protocol::result<void> write_rows(table_nets& nets, change_writer& writer);
    [[nodiscard]] protocol::result<void> write(table_nets& nets, protocol::rows_kind kind,
                                               bytes rows, bytes after, key_hashes keys,
                                               change_writer& writer);

    std::unordered_map<std::uint32_t, std::unique_ptr<table_nets>> tables_; // by plan identity
    std::vector<table_nets*> used_; // that hold rows, in the order of their first change
    std::uint64_t written_ = 0;
};

} // namespace understudy::applier
