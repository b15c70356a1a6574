#include "snapshot/part_copy.hpp"

#include "snapshot/errc.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;
using namespace boost::asio::experimental::awaitable_operators;

namespace {

constexpr std::uint64_t statement_bytes_max =
    1U << 20U; // longer ones were not faster (bench/README.md)

void show_progress(copy_context& context, const source_table& table, const batch& written) {
    const std::string name = table.name.database + "." + table.name.object;
    context.board->update([&](state::status& status) {
        auto& progress = status.copy[name];
        progress.rows += written.rows;
        progress.bytes += written.bytes;
    });
}

} // namespace

row_encoder make_encoder(const copy_context& context, const source_table& table,
                         const applier::target_facts& target) {
    const bool keep = context.keeps_existing() && !context.is_made_here(table.name);
    auto mode = keep ? row_encoder::write_mode::keep_existing : row_encoder::write_mode::overwrite;
    if (context.selection->is_merged(table.name)) mode = row_encoder::write_mode::strict;
    const bool load = target.local_infile && row_encoder::can_load(table);
    // LOAD DATA is not a packet: a batch goes in one.
    const std::uint64_t packet = std::max<std::uint64_t>(target.max_allowed_packet, 4096) / 2;
    const std::uint64_t bytes =
        load ? std::numeric_limits<std::uint32_t>::max() : std::min(statement_bytes_max, packet);
    return row_encoder(table, context.on_target(table.name),
                       {.mode = mode,
                        .load_data = load,
                        .statement_bytes = static_cast<std::size_t>(bytes),
                        .json_is_text = target.is_mariadb,
                        .shape = context.shape(table.name)});
}

void show_finished(const copy_context& context, const state::object_name& table) {
    context.board->update([&](state::status& status) {
        status.copy[table.database + "." + table.object].finished = true;
    });
}

awaitable<result<void>> copy_part(part_run run, table_reader& reader, const row_encoder& encoder,
                                  progress_row& row, batch first) {
    batch_writer writer(*run.worker, *run.context, *run.table, encoder, run.key);
    batch current = std::move(first);
    batch next;
    for (;;) {
        if (*run.failed || run.context->stop->stopped())
            co_return fail(errc::cancelled, "the copy was stopped");
        progress_row after = row;
        after.now = current.last ? progress_row::stage::copied : progress_row::stage::copying;
        after.rest.after = current.last_key;
        after.rows += current.rows;
        after.bytes += current.bytes;
        result<void> written;
        result<void> filled;
        next.clear(); // what beside_last_write reads takes its place
        if (current.last && !run.beside_last_write) {
            written = co_await writer.write(current, after);
        } else if (current.last) {
            std::tie(filled, written) =
                co_await (run.beside_last_write() && writer.write(current, after));
        } else {
            std::tie(filled, written) =
                co_await (reader.fill(next) && writer.write(current, after));
        }
        if (!written) co_return written;
        row = after;
        show_progress(*run.context, *run.table, current);
        if (current.last || !filled) co_return filled;
        if (auto waited = co_await run.context->pace->wait(next.read, next.bytes); !waited)
            co_return waited;
        std::swap(current, next);
    }
}

} // namespace understudy::snapshot
