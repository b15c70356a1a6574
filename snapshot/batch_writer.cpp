#include "snapshot/batch_writer.hpp"

#include "snapshot/errc.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace understudy::snapshot {

using protocol::fail;
using protocol::result;

namespace {

constexpr std::string_view warning_truncated = "1265";
constexpr std::string_view warning_duplicate = "1062";

} // namespace

std::vector<std::string> row_session_setup(bool binlog, bool checks_unique) {
    std::vector<std::string> setup{
        "SET NAMES binary", "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', "
                            "foreign_key_checks = 0, max_error_count = 65535"};
    if (!checks_unique) setup.emplace_back("SET SESSION unique_checks = 0");
    if (!binlog) setup.emplace_back("SET SESSION sql_log_bin = 0");
    return setup;
}

batch_writer::batch_writer(target_worker& worker, const copy_context& context,
                           const source_table& table, const row_encoder& encoder, progress_key key)
    : worker_(&worker), context_(&context), table_(&table), encoder_(&encoder),
      key_(std::move(key)) {}

boost::asio::awaitable<result<void>> batch_writer::write(const batch& rows, progress_row& row) {
    retrying_ = false;
    auto call = [this, &rows, &row](applier::target_session& target) {
        auto done = write_once(target, rows, row);
        if (!done && !target.broken()) {
            // A lock wait timeout ends the statement, not the transaction. The first error is the
            // one to report; a failing ROLLBACK means a broken session, which is replaced.
            std::ignore = target.execute("ROLLBACK");
        }
        retrying_ = true;
        return done;
    };
    // Rows without a key in a table without transactions would be there twice.
    const bool repeatable = table_->transactional || table_->order.has_value();
    auto done = repeatable ? co_await worker_->run_retrying(call) : co_await worker_->run(call);
    if (!done)
        co_return protocol::wrap(std::move(done.error()),
                                 fmt::format("copying {}", table_->name.to_string()));
    ++row.change;
    co_return result<void>{};
}

// By a COMMIT whose answer was lost.
result<bool> batch_writer::is_written(applier::target_session& target,
                                      const progress_row& row) const {
    if (!retrying_) return false;
    auto stored = context_->progress.load_settled(target, key_);
    if (!stored) return std::unexpected(std::move(stored.error()));
    return *stored && (*stored)->change == row.change + 1;
}

result<void> batch_writer::write_once(applier::target_session& target, const batch& rows,
                                      const progress_row& row) {
    if (!table_->transactional) {
        const auto written = is_written(target, row);
        if (!written) return std::unexpected(written.error());
        if (*written) return {};
        // Not in one transaction: with enforce_gtid_consistency the server refuses to mix engines.
        // A crash in between repeats the batch, which the table's key makes harmless; tables
        // without a key start anew.
        if (auto held = context_->hold(target); !held) return held;
        if (auto done = write_rows(target, rows); !done) return done;
        return context_->progress.update(target, key_, row);
    }
    if (auto done = target.run("START TRANSACTION"); !done) return done;
    if (auto held = context_->hold(target); !held) return held;
    const auto written = is_written(target, row);
    if (!written) return std::unexpected(written.error());
    if (*written) return target.run("ROLLBACK");
    if (auto done = context_->progress.update(target, key_, row); !done) return done;
    if (auto done = write_rows(target, rows); !done) return done;
    return target.run("COMMIT");
}

result<void> batch_writer::write_rows(applier::target_session& target, const batch& rows) const {
    for (const encoded_rows& statement : rows.statements) {
        const bool load = encoder_->loads_data();
        if (!load && statement.text.size() + 1 > target.facts().max_allowed_packet)
            return fail(
                applier::errc::packet_too_large,
                fmt::format("a row of {} needs a statement of {} bytes and max_allowed_packet "
                            "of the target is {}: raise it there (up to 1073741824)",
                            table_->name.to_string(), statement.text.size(),
                            target.facts().max_allowed_packet));
        result<applier::execute_info> done = std::unexpected(protocol::error{});
        if (load) {
            auto produce = [rest = std::string_view(statement.text)](std::span<char> out) mutable {
                const std::size_t count = std::min(out.size(), rest.size());
                std::memcpy(out.data(), rest.data(), count);
                rest.remove_prefix(count);
                return count;
            };
            done = target.load_data(encoder_->load_statement(), produce);
        } else {
            done = target.execute(statement.text);
        }
        constexpr unsigned duplicate_key = 1062;
        if (!done && encoder_->is_strict() && done.error().server.number == duplicate_key)
            return refuse_duplicate(done.error().server.message);
        if (!done) return std::unexpected(std::move(done.error()));
        if (done->warnings == 0) continue;
        if (auto checked = check_warnings(target, rows, statement); !checked) return checked;
    }
    return {};
}

// Of a merged table only: in all others rows are overwritten or kept.
result<void> batch_writer::refuse_duplicate(const std::string& message) const {
    return fail(
        errc::merged_key_taken,
        fmt::format("a row of {} has a key that its table of the target has already: {}. "
                    "Tables that are merged (objects.merge) need keys that do not meet: add "
                    "a column that tells them apart (add_columns of objects.tables), and "
                    "put it into the keys of the target's table. If it is this table's own "
                    "row, whose unique value moved to another while it was copied, or from "
                    "a copy that was given up, delete its rows there and begin anew",
                    table_->name.to_string(), message));
}

result<void> batch_writer::check_warnings(applier::target_session& target, const batch& rows,
                                          const encoded_rows& statement) const {
    auto warnings = target.query("SHOW WARNINGS");
    if (!warnings) return std::unexpected(std::move(warnings.error()));
    std::uint32_t enum_errors = 0;
    for (const auto& warning : warnings->rows) {
        const std::string& code = warning[1].value();
        const std::string& message = warning[2].value();
        if (code == warning_duplicate && encoder_->keeps_existing()) continue;
        if (code == warning_duplicate && encoder_->is_strict()) return refuse_duplicate(message);
        const bool of_enum = std::ranges::any_of(table_->columns, [&](const column& one) {
            return one.data_type == "enum" && message.contains("'" + one.name + "'");
        });
        if (code == warning_truncated && of_enum && ++enum_errors <= statement.enum_errors)
            continue;
        return fail(
            errc::value_not_exact,
            fmt::format("the target stored a row of {} with a warning, so it would differ "
                        "from the source: {} (warning {}; row of a statement of {} rows, in "
                        "the chunk that ends at key ({}))",
                        table_->name.to_string(), message, code, statement.rows,
                        fmt::join(rows.last_key, ", ")));
    }
    return {};
}

} // namespace understudy::snapshot
