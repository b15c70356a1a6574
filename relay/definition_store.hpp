#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/definition_index.hpp"
#include "relay/file.hpp"
#include "relay/key_ring.hpp"
#include "relay/table_definition.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace understudy::relay {

// What each selected table of the source looked like, from which position on: the file
// `definitions` beside the segments. Written by whoever learns of a definition (the applier, at the
// first row of a table and behind each DDL) before the checkpoint passes the place, so that no
// crash loses one. Read by whoever decodes rows of the log later, also from another process
// (definition_history). Thread-safe.
class definition_store {
public:
    // Cuts a torn tail, and writes the file anew if it is not encrypted as the ring's newest key
    // wants. The first record makes the file. errc::corrupt: it is damaged; errc::wrong_source.
    [[nodiscard]] static protocol::result<std::unique_ptr<definition_store>>
    open(std::shared_ptr<directory> where, const protocol::uuid& source, key_ring keys);

    // On the disk when it returns. Nothing is written when the record in force at its position says
    // the same, so that repeating after a crash costs nothing.
    [[nodiscard]] protocol::result<void> note(const definition_record& record);
    // In force for events that begin at `position`; a dropped table is told as such.
    [[nodiscard]] protocol::result<std::optional<definition_record>>
    find(const std::string& database, const std::string& table,
         const protocol::binlog_position& position);
    // Database and table of all that are there at `position`.
    [[nodiscard]] std::vector<definition_index::table_name>
    tables(const protocol::binlog_position& position) const;
    // The log begins here now. What nobody asks for any more goes when it is more than what stays.
    [[nodiscard]] protocol::result<void> forget_before(const protocol::binlog_position& begin);

private:
    definition_store(std::shared_ptr<directory> where, const protocol::uuid& source, key_ring keys)
        : where_(std::move(where)), source_(source), keys_(std::move(keys)) {}

    [[nodiscard]] protocol::result<void> load();
    [[nodiscard]] protocol::result<void>
    write_anew(const std::vector<definition_index::entry>& kept);
    [[nodiscard]] protocol::result<void> append(const definition_record& record);
    [[nodiscard]] file_cipher* cipher() { return cipher_ ? &*cipher_ : nullptr; }
    [[nodiscard]] std::string path() const;

    std::shared_ptr<directory> where_;
    const protocol::uuid source_;
    const key_ring keys_;

    mutable std::mutex mutex_;
    std::unique_ptr<file> file_; // null: there is none yet
    std::optional<file_cipher> cipher_;
    definition_index index_;
    std::uint64_t end_ = 0;
    std::uint64_t next_number_ = 1;
};

// The same, read-only, from outside; also while a task writes.
class definition_history {
public:
    // A directory without the file has an empty history: nothing is known.
    [[nodiscard]] static protocol::result<definition_history> open(directory& where,
                                                                   const key_ring& keys);

    // nullopt: not known. A record may say that the table was dropped. Before rows are decoded by
    // it: find_contradiction().
    [[nodiscard]] protocol::result<std::optional<definition_record>>
    find(const std::string& database, const std::string& table,
         const protocol::binlog_position& position);
    [[nodiscard]] protocol::result<std::vector<definition_record>> all();

private:
    std::string path_;
    std::unique_ptr<file> file_; // null: there is none
    std::optional<file_cipher> cipher_;
    definition_index index_;
};

} // namespace understudy::relay
