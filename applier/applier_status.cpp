#include "applier/applier_impl.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace understudy::applier {

namespace {

void note_choice(state::status& status, const table_choice& choice) {
    constexpr std::size_t shown_max = 1'000;
    const std::string name = choice.table.database + "." + choice.table.object;
    if (choice.why_sql.empty()) {
        status.sql_tables.erase(name);
    } else if (status.sql_tables.size() < shown_max) {
        status.sql_tables[name] = choice.why_sql;
    }
}

// From the commit on the source to one on the target that was a moment ago.
std::chrono::milliseconds delay_of(const state::status& status,
                                   std::chrono::system_clock::time_point source_time) {
    const auto ahead =
        status.source_clock ? status.source_clock->ahead : std::chrono::microseconds{0};
    const auto behind = std::chrono::system_clock::now() - (source_time - ahead);
    return std::max(std::chrono::milliseconds{0},
                    std::chrono::duration_cast<std::chrono::milliseconds>(behind));
}

} // namespace

void applier::impl::note_oldest(clock_of_source::time_point committed) {
    board_.update([committed](state::status& status) { status.oldest_missing = committed; });
}

void applier::impl::publish(bool is_drained) {
    const state::source_position& position = stream_->committed();
    bool moved = false;
    bool opens = false;
    {
        const std::lock_guard lock(applied_mutex_);
        moved = applied_ != position;
        if (moved) applied_ = position;
        opens = !std::exchange(opened_, true);
    }
    catch_up_.advance(position.binlog);
    const apply_counts counts = stream_->rows().take_counts();
    const std::uint64_t statements = stream_->take_statement_count();
    const auto source_time = stream_->rows().source_time();
    const auto choices = stream_->rows().take_choices();
    board_.update([&](state::status& status) {
        status.applied = position.binlog;
        if (moved) status.applied_gtids = position.executed.to_string();
        counts.add_rows_to(status);
        status.applied_transactions += counts.transactions + statements;
        status.applied_groups += counts.groups;
        status.applied_ddl += statements;
        for (const table_choice& choice : choices)
            note_choice(status, choice);
        if (counts.groups + statements > 0) status.applier_note.clear();
        if (counts.transactions + statements > 0) status.delay = delay_of(status, source_time);
        if (is_drained) status.applier_note.clear();
        if (is_drained || !throttle_.holds_back()) status.throttled.clear();
    });
    if ((moved || opens) && on_commit_) on_commit_(position);
}

} // namespace understudy::applier
