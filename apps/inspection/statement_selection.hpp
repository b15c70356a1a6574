#pragma once

#include "protocol/result.hpp"
#include "relay/inspection/change.hpp"
#include "state/object_selection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace understudy::apps {

// Which logged statements touch the tables that were asked for, by the names in them, as the
// applier reads them. A statement that is not understood counts as touching: it is shown rather
// than hidden. One thread.
class statement_selection {
public:
    // patterns as in a task file's include; empty: everything.
    [[nodiscard]] static protocol::result<statement_selection>
    make(const std::vector<std::string>& patterns, bool ignore_case);

    [[nodiscard]] std::optional<relay::inspection::statement_kind>
    operator()(const protocol::query_event& query) const;

private:
    statement_selection(state::object_selection tables, bool everything)
        : tables_(std::move(tables)), everything_(everything) {}

    state::object_selection tables_;
    bool everything_;
};

} // namespace understudy::apps
