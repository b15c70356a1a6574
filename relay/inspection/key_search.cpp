#include "relay/inspection/key_search.hpp"

#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace understudy::relay::inspection {

namespace {

using protocol::column_type;
using kind = comparable::kind;
using bytes = std::vector<std::byte>;

bytes little_endian(std::uint64_t value, std::size_t size) {
    bytes made(size);
    for (std::size_t i = 0; i < size; ++i)
        made[i] = static_cast<std::byte>(value >> (8 * i) & 0xffU);
    return made;
}

// Nothing: the column holds no such number.
std::optional<bytes> integer(std::string_view text, std::size_t size) {
    const auto* const end = text.data() + text.size();
    std::int64_t small = 0;
    std::uint64_t large = 0;
    const auto is_whole = [end](const std::from_chars_result& read) {
        return read.ec == std::errc{} && read.ptr == end;
    };
    const bool is_small = is_whole(std::from_chars(text.data(), end, small));
    if (!is_small && !is_whole(std::from_chars(text.data(), end, large))) return std::nullopt;
    if (is_small) large = static_cast<std::uint64_t>(small);
    const auto bits = 8 * size;
    const bool fits = size == 8 || (is_small && small < std::int64_t{1} << bits &&
                                    small >= -(std::int64_t{1} << (bits - 1)));
    return fits ? std::optional(little_endian(large, size)) : std::nullopt;
}

std::optional<bytes> string(std::string_view text, std::size_t prefix) {
    if (text.size() >= std::size_t{1} << (8 * prefix)) return std::nullopt;
    auto found = little_endian(text.size(), prefix);
    const auto raw = protocol::as_bytes(text);
    found.insert(found.end(), raw.begin(), raw.end());
    return found;
}

// Text as it is in the log is text as it is shown; bytes that are none are shown as 0x… or _utf8….
bool is_plain_text(const protocol::column_definition& column, std::string_view text) {
    if (!column.collation || text.starts_with("0x") || text.starts_with('_')) return false;
    const auto* charset = protocol::character_set_of(*column.collation);
    return charset != nullptr &&
           (charset->name == "utf8mb4" || charset->name == "utf8" || charset->name == "ascii");
}

// Nothing: that cannot be told.
std::optional<bytes> image_of(const protocol::column_definition& column, const comparable& value) {
    const auto number = [&](std::size_t size) -> std::optional<bytes> {
        if (value.what != kind::number && value.what != kind::text) return std::nullopt;
        return integer(value.text, size);
    };
    switch (column.type) {
    case column_type::tiny: return number(1);
    case column_type::short_: return number(2);
    case column_type::int24: return number(3);
    case column_type::long_: return number(4);
    case column_type::longlong: return number(8);
    case column_type::string:
    case column_type::varchar:
        if (value.what != kind::text || !is_plain_text(column, value.text)) return std::nullopt;
        return string(value.text, protocol::string_prefix_size(column.metadata));
    default: return std::nullopt;
    }
}

} // namespace

std::optional<std::string> row_key(const described_table& table, const key_values& values) {
    std::string key;
    protocol::table_map map;
    map.columns.resize(table.columns.size());
    for (const auto& [column, value] : values) {
        const auto image = image_of(table.columns[column], value);
        if (!image) return std::nullopt;
        protocol::row_image row;
        row.columns.resize(table.columns.size());
        row.columns[column] = {.value = *image, .present = true};
        const std::uint32_t one[] = {column};
        if (!protocol::append_row_key(key, map, row, one)) return std::nullopt;
    }
    return key;
}

void key_search::enter(std::shared_ptr<const key_index> index) {
    index_ = std::move(index);
    wanted_.clear();
    if (!index_) return;
    for (const auto& table : index_->tables)
        wanted_.push_back(wanted_of(table));
}

key_search::wanted_rows key_search::wanted_of(const indexed_table& table) {
    wanted_rows made;
    made.asked = tables_.empty() || std::ranges::any_of(tables_, [&](const auto& pattern) {
                     return pattern.matches(table.database, table.table, tables_ignore_case_);
                 });
    if (!made.asked || !keys_ || table.key.empty()) return made;
    described_table only_key;
    only_key.database = table.database;
    only_key.name = table.table;
    only_key.only_key = true;
    // Layouts of tables that are read count up.
    only_key.layout = std::numeric_limits<std::uint64_t>::max() - layouts_++;
    only_key.columns.resize(table.column_count);
    only_key.column_names.resize(table.column_count);
    for (const auto& column : table.key) {
        made.columns.push_back(column.number);
        auto& into = only_key.columns[column.number];
        into.name = column.name;
        into.type = column.type;
        into.metadata = column.metadata;
        into.collation = column.collation;
        only_key.column_names[column.number] = column.name;
    }
    only_key.key = made.columns;
    made.keys = keys_(only_key);
    return made;
}

bool key_search::may_hold(std::uint64_t frame) {
    const bool may = judge(frame);
    ++(may ? read_ : skipped_);
    return may;
}

bool key_search::judge(std::uint64_t frame) const {
    if (!index_) return true;
    // No table is called that: nothing is known of this run.
    if (index_->has_statements(frame) || index_->may_touch(frame, {}, {})) return true;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        if (wanted_[i].asked && may_hold(frame, i)) return true;
    }
    return false;
}

bool key_search::may_hold(std::uint64_t frame, std::size_t table) const {
    const auto& [database, name, column_count, key] = index_->tables[table];
    const auto& wanted = wanted_[table];
    if (!index_->may_touch(frame, database, name)) return false;
    if (!wanted.keys) return true;
    return std::ranges::any_of(*wanted.keys, [&](const std::string& row) {
        return index_->may_hold(frame, {database, name, wanted.columns, row});
    });
}

} // namespace understudy::relay::inspection
