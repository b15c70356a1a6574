#include "applier/apply_stream.hpp"

#include "applier/bounded_reader.hpp"
#include "applier/errc.hpp"
#include "applier/row_session.hpp"
#include "applier/set_aside.hpp"
#include "protocol/assert.hpp"
#include "relay/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

result<checkpoint> load_checkpoint(const stream_context& context, target_session& session) {
    auto loaded = context.store.load_settled(session);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    if (!*loaded) {
        return fail(
            errc::checkpoint_invalid,
            fmt::format("the checkpoint of task {} is gone from the target", context.store.task()));
    }
    if ((*loaded)->epoch != context.epoch) {
        return fail(
            errc::fenced,
            fmt::format(
                "task {} was taken over by another process (its epoch is {}, ours {}): this "
                "process stops",
                context.store.task(), (*loaded)->epoch, context.epoch));
    }
    return std::move(**loaded);
}

// For the whole session: inside a transaction, where changes are that were logged as statements,
// the variable cannot be set (error 1766). Without the privilege for it, the first statement that
// needs it says so.
result<void> take_explicit_timestamps(target_session& session, std::optional<bool> of_source) {
    if (!of_source) return {};
    auto ours = session.scalar("SELECT @@SESSION.explicit_defaults_for_timestamp");
    if (!ours) return std::unexpected(std::move(ours.error()));
    const bool is_on = ours->value_or("0") != "0";
    if (is_on == *of_source) return {};
    auto set = session.execute(
        fmt::format("SET SESSION explicit_defaults_for_timestamp = {}", *of_source ? 1 : 0));
    if (set || set.error().code == errc::missing_privilege) return {};
    return std::unexpected(std::move(set.error()));
}

} // namespace

result<std::unique_ptr<apply_stream>> apply_stream::open(const stream_context& context,
                                                         std::unique_ptr<target_session> session,
                                                         caution how) {
    if (session == nullptr) {
        auto connected = connect_for_rows(context.task);
        if (!connected) return std::unexpected(std::move(connected.error()));
        session = std::move(*connected);
    }
    auto ways = prepare_for_rows(*session, context.task);
    if (!ways) return std::unexpected(std::move(ways.error()));
    if (auto taken = take_explicit_timestamps(*session, context.source_explicit_timestamps); !taken)
        return std::unexpected(std::move(taken.error()));
    auto from = load_checkpoint(context, *session);
    if (!from) return std::unexpected(std::move(from.error()));
    auto decisions =
        decision_store(context.store.meta_database(), context.task.name).load(*session);
    if (!decisions) return std::unexpected(std::move(decisions.error()));
    auto share = share_of(context, *session);
    if (!share) return std::unexpected(std::move(share.error()));
    auto reader = context.relay.open_reader(from->applied);
    if (!reader) {
        // After a power failure the target may be ahead of the log; the source is asked for the
        // rest.
        const bool comes_later = reader.error().code == relay::errc::position_not_held &&
                                 context.relay.end().binlog < from->applied.binlog;
        if (comes_later)
            return fail(errc::transient, "the relay log has not come to " +
                                             from->applied.binlog.to_string() +
                                             " yet, where the target is");
        return std::unexpected(std::move(reader.error()));
    }
    if (context.bound != nullptr)
        reader = std::make_unique<bounded_reader>(std::move(*reader), *context.bound);

    std::unique_ptr<apply_stream> stream(new apply_stream(context));
    stream->how_ = how;
    stream->session_ = std::move(session);
    definition_recorder& definitions = stream->definitions_;
    auto noted =
        context.was_reloaded
            ? definitions.note_all(*stream->session_, context.copied, from->applied.binlog)
            : definitions.note_missing(*stream->session_, context.copied, from->applied.binlog);
    if (!noted) return std::unexpected(std::move(noted.error()));
    stream->builder_ = std::make_unique<group_builder>(
        std::move(*reader), context.selection, from->applied, from->by_gtid, context.source_version,
        stream->limits_for(how));
    stream->decisions_ = std::move(*decisions);
    stream->share_ = std::move(*share);
    stream->builder_->set_share(stream->share_);
    stream->builder_->set_rules(context.rules);
    stream->builder_->set_decisions(stream->decisions_);
    stream->builder_->set_target_is_mariadb(stream->session_->facts().is_mariadb);
    apply_settings settings;
    settings.epoch = context.epoch;
    settings.group_time_max = context.task.apply.group_time_max;
    settings.how = how;
    settings.ways = std::move(*ways);
    settings.conflicts = &context.conflicts;
    settings.share = &stream->share_;
    settings.stop = &context.stop;
    settings.source_explicit_timestamps = context.source_explicit_timestamps;
    settings.replayed_until = std::max(context.relay.end().binlog, context.source_end);
    stream->rows_ = std::make_unique<group_applier>(*stream->session_, context.store,
                                                    context.selection, context.rules,
                                                    stream->definitions_, settings, from->applied);
    stream->recorder_ = std::make_unique<group_recorder>(*stream->rows_);
    stream->statements_executor_ = std::make_unique<statement_executor>(
        *stream->session_, context.store, context.rules, stream->definitions_, context.epoch,
        context.source_version, context.hook);
    stream->statements_executor_->set_source_explicit_timestamps(
        context.source_explicit_timestamps);
    stream->statements_executor_->set_task_name(context.task.name);
    stream->statements_executor_->set_decisions(stream->decisions_);
    stream->statements_executor_->set_share(stream->share_, context.selection);
    if (context.only == nullptr) {
        stream->statements_executor_->set_alter_aside_bytes(context.task.apply.alter_aside_bytes);
    }
    return stream;
}

group_limits apply_stream::limits_for(caution how) const {
    group_limits limits;
    limits.bytes_max = std::max<std::uint64_t>(context_.task.apply.group_bytes_max / shares_, 1);
    limits.rows_max = std::max<std::uint64_t>(context_.task.apply.group_rows_max / shares_, 1);
    if (how != caution::none) limits.transactions_max = 1;
    // Merged rows are written when the group is complete: it locks them for about the time that it
    // may.
    constexpr std::uint64_t smallest = 1U << 20U;
    if (rows_ != nullptr) {
        const std::uint64_t in_time = rows_->bytes_in(context_.task.apply.group_time_max);
        limits.bytes_max = std::min(limits.bytes_max, std::max(smallest, in_time));
    }
    return limits;
}

bool apply_stream::has_little_to_read() const {
    const auto unread = builder_->unread();
    return unread && *unread <= small_group_bytes;
}

void apply_stream::set_caution(caution how) {
    how_ = how;
    rows_->set_caution(how);
}

result<std::optional<group>> apply_stream::read() {
    builder_->set_limits(limits_for(how_));
    return builder_->next();
}

apply_stream::unit apply_stream::record(group work, std::uint64_t committed) {
    unit out;
    auto recorded = recorder_->record(work, committed);
    if (recorded && *recorded) {
        out.for_lane = std::move(*recorded);
    } else {
        // What is wrong is said when it is executed alone, behind all that comes before it.
        out.alone = std::move(work);
    }
    return out;
}

result<void> apply_stream::write(const group& work) {
    if (work.statement) return write_statement(*work.statement, *work.format);
    return rows_->apply(work);
}

result<void> apply_stream::write_statement(const source_statement& statement,
                                           const protocol::format_description& format) {
    // The journal begins where the checkpoint stands.
    if (auto saved = rows_->save_position(); !saved) return saved;
    state::source_position after = rows_->committed();
    after.binlog = {*statement.transaction.file, statement.transaction.end_offset};
    if (!statement.transaction.id.empty()) after.executed.add(statement.transaction.id);
    statements_executor_->set_committed(rows_->committed().binlog);
    auto outcome = statements_executor_->execute(statement, format, after);
    if (!outcome) return std::unexpected(std::move(outcome.error()));
    rows_->forget_definitions();
    ++statements_;
    if (*outcome == statement_executor::outcome::rows_follow) {
        rows_->set_commit_companion(statements_executor_->closing_sql());
    } else {
        rows_->set_position(std::move(after));
    }
    return {};
}

std::unique_ptr<target_session> apply_stream::release_session() {
    auto session = std::move(session_);
    // Whatever is open is rolled back; a session that cannot even do that is dropped. What an
    // outstanding statement answers does not matter any more.
    if (session->awaits_answer()) std::ignore = session->receive();
    if (session->broken() || !session->execute("ROLLBACK")) return nullptr;
    return session;
}

} // namespace understudy::applier
