#include "applier/checkpoint_image.hpp"

#include "protocol/wire/byte_writer.hpp"

#include <array>
#include <memory>
#include <utility>

namespace understudy::applier {

using protocol::byte_writer;
using protocol::column_type;

namespace {

// Ours begin at 1, and 0xffffff is the dummy.
constexpr std::uint64_t table_id = 0xfffffe;

// The columns of checkpoint_store's table in their order. CHAR and ENUM are logged as STRING with
// their type in the metadata.
struct column {
    column_type type;
    column_type logged;
    std::uint16_t metadata = 0;        // normalised
    std::size_t logged_bytes = 0;      // of metadata
    std::uint16_t logged_metadata = 0; // little endian
};
constexpr std::array columns{
    column{column_type::varchar, column_type::varchar, 256, 2, 256},              // task
    column{column_type::enum_, column_type::string, 1, 2, 0x01f7},                // stage
    column{column_type::string, column_type::string, 144, 2, 144U << 8U | 0xfeU}, // source_uuid
    column{column_type::tiny, column_type::tiny},                                 // by_gtid
    column{column_type::varchar, column_type::varchar, 2048, 2, 2048},            // log_file
    column{column_type::longlong, column_type::longlong},                         // log_offset
    column{column_type::blob, column_type::blob, 4, 1, 4},                        // gtid_set
    column{column_type::varchar, column_type::varchar, 2048, 2, 2048},            // copy_end_file
    column{column_type::longlong, column_type::longlong},                         // copy_end_offset
    column{column_type::longlong, column_type::longlong},                         // epoch
    column{column_type::timestamp2, column_type::timestamp2, 6, 1, 6},            // updated
};

constexpr std::array key_columns{std::byte{0x01}, std::byte{0x02}};     // task, epoch
constexpr std::array written_columns{std::byte{0x70}, std::byte{0x04}}; // log_file, log_offset,
                                                                        // gtid_set, updated

std::shared_ptr<const source_table> describe(const checkpoint_store& store) {
    auto table = std::make_shared<source_table>();
    byte_writer out(table->event);
    out.lenenc(columns.size());
    std::size_t metadata_bytes = 0;
    for (const column& each : columns) {
        out.u8(static_cast<std::uint8_t>(each.logged));
        metadata_bytes += each.logged_bytes;
        table->map.columns.push_back(
            {.type = each.type, .metadata = each.metadata, .nullable = false, .is_unsigned = {}});
    }
    out.lenenc(metadata_bytes);
    for (const column& each : columns)
        out.little_endian(each.logged_metadata, each.logged_bytes);
    out.little_endian(0, (columns.size() + 7) / 8); // none may be NULL
    table->map.after_names = table->event;
    table->name = {store.meta_database(), "checkpoint"};
    return table;
}

void no_nulls(byte_writer& out) {
    out.u8(0);
}

void long_varchar(byte_writer& out, std::string_view text) {
    out.u16(static_cast<std::uint16_t>(text.size()));
    out.text(text);
}

} // namespace

checkpoint_image::checkpoint_image(const checkpoint_store& store, std::uint64_t epoch)
    : task_(store.task()) {
    plan_.source = describe(store);
    plan_.target.name = plan_.source->name;
    plan_.table_id = table_id;
    write_before(epoch);
}

void checkpoint_image::write_before(std::uint64_t epoch) {
    byte_writer out(before_);
    no_nulls(out);
    long_varchar(out, task_);
    out.u64(epoch);
}

rows_to_write checkpoint_image::advance(const state::source_position& applied,
                                        const rows_to_write& like,
                                        std::chrono::system_clock::time_point now) {
    constexpr std::int64_t million = 1'000'000;
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    const std::string executed = applied.executed.to_string();
    after_.clear();
    byte_writer out(after_);
    no_nulls(out);
    long_varchar(out, applied.binlog.file);
    out.u64(applied.binlog.offset);
    out.u32(static_cast<std::uint32_t>(executed.size()));
    out.text(executed);
    out.big_endian(static_cast<std::uint64_t>(us / million), 4);
    out.big_endian(static_cast<std::uint64_t>(us % million), 3);

    rows_to_write rows;
    rows.table = &plan_;
    rows.kind = protocol::rows_kind::update;
    rows.flags = static_cast<std::uint16_t>(like.flags & ~protocol::rows_flag::complete_rows);
    rows.timestamp = like.timestamp;
    rows.server_id = like.server_id;
    rows.present = key_columns;
    rows.present_after = written_columns;
    rows.rows = before_;
    rows.after = after_;
    rows.joinable = false;
    return rows;
}

} // namespace understudy::applier
