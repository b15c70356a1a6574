#include "snapshot/copied_row_filter.hpp"

#include "protocol/binlog/rows_event.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/definition_columns.hpp"
#include "relay/table_definition.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

namespace understudy::snapshot {

using protocol::column_definition;
using protocol::column_type;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::uint16_t length_bytes = 4; // before the bytes of a text, as a LONGBLOB has it
constexpr std::uint16_t label_bytes = 8;  // of an ENUM's number or a SET's bits
constexpr std::uint16_t utf8mb4_general = 45;

// As row images have a column of the kind. What numbers and times are is told by their text alone.
std::optional<column_definition> definition_of(const column& one) {
    column_definition made;
    made.name = one.name;
    switch (one.kind) {
    case value_kind::text:
        made.type = column_type::long_blob;
        made.metadata = length_bytes;
        made.collation = relay::collation_of(one.charset);
        if (!made.collation) return std::nullopt;
        return made;
    case value_kind::bytes:
        made.type = column_type::long_blob;
        made.metadata = length_bytes;
        made.collation = protocol::binary_collation;
        return made;
    case value_kind::index:
        made.type = one.data_type == "enum" ? column_type::enum_ : column_type::set;
        made.metadata = label_bytes;
        made.labels = relay::labels_of(one.column_type);
        made.collation = utf8mb4_general;
        return made;
    case value_kind::floating:
        made.type = one.data_type == "float" ? column_type::float_ : column_type::double_;
        return made;
    case value_kind::temporal:
        made.type = column_type::datetime2;
        if (one.data_type == "time") made.type = column_type::time2;
        if (one.data_type == "year") made.type = column_type::year;
        return made;
    case value_kind::number:
    case value_kind::bits: made.type = column_type::longlong; return made;
    case value_kind::json:
    case value_kind::geometry:
    case value_kind::vector: return std::nullopt;
    }
    return std::nullopt;
}

std::string_view without_padding(std::string_view digits) {
    const auto first = digits.find_first_not_of('0');
    if (first == std::string_view::npos) return "0";
    return digits[first] == '.' && first > 0 ? digits.substr(first - 1) : digits.substr(first);
}

} // namespace

result<copied_row_filter> copied_row_filter::make(const state::where_expression& where,
                                                  const source_table& table) {
    copied_row_filter filter(where);
    for (const auto& wanted : where.columns()) {
        slot one;
        const column* found = nullptr;
        for (const column& candidate : table.columns) {
            if (state::same_column(candidate.name, wanted.name)) {
                found = &candidate;
                break;
            }
            if (!candidate.generated) one.field += candidate.tells_json_types ? 3 : 1;
        }
        const std::string name = state::quote_identifier(wanted.name);
        if (found == nullptr)
            return fail(errc::unsupported_object,
                        fmt::format("it has no column {}, which `where` asks for", name));
        if (found->generated)
            return fail(errc::unsupported_object,
                        fmt::format("`where` asks for {}, which the server computes and the copy "
                                    "does not read: ask for what it is computed from",
                                    name));
        auto definition = definition_of(*found);
        if (!definition)
            return fail(errc::unsupported_object,
                        fmt::format("`where` asks for {}, and values of type {} are not compared",
                                    name, found->column_type));
        one.kind = found->kind;
        one.zerofill = found->column_type.contains("zerofill");
        one.what = *std::move(definition);
        filter.slots_.push_back(std::move(one));
    }
    return filter;
}

result<void> copied_row_filter::read(slot& into, std::optional<std::string_view> field) {
    protocol::row_image::column value;
    value.present = true;
    value.is_null = !field;
    image_.clear();
    protocol::byte_writer image(image_);
    if (field) {
        switch (into.kind) {
        case value_kind::text:
        case value_kind::bytes:
            image.u32(static_cast<std::uint32_t>(field->size()));
            image.text(*field);
            break;
        case value_kind::index: {
            std::uint64_t number = 0;
            std::from_chars(field->data(), field->data() + field->size(), number);
            image.little_endian(number, label_bytes);
            break;
        }
        case value_kind::floating: {
            const double number = std::strtod(std::string(*field).c_str(), nullptr);
            if (into.what.type == column_type::float_) {
                image.u32(std::bit_cast<std::uint32_t>(static_cast<float>(number)));
            } else {
                image.u64(std::bit_cast<std::uint64_t>(number));
            }
            break;
        }
        default:
            // The text that the log's value has too.
            into.value.what = state::comparable_kind_of(into.what);
            into.value.is_single_precision = false;
            into.value.text = into.zerofill ? without_padding(*field) : *field;
            return {};
        }
    }
    value.value = image_;
    return state::read_comparable(into.value, text_, into.what, value);
}

result<bool> copied_row_filter::takes(std::span<const std::optional<std::string_view>> fields) {
    for (slot& one : slots_)
        one.read = false;
    std::optional<protocol::error> failure;
    const auto answer = where_->evaluate([&](std::size_t index) -> const state::comparable& {
        slot& one = slots_[index];
        if (std::exchange(one.read, true)) return one.value;
        auto read_one = read(one, fields[one.field]);
        if (!read_one) failure = std::move(read_one.error());
        return one.value;
    });
    if (failure) return std::unexpected(*std::move(failure));
    return answer.value_or(false);
}

} // namespace understudy::snapshot
