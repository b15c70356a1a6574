#include "relay/inspection/row_condition.hpp"

#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::column_type;
using protocol::result;
using kind = comparable::kind;

bool is_bytes(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::geometry: return true;
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: return column.collation == protocol::binary_collation;
    default: return false;
    }
}

std::size_t prefix_size(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string: return protocol::string_prefix_size(column.metadata);
    default: return column.metadata; // the BLOB family: bytes of the length
    }
}

kind kind_of(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::null: return kind::null;
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong:
    case column_type::newdecimal:
    case column_type::bit:
    case column_type::year: return kind::number;
    case column_type::float_:
    case column_type::double_: return kind::real;
    case column_type::date:
    case column_type::newdate:
    case column_type::datetime:
    case column_type::datetime2:
    case column_type::timestamp:
    case column_type::timestamp2: return kind::moment;
    case column_type::time:
    case column_type::time2: return kind::time;
    case column_type::enum_:
    case column_type::set: return column.labels.empty() ? kind::number : kind::text;
    default: return is_bytes(column) ? kind::bytes : kind::text;
    }
}

// Column names of a table differ in more than case.
bool same_name(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

} // namespace

result<void> read_comparable(comparable& into, protocol::value_writer& text,
                             const protocol::column_definition& column,
                             const protocol::row_image::column& value) {
    into.text.clear();
    into.what = kind::absent;
    into.is_single_precision = false;
    if (!value.present) return {};
    into.what = value.is_null ? kind::null : kind_of(column);
    if (into.what == kind::null) return {};
    if (into.what == kind::bytes) {
        into.text = protocol::as_text(
            value.value.subspan(std::min(prefix_size(column), value.value.size())));
        return {};
    }
    protocol::byte_reader in(value.value);
    if (column.type == column_type::bit) {
        into.text = std::to_string(in.big_endian(std::min<std::size_t>(value.value.size(), 8)));
        return {};
    }
    if (column.type == column_type::float_) {
        into.is_single_precision = true;
        into.real = static_cast<double>(std::bit_cast<float>(in.u32()));
    }
    if (column.type == column_type::double_) into.real = std::bit_cast<double>(in.u64());
    return text.append(into.text, column, value.value);
}

result<void> read_updated_comparable(comparable& into, protocol::value_writer& text,
                                     const protocol::column_definition& column,
                                     const protocol::row_image::column& before,
                                     const protocol::row_image::column& after) {
    if (!after.is_partial) return read_comparable(into, text, column, after);
    into.text.clear();
    into.what = kind::absent;
    into.is_single_precision = false;
    if (!before.present || before.is_null) return {};
    into.what = kind::text;
    return text.append_updated(into.text, column, before, after);
}

row_condition::row_condition(where_expression condition)
    : condition_(std::move(condition)), seen_(condition_.columns().size()),
      slots_(condition_.columns().size()) {}

void row_condition::bind(const described_table& table) {
    layout_ = table.layout;
    has_seen_tables_ |= !table.only_key;
    places_.clear();
    for (const auto& column : condition_.columns()) {
        std::optional<std::uint32_t> place;
        if (column.name.empty()) {
            if (column.number <= table.columns.size()) place = column.number - 1;
        } else {
            const auto found = std::ranges::find_if(
                table.column_names, [&](const auto& name) { return same_name(name, column.name); });
            if (found != table.column_names.end())
                place = static_cast<std::uint32_t>(found - table.column_names.begin());
        }
        if (place) seen_[places_.size()] = true;
        places_.push_back(place);
    }
}

const comparable& row_condition::get(const described_table& table, const row_change& change,
                                     std::size_t index, bool default_is_before) {
    using image = where_expression::image;
    slot& into = slots_[index];
    if (into.read_in == round_) return into.value;
    into.read_in = round_;
    into.value.what = kind::absent;
    const auto of = condition_.columns()[index].of;
    const bool before = of == image::before || (of == image::any && default_is_before);
    const auto* from = before ? change.before : change.after;
    if (from == nullptr || !places_[index]) return into.value;
    const auto place = *places_[index];
    const auto* value = &from->columns[place];
    // What a partial after image leaves out did not change.
    if (!before && !value->present && change.before != nullptr)
        value = &change.before->columns[place];
    auto read = value->is_partial
                    ? read_updated_comparable(into.value, text_, table.columns[place],
                                              change.before->columns[place], *value)
                    : read_comparable(into.value, text_, table.columns[place], *value);
    if (!read && failure_) failure_ = std::move(read);
    return into.value;
}

std::optional<bool> row_condition::holds_for(const described_table& table, const row_change& change,
                                             bool default_is_before) {
    ++round_;
    return condition_.evaluate([&](std::size_t index) -> const comparable& {
        return get(table, change, index, default_is_before);
    });
}

result<bool> row_condition::holds(const described_table& table, const row_change& change) {
    if (table.layout != layout_) bind(table);
    failure_ = {};
    bool found = false;
    if (change.before != nullptr) found = holds_for(table, change, true).value_or(false);
    if (!found && change.after != nullptr) found = holds_for(table, change, false).value_or(false);
    if (!failure_) return protocol::wrap(failure_.error(), table.full_name());
    return found;
}

key_values row_condition::pinned_key(const described_table& table) {
    if (table.layout != layout_) bind(table);
    const auto pinned = condition_.pinned();
    key_values found;
    std::optional<where_expression::image> image;
    for (const auto part : table.key) {
        const auto here = std::ranges::find_if(
            pinned, [&](const auto& one) { return places_[one.first] == part; });
        if (here == pinned.end()) return {};
        const auto of = condition_.columns()[here->first].of;
        if (image.value_or(of) != of) return {};
        image = of;
        found.emplace_back(part, here->second);
    }
    return found;
}

std::vector<std::string> row_condition::columns_never_seen() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        const auto& column = condition_.columns()[i];
        if (!seen_[i])
            names.push_back(column.name.empty() ? "@" + std::to_string(column.number)
                                                : column.name);
    }
    return names;
}

} // namespace understudy::relay::inspection
