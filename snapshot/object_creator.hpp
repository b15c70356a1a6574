#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace understudy::snapshot {

// One object to be made on the target, with the session state it was made with on the source.
struct object_definition {
    std::string kind; // table, view, procedure, function, trigger, event
    state::object_name source;
    state::object_name target;
    std::string text; // the CREATE statement, in `client_charset`
    std::string sql_mode;
    std::string client_charset = "utf8mb4";
    std::string collation_connection; // empty: the default of client_charset
    std::string database_collation;   // routines, triggers, events: what the database had then
    std::string time_zone;            // events
    std::string timestamp{};          // events: seconds, from before all times that the text has
    // Of a table: a second statement that brings it into the shape of objects.tables, and by what
    // columns it is seen that this has not been done yet.
    std::string reshape{};
    std::vector<std::string> columns_before{};
    // Why the text may be wrong: it is executed only where this is empty.
    std::string doubt{};
    // Of a table that is merged: another task, or another table of this one, may have made it.
    bool is_shared = false;
};

// Removes the bits that a newer server refuses (NO_AUTO_CREATE_USER and other servers' modes).
[[nodiscard]] std::string mask_sql_mode(std::string_view modes, std::uint32_t target_version,
                                        bool target_is_mariadb);

// Makes objects on the target, once each: the progress row says `creating` before the statement,
// `created` behind it; what an earlier run made is left as it is. One at a time, from the executor.
class object_creator {
public:
    explicit object_creator(copy_context& context);

    // An object of that name that is not ours: kept with conflict.existing_tables = "ignore",
    // refused otherwise.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> create(object_definition object);
    [[nodiscard]] bool is_done(const std::string& kind, const state::object_name& source) const;
    [[nodiscard]] target_worker& worker() { return worker_; }

private:
    copy_context* context_;
    target_worker worker_;
};

} // namespace understudy::snapshot
