#include "relay/key_index.hpp"

#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"
#include "relay/file_cipher.hpp"
#include "relay/format.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::byte_reader;
using protocol::byte_writer;
using protocol::fail;
using protocol::result;

constexpr std::string_view suffix = ".keys";
constexpr std::string_view file_magic = "UNDRKEYS";
constexpr std::string_view purpose = "understudy keys";
constexpr std::uint16_t file_version = 2;
constexpr std::uint16_t flag_encrypted = 1;
constexpr std::size_t checksum_size = 8;
constexpr std::uint8_t hash_count_max = 16;
constexpr std::uint16_t collation_unknown = 0;
constexpr std::uint32_t column_count_max = 0xffff; // the servers' own limit is 4096
constexpr std::uint8_t run_statements = 1;
constexpr std::uint8_t run_opaque = 2;

void write_text(byte_writer& out, std::string_view text) {
    out.u32(static_cast<std::uint32_t>(text.size()));
    out.text(text);
}

std::string read_text(byte_reader& in) {
    return std::string(in.text(in.u32()));
}

void write_numbers(byte_writer& out, const std::vector<std::uint32_t>& numbers) {
    out.u32(static_cast<std::uint32_t>(numbers.size()));
    for (const auto number : numbers)
        out.u32(number);
}

std::vector<std::uint32_t> read_numbers(byte_reader& in) {
    std::vector<std::uint32_t> numbers;
    const auto count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i)
        numbers.push_back(in.u32());
    return numbers;
}

void write_column(byte_writer& out, const indexed_column& column) {
    out.u32(column.number);
    write_text(out, column.name);
    out.u8(static_cast<std::uint8_t>(column.type));
    out.u16(column.metadata);
    out.u16(column.collation.value_or(collation_unknown));
}

indexed_column read_column(byte_reader& in) {
    indexed_column column;
    column.number = in.u32();
    column.name = read_text(in);
    column.type = static_cast<protocol::column_type>(in.u8());
    column.metadata = in.u16();
    const auto collation = in.u16();
    if (collation != collation_unknown) column.collation = collation;
    return column;
}

std::vector<std::byte> encode_content(const key_index& index) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.u64(index.segment);
    out.u64(index.segment_size);
    out.u64(index.source_frames);
    out.u32(static_cast<std::uint32_t>(index.tables.size()));
    for (const auto& table : index.tables) {
        write_text(out, table.database);
        write_text(out, table.table);
        out.u32(table.column_count);
        out.u32(static_cast<std::uint32_t>(table.key.size()));
        for (const auto& column : table.key)
            write_column(out, column);
    }
    out.u32(static_cast<std::uint32_t>(index.runs.size()));
    for (const auto& run : index.runs) {
        out.u64(run.first_frame);
        out.u32(run.frame_count);
        out.u8(static_cast<std::uint8_t>((run.has_statements ? run_statements : 0U) |
                                         (run.is_opaque ? run_opaque : 0U)));
        write_numbers(out, run.tables);
        out.u8(run.hash_count);
        out.u32(static_cast<std::uint32_t>(run.filter.size()));
        out.bytes(run.filter);
    }
    return bytes;
}

indexed_run read_run(byte_reader& in, std::size_t tables) {
    indexed_run run;
    run.first_frame = in.u64();
    run.frame_count = in.u32();
    const auto flags = in.u8();
    run.has_statements = (flags & run_statements) != 0;
    run.is_opaque = (flags & run_opaque) != 0;
    run.tables = read_numbers(in);
    run.hash_count = in.u8();
    const auto filter = in.bytes(in.u32());
    run.filter.assign(filter.begin(), filter.end());
    const bool fits =
        run.frame_count > 0 && flags < 4 && run.hash_count <= hash_count_max &&
        (run.hash_count == 0) == run.filter.empty() &&
        std::ranges::all_of(run.tables, [&](std::uint32_t one) { return one < tables; });
    if (!fits) in.set_failed();
    return run;
}

result<key_index> decode_content(std::span<const std::byte> bytes) {
    key_index index;
    byte_reader in(bytes);
    index.segment = in.u64();
    index.segment_size = in.u64();
    index.source_frames = in.u64();
    const auto tables = in.u32();
    for (std::uint32_t i = 0; i < tables && in.ok(); ++i) {
        indexed_table table;
        table.database = read_text(in);
        table.table = read_text(in);
        table.column_count = in.u32();
        if (table.column_count > column_count_max) in.set_failed();
        const auto key = in.u32();
        for (std::uint32_t j = 0; j < key && in.ok(); ++j) {
            table.key.push_back(read_column(in));
            if (table.key.back().number >= table.column_count) in.set_failed();
        }
        index.tables.push_back(std::move(table));
    }
    const auto runs = in.u32();
    for (std::uint32_t i = 0; i < runs && in.ok(); ++i) {
        index.runs.push_back(read_run(in, index.tables.size()));
        const auto& run = index.runs.back();
        const bool in_order = i == 0 || run.first_frame >= index.runs[i - 1].first_frame +
                                                               index.runs[i - 1].frame_count;
        if (!in_order) in.set_failed();
    }
    if (!in.finish("key index")) {
        return fail(errc::corrupt, "the index of keys does not fit together");
    }
    return index;
}

// Two halves of one hash make all the others (Kirsch and Mitzenmacher).
template<class Visit>
void for_each_bit(std::uint64_t hash, std::uint8_t count, std::uint64_t bits, Visit visit) {
    const auto step = std::rotl(hash, 32) | 1U;
    for (std::uint8_t i = 0; i < count; ++i) {
        visit(hash % bits);
        hash += step;
    }
}

} // namespace

std::string key_index_name(std::uint64_t segment_number) {
    auto name = segment_name(segment_number);
    name.resize(name.find('.'));
    return name + std::string(suffix);
}

std::optional<std::uint64_t> parse_key_index_name(std::string_view name) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    return parse_segment_name(std::string(name) + ".segment");
}

std::uint64_t row_hash(std::string_view database, std::string_view table, std::string_view key) {
    std::vector<std::byte> bytes;
    bytes.reserve(database.size() + table.size() + key.size() + 2);
    byte_writer out(bytes);
    out.nul_text(database); // neither name can hold a NUL
    out.nul_text(table);
    out.text(key);
    return checksum(bytes);
}

void fill_filter(indexed_run& run, std::span<const std::uint64_t> hashes, double bits_per_key) {
    // Below this a filter would say yes to more than every third key.
    constexpr double bits_min = 2;
    if (hashes.empty() || bits_per_key < bits_min) return;
    const auto wanted = static_cast<double>(hashes.size()) * bits_per_key;
    run.filter.resize(static_cast<std::size_t>(wanted / 8) + 1);
    const std::uint64_t bits = 8 * run.filter.size();
    run.hash_count = static_cast<std::uint8_t>(std::clamp(bits_per_key * 0.693, 1.0, 16.0));
    for (const auto hash : hashes) {
        for_each_bit(hash, run.hash_count, bits, [&](std::uint64_t bit) {
            run.filter[bit / 8] |= static_cast<std::byte>(1U << (bit % 8));
        });
    }
}

const indexed_run* key_index::run_of(std::uint64_t frame) const {
    const auto next = std::ranges::upper_bound(runs, frame, {}, &indexed_run::first_frame);
    if (next == runs.begin()) return nullptr;
    const auto& run = *std::prev(next);
    return frame < run.first_frame + run.frame_count ? &run : nullptr;
}

bool key_index::has_statements(std::uint64_t frame) const {
    const auto* run = run_of(frame);
    return run == nullptr || run->is_opaque || run->has_statements;
}

bool key_index::may_touch(std::uint64_t frame, std::string_view database,
                          std::string_view table) const {
    const auto* run = run_of(frame);
    if (run == nullptr || run->is_opaque) return true;
    return std::ranges::any_of(run->tables, [&](std::uint32_t one) {
        return tables[one].database == database && tables[one].table == table;
    });
}

bool key_index::may_hold(std::uint64_t frame, const row_probe& row) const {
    const auto* run = run_of(frame);
    if (run == nullptr || run->is_opaque) return true;
    bool is_there = false;
    for (const auto number : run->tables) {
        const auto& one = tables[number];
        if (one.database != row.database || one.table != row.table) continue;
        // Another key than the one asked for: its rows are under other hashes.
        if (one.key.empty() ||
            !std::ranges::equal(one.key, row.columns, {}, &indexed_column::number))
            return true;
        is_there = true;
    }
    if (!is_there) return false;
    if (run->hash_count == 0) return true;
    bool all = true;
    for_each_bit(row_hash(row.database, row.table, row.key), run->hash_count,
                 8 * run->filter.size(), [&](std::uint64_t bit) {
                     all &= (run->filter[bit / 8] & static_cast<std::byte>(1U << (bit % 8))) !=
                            std::byte{0};
                 });
    return all;
}

std::vector<std::byte> encode_key_index(const key_index& index, const key_ring& keys) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.text(file_magic);
    out.u16(file_version);
    out.u16(keys.empty() ? 0 : flag_encrypted);
    auto content = encode_content(index);
    if (!keys.empty()) {
        auto cipher = file_cipher::begin(keys, purpose);
        cipher.what().write(out);
        content = cipher.seal(bytes, content);
    }
    out.bytes(content);
    out.u64(checksum(bytes));
    return bytes;
}

result<key_index> decode_key_index(std::span<const std::byte> bytes, const key_ring& keys) {
    if (bytes.size() < file_magic.size() + 4 + checksum_size) {
        return fail(errc::corrupt, "the index of keys is cut off");
    }
    const auto covered = bytes.first(bytes.size() - checksum_size);
    byte_reader in(covered);
    const auto magic = in.text(file_magic.size());
    const auto version = in.u16();
    const auto flags = in.u16();
    if (magic != file_magic) return fail(errc::corrupt, "this is no index of keys");
    if (version != file_version || (flags & ~flag_encrypted) != 0) {
        return fail(errc::unsupported_version, "the index of keys has format version " +
                                                   std::to_string(version) + ", flags " +
                                                   std::to_string(flags));
    }
    if (checksum(covered) != byte_reader(bytes.last(checksum_size)).u64()) {
        return fail(errc::corrupt, "the checksum of the index of keys does not match");
    }
    if (flags == 0) return decode_content(in.rest());
    auto description = file_cipher::description::read(in);
    if (!in.ok()) return fail(errc::corrupt, "the index of keys is cut off");
    auto cipher = file_cipher::resume(keys, std::move(description), purpose);
    if (!cipher) return std::unexpected(std::move(cipher.error()));
    const auto with = covered.first(covered.size() - in.remaining());
    auto plain = cipher->open(with, in.rest());
    if (!plain) return std::unexpected(std::move(plain.error()));
    return decode_content(*plain);
}

result<std::optional<key_index>> read_key_index(directory& where, std::uint64_t segment_number,
                                                const key_ring& keys) {
    const auto name = key_index_name(segment_number);
    const auto names = where.names();
    if (!names) return std::unexpected(names.error());
    if (!std::ranges::binary_search(*names, name)) return std::nullopt;
    auto file = where.open_for_reading(name);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    std::vector<std::byte> bytes(static_cast<std::size_t>(*size));
    const auto count = (*file)->read_at(0, bytes);
    if (!count) return std::unexpected(count.error());
    bytes.resize(*count);
    auto index = decode_key_index(bytes, keys);
    if (!index)
        return protocol::wrap(std::move(index.error()), where.path_of(name) + ": at byte 0");
    auto segment = where.open_for_reading(segment_name(segment_number));
    if (!segment) return std::unexpected(segment.error());
    const auto segment_size = (*segment)->size();
    if (!segment_size) return std::unexpected(segment_size.error());
    if (index->segment != segment_number || index->segment_size != *segment_size) {
        return std::nullopt;
    }
    return std::optional(std::move(*index));
}

result<void> write_key_index(directory& where, const key_index& index, const key_ring& keys) {
    const std::string temporary(unfinished_key_index_name);
    auto file = where.create(temporary);
    if (!file) return std::unexpected(file.error());
    auto done = (*file)->append(encode_key_index(index, keys));
    if (done) done = (*file)->sync();
    if (done) done = where.rename(temporary, key_index_name(index.segment));
    if (done) return where.sync();
    std::ignore = where.remove(temporary);
    return done;
}

} // namespace understudy::relay
