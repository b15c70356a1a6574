#include "relay/definition_columns.hpp"

#include "protocol/assert.hpp"
#include "protocol/value/character_set.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace understudy::relay {

namespace {

using protocol::column_definition;

constexpr std::uint16_t collations_end = 2'048; // numbers of MySQL and of MariaDB before 10.10

bool has_labels(const column_definition& column) {
    return column.type == protocol::column_type::enum_ || column.type == protocol::column_type::set;
}

void complete(column_definition& column, const table_column& known) {
    if (column.name.empty()) column.name = known.name;
    if (!column.is_unsigned) column.is_unsigned = known.is_unsigned;
    if (known.invisible) column.visible = false;
    column.is_generated = known.generated;
    if (has_labels(column)) {
        // Ours are UTF-8, whatever the column's character set is.
        if (column.labels.empty() && !known.labels.empty()) {
            column.labels = known.labels;
            column.collation = collation_of("utf8mb4");
        }
    } else if (!column.collation && column.is_character()) {
        column.is_collation_guessed = !known.character_set.empty();
        column.collation = known.character_set.empty() ? protocol::binary_collation
                                                       : collation_of(known.character_set);
    }
}

} // namespace

std::optional<std::uint16_t> collation_of(std::string_view character_set) {
    if (character_set == "utf8mb3") character_set = "utf8";
    for (std::uint16_t number = 1; number < collations_end; ++number) {
        const auto* found = protocol::character_set_of(number);
        if (found != nullptr && found->name == character_set) return number;
    }
    return std::nullopt;
}

void complete_columns(std::vector<column_definition>& columns, const table_definition& known) {
    UNDERSTUDY_ASSERT(columns.size() == known.columns.size());
    const bool key_is_known = std::ranges::any_of(
        columns, [](const auto& column) { return column.primary_key_part != 0; });
    const bool names_were_logged =
        std::ranges::any_of(columns, [](const auto& column) { return !column.name.empty(); });
    for (std::size_t i = 0; i < columns.size(); ++i)
        complete(columns[i], known.columns[i]);
    // With the names the source logs the key: none then means that there is none.
    if (key_is_known || names_were_logged || known.primary_key().empty()) return;
    std::uint32_t place = 1;
    for (const auto& part : known.unique_keys.front().parts) {
        columns[part.column].primary_key_part = place++;
        columns[part.column].primary_key_prefix = part.prefix;
    }
}

} // namespace understudy::relay
