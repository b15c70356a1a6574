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

row_encoder::row_encoder(const source_table& table, const state::object_name& target, options how)
    : how_(how) {
    std::string names;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const column& one = table.columns[i];
        if (one.generated) continue;
        if (!names.empty()) names += ",";
        names += state::quote_identifier(one.name);
        columns_.push_back(one);
        first_field_.push_back(field_count_);
        field_count_ += one.tells_json_types ? 3 : 1;
    }
    if (table.order) {
        for (const std::size_t at : table.order->columns) {
            const auto written = std::ranges::find(columns_, table.columns[at].name, &column::name);
            UNDERSTUDY_ASSERT(written != columns_.end());
            key_.push_back(static_cast<std::size_t>(written - columns_.begin()));
        }
    }
    key_values_.resize(key_.size());
    const bool overwrite = how_.mode == write_mode::overwrite;
    if (how_.load_data) {
        head_ = fmt::format(
            "LOAD DATA LOCAL INFILE 'rows' {} INTO TABLE {} CHARACTER SET binary "
            "FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({})",
            overwrite ? "REPLACE" : "IGNORE", target.to_string(), names);
    } else {
        head_ = fmt::format("{} INTO {} ({}) VALUES ", overwrite ? "REPLACE" : "INSERT IGNORE",
                            target.to_string(), names);
    }
}

void row_encoder::start_statement(batch& to) const {
    encoded_rows& next = to.statements.emplace_back();
    if (!how_.load_data) next.text = head_;
}

protocol::result<void>
row_encoder::append(encoded_rows& into, const column& one,
                    std::span<const std::optional<std::string_view>> fields) const {
    if (how_.load_data) {
        append_field(into.text, one, fields[0]);
    } else if (one.tells_json_types && (fields[1] || fields[2])) {
        auto expression = json_expression(fields[0].value_or(""), fields[1], fields[2]);
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
    const bool full = !to.statements.empty() &&
                      (to.statements.back().text.size() + row_bytes > how_.statement_bytes ||
                       to.statements.back().rows == statement_rows_max);
    if (to.statements.empty() || full) start_statement(to);

    encoded_rows& into = to.statements.back();
    // A row beyond the usual is escaped without growing by doubling.
    if (row_bytes > how_.statement_bytes)
        into.text.reserve(into.text.size() + row_bytes + row_bytes / 32 + 1024);
    if (!how_.load_data) into.text += into.rows == 0 ? "(" : ",(";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) into.text += how_.load_data ? '\t' : ',';
        if (auto done = append(into, columns_[i], fields.subspan(first_field_[i])); !done)
            return done;
    }
    into.text += how_.load_data ? '\n' : ')';
    ++into.rows;
    ++to.rows;
    to.bytes += row_bytes;
    for (std::size_t i = 0; i < key_.size(); ++i)
        key_values_[i].assign(fields[first_field_[key_[i]]].value());
    return {};
}

std::vector<std::string> row_encoder::last_key() const {
    std::vector<std::string> literals;
    for (std::size_t i = 0; i < key_.size(); ++i)
        literals.push_back(key_literal(columns_[key_[i]], key_values_[i]));
    return literals;
}

} // namespace understudy::snapshot
