#pragma once

#include "applier/target_table.hpp"
#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "state/column_fit.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace understudy::snapshot {

// Tables that were on the target before, are kept and are defined otherwise, where the task wants
// something else than to stop at them (conflict.differing_tables): the columns that both sides
// have, or all others without them. One object for one comparison of all tables; used by
// schema_copy, on the copier's executor.
class kept_copy {
public:
    kept_copy(copy_context& context, protocol::net::connection& source, target_worker& worker)
        : context_(&context), source_(&source), worker_(&worker) {}

    // It is one of these: it differs, or did when its first rows were copied.
    [[nodiscard]] bool takes(const source_table& table, bool differs) const;
    // What becomes of it. Why nothing can, for the operator; empty: the copy can go on.
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
    judge(const source_table& table, std::string difference);
    // It was there before, with the same columns, and nothing was copied yet.
    [[nodiscard]] bool keeps(const source_table& table) const;
    // Why its rows cannot be copied beside those of the target; empty: they can.
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
    look_at_keys(const source_table& table);
    // All can: that is noted on the target and told. The copy's selection has the fits from here
    // on, and its catalog no longer has what is set aside.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> settle();

private:
    [[nodiscard]] bool wants(state::task_spec::differing_tables what) const {
        return context_->task->conflict.differing == what;
    }
    struct both_sides {
        applier::target_table source;
        std::optional<applier::target_table> target;
    };
    [[nodiscard]] boost::asio::awaitable<protocol::result<both_sides>>
    read_both(const source_table& table);
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
    fit(const source_table& table);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> settle_fits();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> check_names_are_logged();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> set_aside();
    [[nodiscard]] protocol::result<void> note_aside(applier::target_session& target,
                                                    const std::set<state::object_name>& tables,
                                                    const std::string& why) const;

    copy_context* context_;
    protocol::net::connection* source_;
    target_worker* worker_;
    std::map<state::object_name, state::column_fit> fits_;
    std::map<state::object_name, std::string> aside_; // with the difference
};

} // namespace understudy::snapshot
