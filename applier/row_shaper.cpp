#include "applier/row_shaper.hpp"

#include "applier/errc.hpp"
#include "protocol/binlog/table_map_layout.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::map_column;
using protocol::result;
using protocol::rows_kind;

namespace {

constexpr std::uint16_t collation_utf8mb4_bin = 46;
constexpr std::uint16_t added_text_bytes = state::table_shape::added_text_characters * 4;

// As table_shape::definition_of() has it.
map_column column_of(const state::table_shape::added_column& added) {
    map_column made;
    made.what.name = added.name;
    made.what.nullable = false;
    if (added.number) {
        made.what.type = protocol::column_type::longlong;
        made.what.is_unsigned = false;
    } else {
        made.what.type = protocol::column_type::varchar;
        made.what.metadata = added_text_bytes;
        made.what.collation = collation_utf8mb4_bin;
        protocol::byte_writer(made.logged_metadata).u16(added_text_bytes);
    }
    made.logged_type = static_cast<std::byte>(made.what.type);
    return made;
}

// As it stands in a row image: the largest VARCHAR(64) of utf8mb4 has a length of two bytes.
std::vector<std::byte> value_of(const state::table_shape::added_column& added) {
    std::vector<std::byte> value;
    protocol::byte_writer out(value);
    if (added.number) {
        out.u64(static_cast<std::uint64_t>(*added.number));
    } else {
        out.u16(static_cast<std::uint16_t>(added.text.size()));
        out.text(added.text);
    }
    return value;
}

void set_bit(std::vector<std::byte>& bits, std::size_t bit) {
    bits[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
}

} // namespace

result<std::unique_ptr<row_shaper>> row_shaper::make(const protocol::event_view& map,
                                                     const protocol::format_description& format,
                                                     const state::table_shape& shape) {
    std::unique_ptr<row_shaper> made(new row_shaper(shape));
    made->event_.assign(map.bytes.begin(), map.bytes.end());
    auto owned = protocol::decode_event(
        made->event_, map.bytes.size() != map.body.size() + protocol::event_header_size);
    if (!owned) return std::unexpected(std::move(owned.error()));
    auto decoded = protocol::decode_table_map(*owned, format);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    made->map_ = std::move(*decoded);
    made->table_name_ =
        state::object_name{std::string(made->map_.database), std::string(made->map_.table)}
            .to_string();
    auto columns = protocol::define_columns(made->map_);
    if (!columns) return std::unexpected(std::move(columns.error()));
    made->columns_ = std::move(*columns);
    auto planned = made->check_columns();
    if (planned && shape.where()) {
        auto filter = row_filter::make(*shape.where(), made->columns_);
        if (filter) {
            made->filter_ = std::move(*filter);
        } else {
            planned = std::unexpected(std::move(filter.error()));
        }
    }
    if (planned && shape.changes_columns()) planned = made->plan_columns();
    if (!planned)
        return wrap(std::move(planned.error()), "table " + made->table_name_ + " of the source");
    return made;
}

result<void> row_shaper::check_columns() const {
    if (!shape_->needs_names()) return {};
    if (map_.column_names.empty()) {
        return fail(errc::unsupported_event,
                    "objects.tables speaks of its columns, and the source does not log their "
                    "names: SET GLOBAL binlog_row_metadata = FULL there, for its running sessions "
                    "too, then copy the table anew");
    }
    if (auto misfit = shape_->find_misfit(map_.column_names)) {
        return fail(errc::unsupported_event,
                    fmt::format("objects.tables does not fit it: {}. Change the entry so that it "
                                "holds from here on, then start the task again",
                                *misfit));
    }
    return {};
}

result<void> row_shaper::plan_columns() {
    auto columns = protocol::split_columns(map_);
    if (!columns) return std::unexpected(std::move(columns.error()));
    std::vector<map_column> target;
    for (const auto& added : shape_->added()) {
        target.push_back(column_of(added));
        added_.push_back(value_of(added));
    }
    for (std::size_t i = 0; i < columns->size(); ++i) {
        map_column& one = (*columns)[i];
        if (shape_->drops(one.what.name)) continue;
        one.what.name = shape_->name_on_target(one.what.name);
        kept_.push_back(static_cast<std::uint32_t>(i));
        target.push_back(std::move(one));
    }
    if (kept_.empty())
        return fail(errc::unsupported_event, "none of its columns would be on the target");
    changes_columns_ = true;
    // The key is what the target has as one.
    target_columns_ = protocol::join_columns(target, {});
    return {};
}

std::vector<std::byte> row_shaper::map_for(const protocol::event_view& event,
                                           std::uint64_t table_id) const {
    std::vector<std::byte> out;
    if (!changes_columns_) return out;
    protocol::encode_table_map(out, event.header.timestamp, event.header.server_id, table_id,
                               map_.flags, map_.database, map_.table, target_columns_);
    return out;
}

bool row_shaper::skips(rows_kind kind) const {
    switch (kind) {
    case rows_kind::write: return shape_->skips_inserts();
    case rows_kind::update: return shape_->skips_updates();
    case rows_kind::delete_: return shape_->skips_deletes();
    }
    return false;
}

// nullopt: the row is left out.
result<std::optional<rows_kind>> row_shaper::kind_of(const protocol::row_reader& reader,
                                                     rows_kind kind) {
    if (!filter_) return kind;
    bool before = false;
    bool after = false;
    if (kind != rows_kind::write) {
        auto taken = filter_->takes(reader.before());
        if (!taken) return std::unexpected(std::move(taken.error()));
        before = *taken;
    }
    if (kind != rows_kind::delete_) {
        auto taken = filter_->takes(reader.after());
        if (!taken) return std::unexpected(std::move(taken.error()));
        after = *taken;
    }
    if (before && after) return rows_kind::update;
    if (before) return rows_kind::delete_;
    if (after) return rows_kind::write;
    return std::nullopt;
}

void row_shaper::append_image(std::vector<std::byte>& out, const protocol::row_image& image) const {
    if (!changes_columns_) {
        out.insert(out.end(), image.bytes.begin(), image.bytes.end());
        return;
    }
    std::size_t present = added_.size();
    for (const std::uint32_t column : kept_)
        present += image.columns[column].present ? 1 : 0;
    const auto nulls_at = out.size();
    out.resize(nulls_at + (present + 7) / 8);
    std::size_t bit = 0;
    for (const auto& value : added_) {
        out.insert(out.end(), value.begin(), value.end());
        ++bit;
    }
    for (const std::uint32_t column : kept_) {
        const auto& one = image.columns[column];
        if (!one.present) continue;
        if (one.is_null) {
            out[nulls_at + bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
        } else {
            out.insert(out.end(), one.value.begin(), one.value.end());
        }
        ++bit;
    }
}

bool row_shaper::has_kept_columns(const protocol::column_bitmap& present) const {
    return !changes_columns_ ||
           std::ranges::any_of(kept_, [&](std::uint32_t column) { return present.test(column); });
}

result<void> row_shaper::take_rows(const protocol::rows_event& rows) {
    piece_count_ = 0;
    if (skips(rows.kind)) return {};
    if (!has_kept_columns(rows.present)) {
        return fail(errc::unsupported_event,
                    "a change holds none of the columns that are on the target: set "
                    "binlog_row_image=FULL on the source, for its running sessions too, and copy "
                    "the table anew");
    }
    // They can still be what `where` asks for.
    const bool only_dropped_changed =
        rows.kind == rows_kind::update && !has_kept_columns(rows.present_after);
    if (only_dropped_changed && !filter_) return {};
    protocol::row_reader reader(map_, rows);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return {};
        auto kind = kind_of(reader, rows.kind);
        if (!kind) return std::unexpected(std::move(kind.error()));
        if (!*kind || (only_dropped_changed && **kind == rows_kind::update)) continue;
        if (rows.kind == rows_kind::update && **kind == rows_kind::write &&
            !rows.present_after.all()) {
            return fail(errc::unsupported_event,
                        "an UPDATE brings a row into what `where` takes, and does not hold all of "
                        "it: set binlog_row_image=FULL on the source, for its running sessions "
                        "too, and copy the table anew");
        }
        if (piece_count_ == 0 || pieces_[piece_count_ - 1].kind != **kind) {
            if (pieces_.size() == piece_count_) pieces_.emplace_back();
            pieces_[piece_count_].kind = **kind;
            pieces_[piece_count_].rows.clear();
            pieces_[piece_count_].row_count = 0;
            ++piece_count_;
        }
        piece& open = pieces_[piece_count_ - 1];
        if (**kind != rows_kind::write) append_image(open.rows, reader.before());
        if (**kind != rows_kind::delete_) append_image(open.rows, reader.after());
        ++open.row_count;
    }
}

std::vector<std::byte> row_shaper::projected(const protocol::column_bitmap& present) const {
    if (!changes_columns_) return {present.bytes.begin(), present.bytes.end()};
    std::vector<std::byte> bits((added_.size() + kept_.size() + 7) / 8);
    for (std::size_t i = 0; i < added_.size(); ++i)
        set_bit(bits, i);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (present.test(kept_[i])) set_bit(bits, added_.size() + i);
    }
    return bits;
}

std::vector<std::byte> row_shaper::encode(const protocol::event_view& event,
                                          const protocol::rows_event& rows, const piece& one,
                                          bool is_last) const {
    const auto before = projected(rows.present);
    const auto after = rows.kind == rows_kind::update ? projected(rows.present_after) : before;
    protocol::rows_event_header header;
    header.timestamp = event.header.timestamp;
    header.server_id = event.header.server_id;
    header.kind = one.kind;
    header.table_id = rows.table_id;
    header.flags = rows.flags;
    if (!is_last)
        header.flags = static_cast<std::uint16_t>(rows.flags & ~protocol::rows_flag::statement_end);
    header.column_count = changes_columns_
                              ? static_cast<std::uint32_t>(added_.size() + kept_.size())
                              : rows.column_count;
    header.present = one.kind == rows_kind::write ? after : before;
    header.present_after = after;
    std::vector<std::byte> out;
    protocol::encode_rows_event(out, header, one.rows);
    return out;
}

result<const row_shaper::shaped_rows*> row_shaper::shape(const protocol::event_view& event,
                                                         const protocol::rows_event& rows) {
    out_.events.clear();
    out_.as_it_was = false;
    if (rows.has_partial_json && shape_->needs_names()) {
        return fail(errc::unsupported_event,
                    "table " + table_name_ +
                        " of the source: a change of parts of a JSON document without the document "
                        "itself: set binlog_row_image=FULL on the source, for its running sessions "
                        "too, and copy the table anew");
    }
    if (auto taken = take_rows(rows); !taken)
        return wrap(std::move(taken.error()), "table " + table_name_ + " of the source");
    const bool same = !changes_columns_ && piece_count_ == 1 && pieces_[0].kind == rows.kind &&
                      pieces_[0].rows.size() == rows.rows.size();
    if (same || (rows.has_partial_json && piece_count_ > 0)) {
        out_.as_it_was = true;
        return &out_;
    }
    for (std::size_t i = 0; i < piece_count_; ++i)
        out_.events.push_back(encode(event, rows, pieces_[i], i + 1 == piece_count_));
    return &out_;
}

} // namespace understudy::applier
