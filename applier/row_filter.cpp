#include "applier/row_filter.hpp"

#include "applier/errc.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace understudy::applier {

using protocol::column_type;
using protocol::fail;
using protocol::result;

const char* row_filter::why_not_compared(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::json: return "JSON";
    case column_type::geometry: return "GEOMETRY";
    case column_type::vector: return "VECTOR";
    case column_type::typed_array: return "ARRAY";
    default: return nullptr;
    }
}

result<row_filter> row_filter::make(const state::where_expression& where,
                                    std::span<const protocol::column_definition> columns) {
    row_filter filter(where);
    for (const auto& wanted : where.columns()) {
        const auto found = std::ranges::find_if(columns, [&](const auto& column) {
            return state::same_column(column.name, wanted.name);
        });
        if (found == columns.end()) {
            return fail(errc::unsupported_event,
                        fmt::format("it has no column {} any more, which `where` asks for",
                                    state::quote_identifier(wanted.name)));
        }
        if (const char* type = why_not_compared(*found)) {
            return fail(errc::unsupported_event,
                        fmt::format("`where` asks for the column {}, and values of type {} are not "
                                    "compared",
                                    state::quote_identifier(wanted.name), type));
        }
        slot one;
        one.column = static_cast<std::uint32_t>(found - columns.begin());
        one.what = &*found;
        filter.slots_.push_back(std::move(one));
    }
    return filter;
}

result<bool> row_filter::takes(const protocol::row_image& image) {
    for (slot& one : slots_)
        one.read = false;
    std::optional<protocol::error> failure;
    const auto get = [&](std::size_t index) -> const state::comparable& {
        slot& one = slots_[index];
        if (std::exchange(one.read, true)) return one.value;
        const auto& value = image.columns[one.column];
        auto read = state::read_comparable(one.value, text_, *one.what, value);
        if (!value.present || value.is_partial) {
            one.value.what = state::comparable::kind::absent;
            failure = protocol::error{
                errc::unsupported_event,
                fmt::format("a change does not hold the column {}, which `where` asks for: set "
                            "binlog_row_image=FULL on the source, for its running sessions too, "
                            "and copy the table anew",
                            state::quote_identifier(one.what->name)),
                {}};
        } else if (!read) {
            failure = std::move(read.error());
        }
        return one.value;
    };
    const auto answer = where_->evaluate(get);
    if (failure) return std::unexpected(*std::move(failure));
    return answer.value_or(false);
}

} // namespace understudy::applier
