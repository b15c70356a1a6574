#include "snapshot/table_reader.hpp"

#include "snapshot/errc.hpp"

#include <algorithm>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;

namespace {

constexpr std::uint64_t row_limit_max = 200'000;
constexpr std::uint64_t row_limit_first_max = 20'000; // estimates can be far off
constexpr std::chrono::seconds read_time_max{2};

} // namespace

table_reader::table_reader(const source_link& source, source_session& session,
                           const source_table& table, row_encoder& encoder,
                           std::uint64_t chunk_bytes, key_range rest)
    : source_(&source), session_(&session), table_(&table), encoder_(&encoder),
      chunk_bytes_(chunk_bytes), rest_(std::move(rest)),
      row_limit_(std::clamp<std::uint64_t>(
          chunk_bytes / std::max<std::uint64_t>(table.row_bytes, 16), 1, row_limit_first_max)) {}

table_reader::table_reader(source_session& session, const source_table& table, row_encoder& encoder,
                           std::uint64_t chunk_bytes)
    : session_(&session), table_(&table), encoder_(&encoder), chunk_bytes_(chunk_bytes),
      row_limit_(0) {}

awaitable<result<void>> table_reader::open_result() {
    result_rows_ = 0;
    result_bytes_ = 0;
    reading_ = {};
    std::string sql =
        source_ != nullptr ? select_chunk(*table_, rest_, row_limit_) : select_all(*table_);
    const auto begin = std::chrono::steady_clock::now();
    auto columns = co_await (*session_)->start_query(std::move(sql));
    reading_ += std::chrono::steady_clock::now() - begin;
    if (!columns) co_return std::unexpected(std::move(columns.error()));
    open_ = true;
    co_return result<void>{};
}

// The next chunk is to be about chunk_bytes and not to take longer than read_time_max, so that no
// read view stays open for long at the source.
void table_reader::close_result() {
    open_ = false;
    if (source_ == nullptr || result_rows_ < row_limit_) {
        exhausted_ = true;
        return;
    }
    const std::uint64_t row_bytes = std::max<std::uint64_t>(result_bytes_ / result_rows_, 1);
    const std::uint64_t wanted = std::min(chunk_bytes_ / row_bytes, row_limit_ * 4);
    row_limit_ = std::clamp<std::uint64_t>(reading_ > read_time_max ? row_limit_ / 2 : wanted, 1,
                                           row_limit_max);
}

awaitable<result<void>> table_reader::fill_once(batch& to) {
    // A chunk that came out a little short is not topped up with a tiny one.
    while (!exhausted_ &&
           (open_ ? to.bytes < chunk_bytes_ : to.bytes < chunk_bytes_ / 2 || to.read == 0)) {
        if (!open_) {
            if (auto opened = co_await open_result(); !opened) co_return opened;
        }
        const auto begin = std::chrono::steady_clock::now();
        auto rows = co_await (*session_)->read_rows();
        reading_ += std::chrono::steady_clock::now() - begin;
        if (!rows) co_return std::unexpected(std::move(rows.error()));
        if (rows->empty()) {
            close_result();
            continue;
        }
        const std::uint64_t before = to.bytes;
        for (const protocol::text_row& row : *rows) {
            if (auto added = encoder_->add(to, row.fields); !added) co_return added;
        }
        result_rows_ += rows->size();
        result_bytes_ += to.bytes - before;
        if (source_ != nullptr) rest_.after = encoder_->last_key();
    }
    co_return result<void>{};
}

awaitable<result<void>> table_reader::fill(batch& to) {
    to.clear();
    for (;;) {
        auto filled = co_await fill_once(to);
        if (filled) break;
        if (source_ == nullptr || source_->stop->stopped() || !is_source_lost(filled.error()))
            co_return protocol::wrap(std::move(filled.error()),
                                     "reading " + table_->name.to_string());
        auto again = co_await reopen_source(*source_);
        if (!again) co_return std::unexpected(std::move(again.error()));
        *session_ = *std::move(again);
        open_ = false;
    }
    to.last_key = rest_.after;
    to.last = exhausted_;
    co_return result<void>{};
}

} // namespace understudy::snapshot
