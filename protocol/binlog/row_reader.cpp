#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>

namespace understudy::protocol {

row_reader::row_reader(const table_map& map, const rows_event& event)
    : map_(&map), kind_(event.kind), present_(event.present), present_after_(event.present_after),
      rest_(event.rows), present_count_(present_.set_count()),
      present_after_count_(present_after_.set_count()),
      widths_agree_(event.column_count == map.columns.size()),
      row_without_columns_(event.kind == rows_kind::write && present_count_ == 0 &&
                           event.rows.empty()),
      has_partial_json_(event.has_partial_json) {
    if (has_partial_json_) {
        json_count_ = static_cast<std::uint32_t>(
            std::ranges::count(map.columns, column_type::json, &table_map_column::type));
    }
}

result<bool> row_reader::next() {
    if (!widths_agree_) {
        return fail(errc::malformed,
                    "a rows event and its Table_map of " + std::string(map_->database) + "." +
                        std::string(map_->table) + " differ in their number of columns");
    }
    if (rest_.empty() && !row_without_columns_) {
        return false;
    }
    // INSERT … VALUES () with binlog_row_image=MINIMAL: every column has its default, and the row
    // has no bytes.
    row_without_columns_ = false;
    const auto left_before = rest_.size();
    if (kind_ != rows_kind::write) {
        if (auto cut = slice(present_, present_count_, before_); !cut) {
            return std::unexpected(std::move(cut.error()));
        }
    }
    if (kind_ != rows_kind::delete_) {
        const bool update = kind_ == rows_kind::update;
        column_bitmap partial_bits;
        if (has_partial_json_) {
            auto bits = read_partial_bits();
            if (!bits) {
                return std::unexpected(std::move(bits.error()));
            }
            partial_bits = *bits;
        }
        if (auto cut = slice(update ? present_after_ : present_,
                             update ? present_after_count_ : present_count_, after_);
            !cut) {
            return std::unexpected(std::move(cut.error()));
        }
        if (has_partial_json_) {
            mark_partial(partial_bits);
        }
    }
    if (left_before != 0 && rest_.size() == left_before) {
        return fail(errc::malformed, "a rows event of " + std::string(map_->database) + "." +
                                         std::string(map_->table) +
                                         " has bytes for rows without columns");
    }
    return true;
}

// value_options lenenc, then, if they say so, one bit for each JSON column of the table, whether
// the image has it or not. Without: no column is partial.
result<column_bitmap> row_reader::read_partial_bits() {
    constexpr std::uint64_t partial_json_option = 1;
    byte_reader in(rest_);
    const auto options = in.lenenc();
    column_bitmap bits;
    if (in.ok() && options > partial_json_option) {
        return fail(errc::unsupported,
                    "a row of " + std::string(map_->database) + "." + std::string(map_->table) +
                        " has value options that are not known: " + std::to_string(options));
    }
    if (options == partial_json_option) {
        bits = {in.bytes((json_count_ + 7) / 8), json_count_};
    }
    if (!in.ok()) {
        return fail(errc::truncated, "a row of " + std::string(map_->database) + "." +
                                         std::string(map_->table) +
                                         " ends before its partial JSON bits");
    }
    rest_ = in.peek();
    return bits;
}

void row_reader::mark_partial(const column_bitmap& bits) {
    std::uint32_t nth = 0;
    for (std::size_t i = 0; i < after_.columns.size(); ++i) {
        auto& column = after_.columns[i];
        const bool is_json = map_->columns[i].type == column_type::json;
        column.is_partial =
            is_json && nth < bits.count && bits.test(nth) && column.present && !column.is_null;
        nth += is_json ? 1 : 0;
    }
}

result<void> row_reader::slice(const column_bitmap& present, std::uint32_t present_count,
                               row_image& image) {
    const auto start = rest_;
    const auto column_count = static_cast<std::uint32_t>(map_->columns.size());
    const std::size_t null_bytes = (present_count + 7) / 8;
    const auto does_not_fit = [&](std::uint32_t column) {
        return fail(errc::truncated,
                    "a row of " + std::string(map_->database) + "." + std::string(map_->table) +
                        " ends in the middle of its column " + std::to_string(column + 1));
    };
    if (null_bytes > rest_.size()) {
        return does_not_fit(0);
    }
    const column_bitmap nulls{rest_.first(null_bytes), present_count};
    auto rest = rest_.subspan(null_bytes);
    image.columns.resize(column_count);
    const bool all_present = present_count == column_count;
    std::uint32_t nth = 0;
    for (std::uint32_t i = 0; i < column_count; ++i) {
        auto& column = image.columns[i];
        column.present = all_present || present.test(i);
        column.is_null = column.present && nulls.test(nth++);
        if (!column.present || column.is_null) {
            column.value = {};
            continue;
        }
        const auto size = value_size(map_->columns[i], rest);
        if (size > rest.size()) {
            return does_not_fit(i);
        }
        column.value = rest.first(size);
        rest = rest.subspan(size);
    }
    image.bytes = start.first(start.size() - rest.size());
    rest_ = rest;
    return {};
}

} // namespace understudy::protocol
