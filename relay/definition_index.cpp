#include "relay/definition_index.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;
using entry = definition_index::entry;

constexpr std::string_view purpose = "understudy definitions";

std::string place(const std::string& path, std::uint64_t offset) {
    return path + ": at byte " + std::to_string(offset);
}

std::unexpected<protocol::error> damaged(protocol::error why, const std::string& where) {
    if (why.code == errc::torn) why.code = make_error_code(errc::corrupt);
    return protocol::wrap(std::move(why), where);
}

result<std::vector<std::byte>> read_piece(file& from, std::uint64_t offset, std::uint64_t size) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    const auto count = from.read_at(offset, bytes);
    if (!count) return std::unexpected(count.error());
    bytes.resize(*count);
    return bytes;
}

// The whole record at `offset`, or as much as is there.
result<std::vector<std::byte>> read_record(file& from, std::uint64_t offset) {
    auto bytes = read_piece(from, offset, record_prefix_size);
    if (!bytes) return bytes;
    const auto size = decode_record_prefix(*bytes);
    if (!size) return bytes;
    const auto length = from.size();
    if (!length) return std::unexpected(length.error());
    if (*size > *length - offset) return bytes; // a size that cannot be is no reason to allocate it
    return read_piece(from, offset, *size);
}

result<bool> has_record_after(file& from, std::uint64_t offset, std::uint64_t size) {
    constexpr auto first = static_cast<std::byte>(record_magic & 0xffU);
    while (offset + record_prefix_size <= size) {
        const auto window =
            read_piece(from, offset, std::min<std::uint64_t>(size - offset, 1U << 20U));
        if (!window) return std::unexpected(window.error());
        for (std::size_t i = 0; i < window->size(); ++i) {
            if ((*window)[i] != first) continue;
            const auto bytes = read_record(from, offset + i);
            if (!bytes) return std::unexpected(bytes.error());
            if (record_checksum_matches(*bytes)) return true;
        }
        if (window->empty()) break;
        offset += window->size();
    }
    return false;
}

bool before(const entry& a, const entry& b) {
    const auto order = a.from <=> b.from;
    return order != 0 ? order < 0 : a.number < b.number;
}

} // namespace

void definition_index::add(const definition_record& record, entry where) {
    where.from = record.from;
    where.content = content_hash(record);
    where.dropped = record.dropped;
    auto& entries = tables_[{record.what.database, record.what.table}];
    entries.insert(std::ranges::upper_bound(entries, where, before), std::move(where));
    ++size_;
}

const entry* definition_index::in_force(const table_name& table,
                                        const protocol::binlog_position& position) const {
    const auto found = tables_.find(table);
    if (found == tables_.end()) return nullptr;
    const auto& entries = found->second;
    const auto next =
        std::ranges::find_if(entries, [&](const entry& one) { return one.from > position; });
    return next == entries.begin() ? nullptr : &*std::prev(next);
}

std::vector<entry> definition_index::needed_from(const protocol::binlog_position& begin) const {
    std::vector<entry> needed;
    for (const auto& [name, entries] : tables_) {
        const auto* first = in_force(name, begin);
        for (const auto& one : entries) {
            const bool is_later = one.from > begin;
            if (is_later || (&one == first && !one.dropped)) needed.push_back(one);
        }
    }
    std::ranges::sort(needed, {}, &entry::number);
    return needed;
}

std::vector<entry> definition_index::all() const {
    std::vector<entry> found;
    for (const auto& [name, entries] : tables_)
        found.insert(found.end(), entries.begin(), entries.end());
    std::ranges::sort(found, {}, &entry::number);
    return found;
}

std::vector<definition_index::table_name>
definition_index::tables(const protocol::binlog_position& position) const {
    std::vector<table_name> found;
    for (const auto& [name, entries] : tables_) {
        const auto* one = in_force(name, position);
        if (one != nullptr && !one->dropped) found.push_back(name);
    }
    return found;
}

result<definition_record> read_definition(file& from, const std::string& path, const entry& where,
                                          file_cipher* cipher) {
    const auto bytes = read_piece(from, where.offset, where.size);
    if (!bytes) return std::unexpected(bytes.error());
    auto record = decode_record(*bytes, cipher);
    if (!record) return damaged(std::move(record.error()), place(path, where.offset));
    return std::move(record->record);
}

result<scanned_definitions> scan_definitions(file& from, const std::string& path,
                                             const key_ring& keys) {
    const auto size = from.size();
    if (!size) return std::unexpected(size.error());
    auto bytes = read_piece(from, 0, std::min<std::uint64_t>(*size, definitions_header_size_max));
    if (!bytes) return std::unexpected(bytes.error());
    auto header = decode_definitions_header(*bytes);
    if (!header) return damaged(std::move(header.error()), place(path, 0));
    scanned_definitions scan;
    scan.header = std::move(*header);
    scan.end = *decode_definitions_prefix(*bytes);
    if (scan.header.encryption) {
        auto cipher = file_cipher::resume(keys, *scan.header.encryption, purpose);
        if (!cipher) return protocol::wrap(std::move(cipher.error()), path);
        scan.cipher = std::move(*cipher);
    }
    while (scan.end < *size) {
        bytes = read_record(from, scan.end);
        if (!bytes) return std::unexpected(bytes.error());
        auto record = decode_record(*bytes, scan.cipher ? &*scan.cipher : nullptr);
        if (record && record->number != scan.next_number) {
            record = fail(errc::corrupt, "a record is missing before this one");
        }
        if (!record) {
            const bool whole = record_checksum_matches(*bytes);
            const auto later = has_record_after(from, scan.end + 1, *size);
            if (!later) return std::unexpected(later.error());
            if (whole || *later) return damaged(std::move(record.error()), place(path, scan.end));
            break;
        }
        const auto length = static_cast<std::uint32_t>(bytes->size());
        scan.index.add(record->record, {{}, record->number, scan.end, length, 0, false});
        scan.end += length;
        ++scan.next_number;
    }
    return scan;
}

} // namespace understudy::relay
