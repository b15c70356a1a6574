#include "apps/inspection/change_text_writer.hpp"

#include "apps/figure_text.hpp"
#include "apps/inspection/shown_statement.hpp"
#include "apps/time_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::row_image;
using protocol::rows_kind;

std::string moment_text(std::uint64_t microseconds) {
    constexpr std::uint64_t second = 1'000'000;
    auto text = time_text(static_cast<std::uint32_t>(microseconds / second));
    if (const auto rest = microseconds % second; rest != 0) text += fmt::format(".{:06}", rest);
    return text;
}

bool is_same_value(const row_image::column& left, const row_image::column& right) {
    if (left.present != right.present || left.is_null != right.is_null) return false;
    // No change of the document at all is only its length, zero.
    if (left.is_partial || right.is_partial) {
        const auto& partial = left.is_partial ? left : right;
        return std::ranges::all_of(partial.value, [](std::byte one) { return one == std::byte{}; });
    }
    return protocol::as_text(left.value) == protocol::as_text(right.value);
}

void change_text_writer::styled(std::string_view text, style how) {
    auto& out = out_.text();
    if (how_.colour) out += style_begin(how);
    append_harmless(out, text);
    if (how_.colour) out += style_end(how);
}

change_text_writer::done change_text_writer::begin(const transaction& in) {
    auto& out = out_.text();
    styled(moment_text(in.time_us()), style::bold);
    out += "  ";
    styled(in.gtid.empty() ? "no GTID" : in.gtid, in.gtid.empty() ? style::dim : style::accent);
    out += "  ";
    styled(in.place(), style::dim);
    if (in.logged_bytes != 0) {
        out += "  ";
        styled(bytes_text(in.logged_bytes), style::dim);
    }
    out += '\n';
    return out_.written();
}

change_text_writer::done change_text_writer::annotation(const transaction&, std::string_view text) {
    out_.text() += "  ";
    styled("# " + std::string(
                      text.substr(0, how_.value_bytes_max == 0 ? std::string_view::npos : 1'000)),
           style::dim);
    out_.text() += '\n';
    return out_.written();
}

change_text_writer::done change_text_writer::statement(const transaction&,
                                                       const protocol::query_event& query,
                                                       statement_kind,
                                                       const protocol::event_header&) {
    auto& out = out_.text();
    out += "  ";
    if (!query.database.empty()) styled(std::string(query.database) + ": ", style::dim);
    styled(how_.shows_secrets ? std::string(query.text) : shown_statement(query), style::warning);
    out += '\n';
    return out_.written();
}

change_text_writer::done change_text_writer::other(const transaction&, const stream_event& event) {
    out_.text() += "  ";
    styled(fmt::format("{} event, {}", to_string(event.event.header.type),
                       bytes_text(event.event.bytes.size())),
           style::dim);
    out_.text() += '\n';
    return out_.written();
}

change_text_writer::done change_text_writer::end(const transaction&, transaction_end how,
                                                 std::uint64_t rows_hidden) {
    if (rows_hidden > 0) {
        out_.text() += "  ";
        styled("… and " + counted(rows_hidden, "row") + " that " +
                   (rows_hidden == 1 ? "is" : "are") + " not asked for",
               style::dim);
        out_.text() += '\n';
    }
    if (how != transaction_end::committed) {
        out_.text() += "  ";
        styled(how == transaction_end::prepared ? "prepared (XA), not committed here"
                                                : "ROLLBACK: changes of non-transactional tables",
               style::warning);
        out_.text() += '\n';
    }
    return out_.written();
}

change_text_writer::done change_text_writer::value(const described_table& table, std::size_t column,
                                                   const row_image& image, style how,
                                                   const row_image* before) {
    auto& out = out_.text();
    if (how_.colour) out += style_begin(how);
    auto written =
        append_shown(out, text_, table.columns[column], columns_[column].how, image.columns[column],
                     how_.value_bytes_max, before != nullptr ? &before->columns[column] : nullptr);
    if (how_.colour) out += style_end(how);
    return written;
}

change_text_writer::done change_text_writer::columns(const described_table& table,
                                                     const row_image& image) {
    auto& out = out_.text();
    constexpr std::size_t comma_size = 2;
    std::size_t left_out = comma_size;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!image.columns[i].present) continue;
        out += std::string_view(columns_[i].leading).substr(std::exchange(left_out, 0));
        if (auto done = value(table, i, image, style::plain); !done) return done;
    }
    if (left_out != 0) out += "(defaults)";
    return {};
}

// What tells the row apart: its key, else what the image has.
change_text_writer::done change_text_writer::key(const described_table& table,
                                                 const row_image& image) {
    const bool whole = !table.key.empty() && std::ranges::all_of(table.key, [&](auto i) {
        return image.columns[i].present;
    });
    if (!whole) return columns(table, image);
    bool first = true;
    for (const auto i : table.key) {
        if (!std::exchange(first, false)) out_.text() += ", ";
        out_.text() += columns_[i].name;
        out_.text() += '=';
        if (auto done = value(table, i, image, style::plain); !done) return done;
    }
    return {};
}

change_text_writer::done change_text_writer::changes(const described_table& table,
                                                     const row_image& before,
                                                     const row_image& after) {
    constexpr std::size_t width_max = 32;
    auto& out = out_.text();
    std::size_t width = 0;
    changed_.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!after.columns[i].present || is_same_value(before.columns[i], after.columns[i]))
            continue;
        changed_.push_back(i);
        width = std::max(width, columns_[i].width);
    }
    width = std::min(width, width_max);
    for (const auto i : changed_) {
        out += "      ";
        out += columns_[i].name;
        const auto used = columns_[i].width;
        out.append(used < width ? width - used : 0, ' ');
        out += "  ";
        if (before.columns[i].present) {
            if (auto done = value(table, i, before, style::bad); !done) return done;
        } else {
            styled("(not logged)", style::dim);
        }
        out += " → ";
        if (auto done = value(table, i, after, style::good, &before); !done) return done;
        out += '\n';
    }
    return {};
}

void change_text_writer::describe(const described_table& table) {
    layout_ = table.layout;
    table_name_ = " ";
    append_harmless(table_name_, table.full_name());
    table_name_ += "  ";
    columns_.clear();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        std::string name;
        append_harmless(name, table.column_names[i]);
        columns_.push_back({name, ", " + name + "=", text_columns(table.column_names[i]),
                            shown_column(table.columns[i])});
    }
}

change_text_writer::done change_text_writer::row(const transaction&, const described_table& table,
                                                 const row_change& change) {
    if (table.layout != layout_) describe(table);
    auto& out = out_.text();
    out += "  ";
    switch (change.kind) {
    case rows_kind::write: styled("INSERT", style::good); break;
    case rows_kind::update: styled("UPDATE", style::warning); break;
    case rows_kind::delete_: styled("DELETE", style::bad); break;
    }
    out += table_name_;
    if (change.kind == rows_kind::update) {
        if (auto done = key(table, *change.before); !done) return done;
        out += '\n';
        if (auto done = changes(table, *change.before, *change.after); !done) return done;
    } else {
        const auto* image = change.kind == rows_kind::write ? change.after : change.before;
        if (auto done = columns(table, *image); !done) return done;
        out += '\n';
    }
    return out_.written();
}

} // namespace understudy::apps
