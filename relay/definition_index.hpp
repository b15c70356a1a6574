#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/definition_format.hpp"
#include "relay/file.hpp"
#include "relay/file_cipher.hpp"
#include "relay/key_ring.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::relay {

inline constexpr std::string_view definitions_name = "definitions";

// Where the records of each table stand in the file of definitions, and what is asked of them
// without reading them. A value.
class definition_index {
public:
    struct entry {
        protocol::binlog_position from;
        std::uint64_t number = 0;
        std::uint64_t offset = 0;
        std::uint32_t size = 0;
        std::uint64_t content = 0; // content_hash()
        bool dropped = false;
    };
    using table_name = std::pair<std::string, std::string>; // database, table

    void add(const definition_record& record, entry where);
    // The record in force for events that begin at `position`; null: none is that old.
    [[nodiscard]] const entry* in_force(const table_name& table,
                                        const protocol::binlog_position& position) const;
    // The records that are still asked for when nothing before `begin` is, in the order of the
    // file.
    [[nodiscard]] std::vector<entry> needed_from(const protocol::binlog_position& begin) const;
    [[nodiscard]] std::vector<entry> all() const;
    [[nodiscard]] std::size_t size() const { return size_; }
    // Tables that are there at `position`, as far as is known.
    [[nodiscard]] std::vector<table_name> tables(const protocol::binlog_position& position) const;

private:
    std::map<table_name, std::vector<entry>> tables_; // by position, then number
    std::size_t size_ = 0;
};

// What a file of definitions holds.
struct scanned_definitions {
    definitions_header header;
    std::optional<file_cipher> cipher;
    definition_index index;
    std::uint64_t end = 0; // behind the last whole record; what follows is a torn tail
    std::uint64_t next_number = 1;
};

// Reads all of it. A record that is not whole is a torn tail if nothing good comes after it:
// records are synced one by one. Otherwise errc::corrupt, with file and offset.
[[nodiscard]] protocol::result<scanned_definitions>
scan_definitions(file& from, const std::string& path, const key_ring& keys);

[[nodiscard]] protocol::result<definition_record>
read_definition(file& from, const std::string& path, const definition_index::entry& where,
                file_cipher* cipher);

} // namespace understudy::relay
