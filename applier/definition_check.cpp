#include "applier/definition_check.hpp"

#include "protocol/value/character_set.hpp"
#include "protocol/value/text_converter.hpp"
#include "relay/table_definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace understudy::applier {

using protocol::column_type;
using protocol::table_map;
using protocol::table_map_column;

namespace {

bool is_integer(column_type type) {
    switch (type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong: return true;
    default: return false;
    }
}

bool same_layout(const table_map_column& source, const target_column& target) {
    if (source.type != target.type) return false;
    switch (source.type) {
    // The metadata is the size of the type, which is not a parameter.
    case column_type::float_:
    case column_type::double_: return true;
    default: return source.metadata == target.metadata;
    }
}

std::string column_name(const table_map& source, std::size_t index, const std::string& otherwise) {
    return index < source.column_names.size() ? source.column_names[index] : otherwise;
}

std::string names_of_extra(const target_table& target, std::size_t first) {
    std::string names;
    for (std::size_t i = first; i < target.columns.size(); ++i) {
        names += (names.empty() ? "" : ", ") + state::quote_identifier(target.columns[i].name);
    }
    return names;
}

} // namespace

std::string describe_layout(column_type type, std::uint16_t metadata) {
    switch (type) {
    case column_type::varchar:
    case column_type::string:
        return fmt::format("{} of at most {} bytes", protocol::to_string(type), metadata);
    case column_type::newdecimal:
        return fmt::format("decimal({},{})", metadata >> 8U, metadata & 0xffU);
    case column_type::bit: return fmt::format("bit({})", metadata);
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2: return fmt::format("{}({})", protocol::to_string(type), metadata);
    case column_type::enum_:
    case column_type::set:
        return fmt::format("{} stored in {} bytes", protocol::to_string(type), metadata);
    case column_type::blob:
        return fmt::format("{} with {} length bytes", protocol::to_string(type), metadata);
    default: return protocol::to_string(type);
    }
}

std::optional<std::string> find_difference(const table_map& source, const target_table& target) {
    const std::size_t common = std::min(source.columns.size(), target.columns.size());
    for (std::size_t i = 0; i < common; ++i) {
        const table_map_column& theirs = source.columns[i];
        const target_column& ours = target.columns[i];
        const std::string name = column_name(source, i, ours.name);
        if (!ours.is_known) {
            return fmt::format(
                "column {} ({}) has the type {} on the target, whose row format is not known",
                i + 1, state::quote_identifier(ours.name), ours.type_text);
        }
        if (!same_layout(theirs, ours)) {
            return fmt::format("column {} ({}) is {} on the source and {} ({}) on the target",
                               i + 1, state::quote_identifier(name),
                               describe_layout(theirs.type, theirs.metadata),
                               describe_layout(ours.type, ours.metadata), ours.type_text);
        }
        if (is_integer(theirs.type) && theirs.is_unsigned &&
            *theirs.is_unsigned != ours.is_unsigned) {
            return fmt::format("column {} ({}) is {} on the source and {} on the target", i + 1,
                               state::quote_identifier(name),
                               *theirs.is_unsigned ? "unsigned" : "signed", ours.type_text);
        }
        if (i < source.column_names.size() && source.column_names[i] != ours.name) {
            return fmt::format("column {} is called {} on the source and {} on the target", i + 1,
                               state::quote_identifier(source.column_names[i]),
                               state::quote_identifier(ours.name));
        }
    }
    if (source.columns.size() > common) {
        return fmt::format("the source has {} columns and the target has {}", source.columns.size(),
                           common);
    }
    if (target.columns.size() > common) {
        return fmt::format("the target has columns that the source has not: {}",
                           names_of_extra(target, common));
    }
    return std::nullopt;
}

namespace {

using protocol::column_definition;

std::string_view normal(std::string_view character_set) {
    return character_set == "utf8mb3" ? "utf8" : character_set;
}

// In UTF-8; nullopt: the labels are not logged, or cannot be read.
std::optional<std::vector<std::string>> readable_labels(const column_definition& column,
                                                        const protocol::character_set& set,
                                                        protocol::text_converter& texts) {
    if (column.labels.empty()) return std::nullopt;
    std::vector<std::string> labels;
    for (const std::string& label : column.labels) {
        if (!texts.append_utf8(labels.emplace_back(), set, std::as_bytes(std::span(label))))
            return std::nullopt;
    }
    return labels;
}

std::string list(const std::vector<std::string>& labels) {
    return fmt::format("'{}'", fmt::join(labels, "','"));
}

std::optional<std::string> find_difference(const column_definition& source,
                                           const target_column& target,
                                           protocol::text_converter& texts) {
    if (!source.collation || *source.collation == protocol::binary_collation ||
        target.character_set.empty() || target.character_set == "binary")
        return std::nullopt;
    const auto* const set = protocol::character_set_of(*source.collation);
    if (set == nullptr) return std::nullopt;
    if (column_type::enum_ == source.type || column_type::set == source.type) {
        const auto theirs = readable_labels(source, *set, texts);
        const auto ours = relay::labels_of(target.type_text);
        if (!theirs || *theirs == ours) return std::nullopt;
        return fmt::format("has the labels {} on the source and {} on the target", list(*theirs),
                           list(ours));
    }
    if (!source.is_character() || normal(set->name) == normal(target.character_set))
        return std::nullopt;
    return fmt::format("is in the character set {} on the source and {} on the target", set->name,
                       target.character_set);
}

} // namespace

std::optional<std::string> find_difference(const column_definition& source,
                                           const target_column& target) {
    protocol::text_converter texts;
    return find_difference(source, target, texts);
}

std::optional<std::string> find_difference(std::span<const column_definition> source,
                                           const target_table& target) {
    protocol::text_converter texts;
    for (std::size_t i = 0; i < std::min(source.size(), target.columns.size()); ++i) {
        const auto found = find_difference(source[i], target.columns[i], texts);
        if (found) {
            return fmt::format("column {} ({}) {}", i + 1,
                               state::quote_identifier(target.columns[i].name), *found);
        }
    }
    return std::nullopt;
}

} // namespace understudy::applier
