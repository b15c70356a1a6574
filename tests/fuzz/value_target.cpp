#include "protocol/assert.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/json_diff.hpp"
#include "protocol/value/json_diff_text.hpp"
#include "protocol/value/json_sql.hpp"
#include "protocol/value/json_text.hpp"
#include "protocol/value/value_writer.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <tuple>

namespace understudy::fuzz {

using namespace protocol;

// input := type 1, metadata 2, collation 2, options 1, value. Metadata that decode_table_map would
// refuse are not tried: value_writer takes definitions that it accepted.
void feed_value(std::span<const std::byte> input) {
    byte_reader in(input);
    column_definition column;
    column.type = static_cast<column_type>(in.u8());
    column.metadata = in.u16();
    column.collation = in.u16();
    const unsigned options = in.u8();
    const unsigned meta = column.metadata;
    switch (column.type) {
    case column_type::newdecimal:
        if (meta >> 8 > 65 || (meta & 0xff) > meta >> 8) return;
        break;
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2:
        if (meta > 6) return;
        break;
    case column_type::bit:
        if (meta < 1 || meta > 64) return;
        break;
    case column_type::enum_:
    case column_type::set:
        if (meta < 1 || meta > 8) return;
        break;
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::mariadb_varchar_compressed: break;
    default: column.metadata = static_cast<std::uint16_t>(1 + meta % 4); break;
    }
    if ((options & 1) != 0) column.collation.reset();
    if ((options & 2) != 0) column.labels = {"a", "b"};
    column.is_unsigned = (options & 4) != 0;
    row_image::column value;
    value.value = in.rest();
    value.present = true;
    value.is_partial = (options & 8) != 0;
    for (const auto form : {value_form::text, value_form::json, value_form::sql}) {
        value_writer writer(form);
        std::string out = "kept";
        const auto written = writer.append(out, column, value);
        UNDERSTUDY_ASSERT(written ? out.starts_with("kept") : out == "kept");
        UNDERSTUDY_ASSERT(is_utf8(out));
    }
}

void feed_json(std::span<const std::byte> input) {
    std::string text;
    std::ignore = append_json_text(text, input);
    UNDERSTUDY_ASSERT(is_utf8(text));
    UNDERSTUDY_ASSERT(text.size() <= 64 * (input.size() + 16));
    std::string expression;
    std::ignore = append_json_expression(expression, input);
}

// input := size of the document before 2, that, diffs
void feed_json_diff(std::span<const std::byte> input) {
    byte_reader in(input);
    const auto before = in.bytes(std::min<std::size_t>(in.u16(), in.remaining()));
    const auto diffs = decode_json_diffs(in.rest());
    if (!diffs) {
        return;
    }
    std::string text;
    std::ignore = append_json_diff_list(text, *diffs);
    std::ignore = append_json_diff_expression(text, "doc", *diffs);
    const auto after = apply_json_diffs(before, *diffs);
    if (after && append_json_text(text, before)) {
        std::ignore = append_json_text(text, *after);
    }
}

} // namespace understudy::fuzz
