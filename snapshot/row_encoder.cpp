#include "snapshot/row_encoder.hpp"

#include "protocol/assert.hpp"
#include "snapshot/column_values.hpp"
#include "snapshot/json_expression.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::snapshot {

namespace {

// The server counts warnings in 16 bits.
constexpr std::uint32_t statement_rows_max = 20'000;

} // namespace

bool row_encoder::can_load(const source_table& table) {
    return std::ranges::all_of(table.columns,
                               [](const column& one) { return one.generated || loads(one); });
}

// The columns that are written, with their names on the target: as objects.tables has it, the
// added ones first.
void row_encoder::take_columns(const source_table& table, std::string& names) {
    const auto name = [&](const std::string& one) {
        if (!names.empty()) names += ",";
        names += state::quote_identifier(one);
    };
    const state::table_shape* const shape = how_.shape;
    if (shape != nullptr) {
        for (const auto& added : shape->added()) {
            column one;
            one.kind = added.number ? value_kind::number : value_kind::text;
            const std::string text = added.number ? std::to_string(*added.number) : added.text;
            if (how_.load_data) {
                append_field(added_, one, text);
            } else {
                append_value(added_, one, text);
            }
            added_ += how_.load_data ? '\t' : ',';
            name(added.name);
        }
    }
    std::vector<std::size_t> field_of(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const column& one = table.columns[i];
        if (one.generated) continue;
        field_of[i] = field_count_;
        field_count_ += one.tells_json_types ? 3 : 1;
        if (shape != nullptr && shape->drops(one.name)) continue;
        name(shape == nullptr ? one.name : shape->name_on_target(one.name));
        columns_.push_back(one);
        first_field_.push_back(field_of[i]);
    }
    if (!table.order) return;
    for (const std::size_t at : table.order->columns) {
        UNDERSTUDY_ASSERT(!table.columns[at].generated);
        key_.push_back({table.columns[at], field_of[at]});
    }
    key_values_.resize(key_.size());
}

row_encoder::row_encoder(const source_table& table, const state::object_name& target, options how)
    : how_(how) {
    std::string names;
    take_columns(table, names);
    if (how_.shape != nullptr && how_.shape->where()) {
        auto filter = copied_row_filter::make(*how_.shape->where(), table);
        UNDERSTUDY_ASSERT(filter.has_value());
        filter_ = std::move(*filter);
    }
    const bool overwrite = how_.mode == write_mode::overwrite;
    const bool strict = how_.mode == write_mode::strict;
    if (how_.load_data) {
        head_ = fmt::format(
            "LOAD DATA LOCAL INFILE 'rows' {} INTO TABLE {} CHARACTER SET binary "
            "FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({})",
            overwrite ? "REPLACE" : "IGNORE", target.to_string(), names);
    } else {
        head_ = fmt::format("{} INTO {} ({}) VALUES ",
                            overwrite ? "REPLACE"
                            : strict  ? "INSERT"
                                      : "INSERT IGNORE",
                            target.to_string(), names);
    }
}

void row_encoder::start_statement(batch& to) const {
    encoded_rows& next = to.statements.emplace_back();
    if (!how_.load_data) next.text = head_;
}

bool row_encoder::needs_expression(const column& one,
                                   std::span<const std::optional<std::string_view>> fields) const {
    if (how_.json_is_text || one.kind != value_kind::json || !fields[0]) return false;
    return (one.tells_json_types && (fields[1] || fields[2])) || may_hold_lost_double(*fields[0]);
}

protocol::result<void>
row_encoder::append(encoded_rows& into, const column& one,
                    std::span<const std::optional<std::string_view>> fields) const {
    if (how_.load_data) {
        append_field(into.text, one, fields[0]);
    } else if (needs_expression(one, fields)) {
        using types = std::optional<std::string_view>;
        auto expression =
            json_expression(fields[0].value_or(""), one.tells_json_types ? fields[1] : types{},
                            one.tells_json_types ? fields[2] : types{});
        if (!expression) return std::unexpected(std::move(expression.error()));
        into.text += *expression;
    } else {
        append_value(into.text, one, fields[0]);
    }
    if (one.data_type == "enum" && fields[0] == std::string_view("0")) ++into.enum_errors;
    return {};
}

protocol::result<void> row_encoder::add(batch& to,
                                        std::span<const std::optional<std::string_view>> fields) {
    UNDERSTUDY_ASSERT(fields.size() == field_count_);
    std::size_t row_bytes = 0;
    for (const auto& field : fields)
        row_bytes += field ? field->size() : 0;
    ++to.read;
    to.bytes += row_bytes;
    for (std::size_t i = 0; i < key_.size(); ++i)
        key_values_[i].assign(fields[key_[i].field].value());
    if (filter_) {
        auto taken = filter_->takes(fields);
        if (!taken) return std::unexpected(std::move(taken.error()));
        if (!*taken) return {};
    }
    const bool full = !to.statements.empty() &&
                      (to.statements.back().text.size() + row_bytes > how_.statement_bytes ||
                       to.statements.back().rows == statement_rows_max);
    if (to.statements.empty() || full) start_statement(to);

    encoded_rows& into = to.statements.back();
    // A row beyond the usual is escaped without growing by doubling.
    if (row_bytes > how_.statement_bytes)
        into.text.reserve(into.text.size() + row_bytes + row_bytes / 32 + 1024);
    if (!how_.load_data) into.text += into.rows == 0 ? "(" : ",(";
    into.text += added_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) into.text += how_.load_data ? '\t' : ',';
        if (auto done = append(into, columns_[i], fields.subspan(first_field_[i])); !done)
            return done;
    }
    into.text += how_.load_data ? '\n' : ')';
    ++into.rows;
    ++to.rows;
    return {};
}

std::vector<std::string> row_encoder::last_key() const {
    std::vector<std::string> literals;
    for (std::size_t i = 0; i < key_.size(); ++i)
        literals.push_back(key_literal(key_[i].what, key_values_[i]));
    return literals;
}

} // namespace understudy::snapshot
