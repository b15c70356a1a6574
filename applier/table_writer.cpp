#include "applier/table_writer.hpp"

#include "applier/errc.hpp"
#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::result;

namespace {

writer_limits image_limits(const target_facts& target, std::size_t statement_bytes) {
    writer_limits limits;
    limits.packet_bytes = target.max_allowed_packet;
    // 3/4 of a packet is left when it is base64, and some of that for the words around it.
    limits.statement_bytes = std::min(statement_bytes, limits.packet_bytes / 4 * 3 - 256);
    limits.event_bytes = limits.statement_bytes / 4;
    return limits;
}

sql_writer_limits sql_limits(const target_facts& target, std::size_t statement_bytes) {
    sql_writer_limits limits;
    limits.packet_bytes = target.max_allowed_packet;
    limits.packet_text_bytes = std::min(statement_bytes, limits.packet_bytes / 2);
    limits.statement_bytes = limits.packet_text_bytes / 4;
    return limits;
}

} // namespace

table_writer::table_writer(const target_facts& target, std::size_t statement_bytes,
                           statement_pipe& pipe)
    : images_(image_limits(target, statement_bytes),
              [&pipe](std::string_view sql, rbr_mode mode, row_image_writer::ending how) {
                  return pipe.send(sql, mode, how == row_image_writer::ending::commit);
              }),
      sql_(sql_limits(target, statement_bytes), target.is_mariadb,
           [&pipe](const sql_packet& packet) { return pipe.send(packet); }) {}

result<void> table_writer::turn_to(change_writer& writer) {
    if (last_ == &writer) return {};
    if (last_ != nullptr) {
        if (auto done = last_->finish(); !done) return done;
    }
    last_ = &writer;
    return {};
}

result<void> table_writer::append(const rows_to_write& rows, rbr_mode mode,
                                  std::span<const table_plan* const> statement_tables) {
    const bool as_sql = rows.table->as_sql || (prefer_sql_ && !rows.table->columns.empty());
    change_writer& writer = as_sql ? static_cast<change_writer&>(sql_) : images_;
    if (auto ready = turn_to(writer); !ready) return ready;
    auto done = writer.append(rows, mode, statement_tables);
    const bool try_sql = !done && !as_sql && rows.table->large_rows_as_sql &&
                         !rows.table->columns.empty() &&
                         done.error().code == errc::packet_too_large;
    if (!try_sql) return done;
    // The row image writer refuses before it takes anything of these rows.
    if (auto ready = turn_to(sql_); !ready) return ready;
    return sql_.append(rows, mode, statement_tables);
}

result<void> table_writer::finish() {
    if (last_ == nullptr) return {};
    return std::exchange(last_, nullptr)->finish();
}

result<void> table_writer::finish_and_commit() {
    UNDERSTUDY_ASSERT(last_ == &images_);
    last_ = nullptr;
    return images_.finish_and_commit();
}

void table_writer::reset() {
    images_.reset();
    sql_.reset();
    last_ = nullptr;
}

} // namespace understudy::applier
