#pragma once

#include "protocol/result.hpp"
#include "snapshot/batch_writer.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/row_encoder.hpp"
#include "snapshot/table_reader.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace understudy::snapshot {

// Where one lane has got to; `failed` is shared by all lanes: when one gives up, so do the others.
struct part_run {
    copy_context* context;
    target_worker* worker;
    const source_table* table;
    progress_key key;
    const bool* failed;
    // Once the last batch was read, while it is being written; empty: nothing.
    std::function<boost::asio::awaitable<protocol::result<void>>()> beside_last_write{};
};

// How rows of this table are to be written: facts of the target, what the task wants.
[[nodiscard]] row_encoder make_encoder(const copy_context& context, const source_table& table,
                                       const applier::target_facts& target);

// For the status: the table is there with all that it has.
void show_finished(const copy_context& context, const state::object_name& table);

// Copies one part to its end, of which `first` was read: while a batch is being written, the next
// one is read. `row` is what is stored for the part and follows it. At most two batches are in
// memory, with what beside_last_write reads.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
copy_part(part_run run, table_reader& reader, const row_encoder& encoder, progress_row& row,
          batch first);

} // namespace understudy::snapshot
