#include "applier/partial_updates.hpp"

#include "protocol/value/json_diff.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>

namespace understudy::applier {

using protocol::result;
using protocol::row_image;

namespace {

constexpr std::size_t length_bytes = 4; // before a JSON value

void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

bool has_documents(const row_image& before, const row_image& after) {
    for (std::size_t i = 0; i < after.columns.size(); ++i) {
        const auto& document = before.columns[i];
        if (after.columns[i].is_partial && (!document.present || document.is_null)) return false;
    }
    return true;
}

result<void> append_whole(std::vector<std::byte>& out, const row_image& before,
                          const row_image& after) {
    const auto present = static_cast<std::size_t>(
        std::ranges::count(after.columns, true, &row_image::column::present));
    append(out, after.bytes.first((present + 7) / 8)); // which of them are NULL
    for (std::size_t i = 0; i < after.columns.size(); ++i) {
        const auto& column = after.columns[i];
        if (!column.is_partial) {
            append(out, column.value);
            continue;
        }
        const auto diffs = protocol::decode_json_diffs(column.value.subspan(length_bytes));
        if (!diffs) return std::unexpected(diffs.error());
        const auto document =
            protocol::apply_json_diffs(before.columns[i].value.subspan(length_bytes), *diffs);
        if (!document) return std::unexpected(document.error());
        protocol::byte_writer(out).u32(static_cast<std::uint32_t>(document->size()));
        append(out, *document);
    }
    return {};
}

} // namespace

result<protocol::rows_event> with_whole_documents(const protocol::table_map& map,
                                                  const protocol::rows_event& event,
                                                  std::vector<std::byte>& into) {
    into.clear();
    protocol::row_reader reader(map, event);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) break;
        if (!has_documents(reader.before(), reader.after())) return event;
        append(into, reader.before().bytes);
        if (auto done = append_whole(into, reader.before(), reader.after()); !done)
            return std::unexpected(std::move(done.error()));
    }
    protocol::rows_event whole = event;
    whole.has_partial_json = false;
    whole.rows = into;
    return whole;
}

} // namespace understudy::applier
