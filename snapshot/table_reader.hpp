#pragma once

#include "protocol/result.hpp"
#include "snapshot/key_range.hpp"
#include "snapshot/row_encoder.hpp"
#include "snapshot/source_session.hpp"
#include "snapshot/source_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>

namespace understudy::snapshot {

// Reads one part of a table, batch by batch, and encodes its rows for the target. What it holds in
// memory is one batch of chunk_bytes, or half as much more where rows are larger than the last ones
// were, whatever the size of the table; a single larger row comes alone.
// One coroutine at a time; borrows everything it is given.
class table_reader {
public:
    // A key range, in chunks that are short consistent reads by themselves: between two calls of
    // fill() nothing is open at the source. A lost connection is opened again and reading goes on
    // behind the last row.
    table_reader(const source_link& source, source_session& session, const source_table& table,
                 row_encoder& encoder, std::uint64_t chunk_bytes, key_range rest);
    // The whole table in one statement, on a session whose snapshot must not be left: a lost
    // connection is an error.
    table_reader(source_session& session, const source_table& table, row_encoder& encoder,
                 std::uint64_t chunk_bytes);

    // Fills `to` with the next rows; to.last says that there are no more.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> fill(batch& to);

private:
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> fill_once(batch& to);
    [[nodiscard]] bool wants_more(const batch& of) const;
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> open_result(const batch& to);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> read_some(batch& to);
    [[nodiscard]] bool is_too_long(const batch& to) const;
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> leave_result();
    void close_result();
    void learn();

    const source_link* source_ = nullptr; // null: one statement for the whole table
    source_session* session_;
    const source_table* table_;
    row_encoder* encoder_;
    std::uint64_t chunk_bytes_;
    key_range rest_;

    bool open_ = false;
    bool exhausted_ = false;
    std::uint64_t row_bytes_; // as estimated by the source, then as in the last result
    std::uint64_t rows_max_;  // that may be asked for at once
    std::uint64_t rows_asked_ = 0;
    std::uint64_t result_rows_ = 0;
    std::uint64_t result_bytes_ = 0;
    std::chrono::steady_clock::duration reading_{}; // without waits for the target
};

} // namespace understudy::snapshot
