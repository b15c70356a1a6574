#include "snapshot/table_reader.hpp"

#include "snapshot/errc.hpp"

#include <algorithm>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;

namespace {

constexpr std::uint64_t rows_at_once_max = 200'000;
constexpr std::uint64_t rows_at_first_max = 20'000; // estimates can be far off
constexpr double growth_max = 4;                    // from one result to the next
constexpr std::chrono::seconds read_time_wanted{2};
constexpr std::chrono::seconds read_time_max{10};

} // namespace

table_reader::table_reader(const source_link& source, source_session& session,
                           const source_table& table, row_encoder& encoder,
                           std::uint64_t chunk_bytes, key_range rest)
    : source_(&source), session_(&session), table_(&table), encoder_(&encoder),
      chunk_bytes_(chunk_bytes), rest_(std::move(rest)),
      row_bytes_(std::max<std::uint64_t>(table.row_bytes, 16)), rows_max_(rows_at_first_max) {}

table_reader::table_reader(source_session& session, const source_table& table, row_encoder& encoder,
                           std::uint64_t chunk_bytes)
    : session_(&session), table_(&table), encoder_(&encoder), chunk_bytes_(chunk_bytes),
      row_bytes_(0), rows_max_(0) {}

awaitable<result<void>> table_reader::open_result(const batch& to) {
    result_rows_ = 0;
    result_bytes_ = 0;
    reading_ = {};
    std::string sql;
    if (source_ == nullptr) {
        sql = select_all(*table_);
    } else {
        rows_asked_ =
            std::clamp<std::uint64_t>((chunk_bytes_ - to.bytes) / row_bytes_, 1, rows_max_);
        sql = select_chunk(*table_, rest_, rows_asked_);
    }
    const auto begin = std::chrono::steady_clock::now();
    auto columns = co_await (*session_)->start_query(std::move(sql));
    reading_ += std::chrono::steady_clock::now() - begin;
    if (!columns) co_return std::unexpected(std::move(columns.error()));
    open_ = true;
    co_return result<void>{};
}

// The next result is to be about chunk_bytes and not to take longer than read_time_wanted, so that
// no read view stays open for long at the source.
void table_reader::learn() {
    using seconds = std::chrono::duration<double>;
    row_bytes_ = std::max<std::uint64_t>(result_bytes_ / result_rows_, 1);
    const double growth = seconds(read_time_wanted) / std::max(seconds(reading_), seconds(0.001));
    const double rows = static_cast<double>(result_rows_) * std::clamp(growth, 0.5, growth_max);
    rows_max_ = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rows), 1, rows_at_once_max);
}

void table_reader::close_result() {
    open_ = false;
    if (source_ == nullptr || result_rows_ < rows_asked_) {
        exhausted_ = true;
    } else {
        learn();
    }
}

// Rows are much larger than what was known of them, or come slowly all at once: what is left of the
// result would be open while the batch is written, and while the pace lets it wait.
bool table_reader::is_too_long(const batch& to) const {
    if (source_ == nullptr || result_rows_ == rows_asked_) return false;
    return to.bytes > chunk_bytes_ + chunk_bytes_ / 2 || reading_ > read_time_max;
}

// The server has no word for it but the end of the session.
awaitable<result<void>> table_reader::leave_result() {
    learn();
    open_ = false;
    auto again = co_await reopen_source(*source_);
    if (!again) co_return std::unexpected(std::move(again.error()));
    *session_ = *std::move(again);
    co_return result<void>{};
}

awaitable<result<void>> table_reader::read_some(batch& to) {
    const auto begin = std::chrono::steady_clock::now();
    auto rows = co_await (*session_)->read_rows();
    reading_ += std::chrono::steady_clock::now() - begin;
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    if (rows->empty()) {
        close_result();
        co_return result<void>{};
    }
    const std::uint64_t before = to.bytes;
    for (const protocol::text_row& row : *rows) {
        if (auto added = encoder_->add(to, row.fields); !added) co_return added;
    }
    result_rows_ += rows->size();
    result_bytes_ += to.bytes - before;
    if (source_ != nullptr) rest_.after = encoder_->last_key();
    co_return result<void>{};
}

// A chunk is read to its end. One that came out a little short is not topped up with a tiny one.
bool table_reader::wants_more(const batch& of) const {
    if (exhausted_) return false;
    if (open_) return source_ != nullptr || of.bytes < chunk_bytes_;
    return of.bytes < chunk_bytes_ / 2 || of.read == 0;
}

awaitable<result<void>> table_reader::fill_once(batch& to) {
    while (wants_more(to)) {
        if (!open_) {
            if (auto opened = co_await open_result(to); !opened) co_return opened;
        }
        if (auto some = co_await read_some(to); !some) co_return some;
        if (open_ && is_too_long(to)) co_return co_await leave_result();
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
