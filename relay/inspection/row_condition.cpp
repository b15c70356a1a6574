#include "relay/inspection/row_condition.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

using protocol::result;
using kind = comparable::kind;

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
            const auto found = std::ranges::find_if(table.column_names, [&](const auto& name) {
                return state::same_column(name, column.name);
            });
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
