#include "snapshot/row_encoder.hpp"

#include "protocol/assert.hpp"
#include "snapshot/column_values.hpp"

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
        head_ = fmt::format("LOAD DATA LOCAL INFILE 'rows' {} INTO TABLE {} CHARACTER SET binary "
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

void row_encoder::add(batch& to, std::span<const std::optional<std::string_view>> fields) {
    UNDERSTUDY_ASSERT(fields.size() == columns_.size());
    std::size_t row_bytes = 0;
    for (const auto& field : fields) row_bytes += field ? field->size() : 0;
    const bool full = !to.statements.empty() &&
                      (to.statements.back().text.size() + row_bytes > how_.statement_bytes ||
                       to.statements.back().rows == statement_rows_max);
    if (to.statements.empty() || full) start_statement(to);

    encoded_rows& into = to.statements.back();
    // A row beyond the usual is escaped without growing by doubling.
    if (row_bytes > how_.statement_bytes) into.text.reserve(into.text.size() + row_bytes + row_bytes / 32 + 1024);
    if (!how_.load_data) into.text += into.rows == 0 ? "(" : ",(";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const column& one = columns_[i];
        if (how_.load_data) {
            if (i > 0) into.text += '\t';
            append_field(into.text, one, fields[i]);
        } else {
            if (i > 0) into.text += ',';
            append_value(into.text, one, fields[i]);
        }
        if (one.data_type == "enum" && fields[i] == std::string_view("0")) ++into.enum_errors;
    }
    into.text += how_.load_data ? '\n' : ')';
    ++into.rows;
    ++to.rows;
    to.bytes += row_bytes;
    for (std::size_t i = 0; i < key_.size(); ++i) key_values_[i].assign(fields[key_[i]].value());
}

std::vector<std::string> row_encoder::last_key() const {
    std::vector<std::string> literals;
    for (std::size_t i = 0; i < key_.size(); ++i)
        literals.push_back(key_literal(columns_[key_[i]], key_values_[i]));
    return literals;
}

} // namespace understudy::snapshot
