#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"

namespace understudy::protocol {

row_reader::row_reader(const table_map& map, const rows_event& event)
    : map_(&map), kind_(event.kind), present_(event.present), present_after_(event.present_after),
      rest_(event.rows), present_count_(present_.set_count()),
      present_after_count_(present_after_.set_count()),
      widths_agree_(event.column_count == map.columns.size()),
      row_without_columns_(event.kind == rows_kind::write && present_count_ == 0 &&
                           event.rows.empty()) {}

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
        if (auto cut = slice(update ? present_after_ : present_,
                             update ? present_after_count_ : present_count_, after_);
            !cut) {
            return std::unexpected(std::move(cut.error()));
        }
    }
    if (left_before != 0 && rest_.size() == left_before) {
        return fail(errc::malformed, "a rows event of " + std::string(map_->database) + "." +
                                         std::string(map_->table) +
                                         " has bytes for rows without columns");
    }
    return true;
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
