#include "applier/lane.hpp"

#include "applier/errc.hpp"
#include "applier/row_session.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <thread>
#include <tuple>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

constexpr std::size_t statement_bytes = 1U << 20U;

// A group that waits for a row which a later group has locked would wait for ever, because that one
// waits for its turn to commit, which the server cannot see. So nobody waits long; the groups are
// then executed one at a time. InnoDB counts in seconds. And a transaction begins by itself, which
// saves START TRANSACTION, a tenth of a millisecond.
constexpr const char* session_settings = "SET SESSION innodb_lock_wait_timeout = 1, autocommit = 0";

// "0-3" or "0,2-5": how many numbers these are; 0 when it is something else.
std::size_t count_numbers(std::string_view ranges) {
    std::size_t count = 0;
    const char* at = ranges.data();
    const char* const end = at + ranges.size();
    while (at != end) {
        unsigned first = 0;
        auto read = std::from_chars(at, end, first);
        unsigned last = first;
        if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-')
            read = std::from_chars(read.ptr + 1, end, last);
        if (read.ec != std::errc{} || last < first) return 0;
        count += last - first + 1;
        at = read.ptr;
        if (at == end) break;
        if (*at != ',') return 0;
        ++at;
    }
    return count;
}

std::size_t processors_of(target_session& target) {
    const bool is_mariadb = target.facts().is_mariadb;
    auto told =
        target.scalar(is_mariadb ? "SELECT CONCAT('1-', @@GLOBAL.thread_pool_size)"
                                 : "SELECT VCPU_IDS FROM information_schema.RESOURCE_GROUPS WHERE "
                                   "RESOURCE_GROUP_NAME = 'USR_default'");
    const std::size_t count = told && *told ? count_numbers(**told) : 0;
    return count > 0 ? count : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

// Measured on two processors with both ends there: two are faster than one; three are not.
std::size_t lane_count(const state::task_spec& task, target_session& target) {
    if (task.apply.workers > 0) return task.apply.workers;
    constexpr std::size_t least = 2;
    return std::clamp(processors_of(target), least, lane_count_max);
}

lane::lane(std::unique_ptr<target_session> target, const checkpoint_store& store,
           std::uint64_t epoch, const std::atomic<bool>& stop, bool row_images)
    : target_(std::move(target)), store_(store), epoch_(epoch), stop_(stop), pipe_(*target_),
      writer_(target_->facts(), statement_bytes, pipe_) {
    if (row_images) image_.emplace(store, epoch);
}

result<std::unique_ptr<lane>> lane::open(const state::task_spec& task,
                                         const checkpoint_store& store, std::uint64_t epoch,
                                         const std::atomic<bool>& stop) {
    auto session = connect_for_rows(task);
    if (!session) return std::unexpected(std::move(session.error()));
    auto ways = prepare_for_rows(**session, task);
    if (!ways) return std::unexpected(std::move(ways.error()));
    auto set = (*session)->run(session_settings);
    if (!set) return std::unexpected(std::move(set.error()));
    return std::unique_ptr<lane>(
        new lane(std::move(*session), store, epoch, stop, ways->row_images));
}

void lane::begin_transaction() {
    pipe_.begin_transaction();
    end_is_sent_ = false;
}

result<void> lane::execute(const lane_work& work) {
    begin_transaction();
    auto done = write(work, part::all);
    return done ? close(work) : done;
}

result<void> lane::begin(const lane_work& work) {
    begin_transaction();
    auto done = write(work, part::not_waiting);
    if (done) done = writer_.finish();
    return done ? pipe_.drain() : done;
}

result<void> lane::finish(const lane_work& work) {
    auto done = write(work, part::waiting);
    return done ? close(work) : done;
}

result<void> lane::write(const lane_work& work, part which) {
    const std::span tables = work.statement_tables;
    for (const lane_work::change& change : work.changes) {
        if (which != part::all && change.waits != (which == part::waiting)) continue;
        if (stop_.load(std::memory_order_relaxed)) {
            std::ignore = pipe_.drain();
            return fail(errc::cancelled, "stopped on request");
        }
        auto done = writer_.append(change.rows, rbr_mode::strict,
                                   tables.subspan(change.tables_first, change.tables_count));
        if (!done) return done;
    }
    return {};
}

result<void> lane::close(const lane_work& work) {
    // Merged to nothing, a group has no rows to be like.
    if (image_ && !work.changes.empty()) {
        auto done = send_end(work);
        return done ? pipe_.drain() : done;
    }
    auto done = writer_.finish();
    if (done) done = pipe_.drain();
    if (done) done = pipe_.restore_checks();
    if (done) done = store_.advance(*target_, work.after, epoch_);
    if (!done) return done;
    auto committed = target_->execute("COMMIT");
    if (!committed) return wrap(std::move(committed.error()), "COMMIT");
    return {};
}

result<void> lane::send_end(const lane_work& work) {
    const rows_to_write rows =
        image_->advance(work.after, work.changes.back().rows, std::chrono::system_clock::now());
    auto done = writer_.append(rows, rbr_mode::strict, {});
    if (!done) return done;
    end_is_sent_ = true;
    return writer_.finish_and_commit();
}

// SQL may need the session to be prepared for it, which is a question to the target.
bool lane::can_send(const lane_work& work) const {
    return image_ && pipe_.is_ready_to_commit() && !work.changes.empty() &&
           work.source.bytes <= sent_at_once_bytes && work.changes.size() <= sent_at_once_changes &&
           target_->facts().max_allowed_packet > statement_bytes &&
           std::ranges::none_of(work.changes, [](const lane_work::change& change) {
               return change.rows.table->as_sql;
           });
}

result<void> lane::send(const lane_work& work) {
    begin_transaction();
    auto done = write(work, part::all);
    return done ? send_end(work) : done;
}

bool lane::roll_back() {
    writer_.reset();
    std::ignore = pipe_.drain();
    return !target_->broken() && target_->execute("ROLLBACK").has_value();
}

} // namespace understudy::applier
