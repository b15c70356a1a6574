#pragma once

#include "applier/target_table.hpp"
#include "precheck/grants.hpp"
#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::precheck {

// Global variables as SHOW GLOBAL VARIABLES prints them; a server without one leaves it out.
using variables = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] std::string variable(const variables& all, std::string_view name);
[[nodiscard]] std::uint64_t number(const variables& all, std::string_view name);
[[nodiscard]] bool is_on(const variables& all, std::string_view name); // ON, 1

// Nothing where the text does not begin with a number.
[[nodiscard]] std::optional<std::uint64_t> to_number(std::string_view text);
[[nodiscard]] std::string lower_case(std::string text); // of ASCII

// How long a binary log is kept; 0: until somebody purges it.
[[nodiscard]] std::uint64_t seconds_kept(const variables& settings);

// A question that a server did not answer.
struct unanswered {
    std::string sql;
    std::string what;
    bool denied = false; // for want of a privilege
};

// True for the server's error numbers that say "you may not".
[[nodiscard]] bool is_denied(std::uint16_t server_error);

// A column as information_schema has it, in what two versions of a server say alike.
struct column_fact {
    std::string name;
    std::string type; // comparable_type(), with its character set
};
[[nodiscard]] std::string comparable_type(std::string type);
// Name, and type with its character set, of each column in order.
[[nodiscard]] std::string columns_question(const state::object_name& table);

// Tasks that write to a server; of a server without the tables it is an error. `but`: not this one.
// Whether their meta database has applier::upstream_store, and what is in it.
[[nodiscard]] std::string upstream_table_question(std::string_view meta_database);
[[nodiscard]] std::string upstream_question(std::string_view meta_database);
[[nodiscard]] std::string residents_question(std::string_view meta_database, std::string_view but);
// Whether they are there, and shown to the account: two rows.
[[nodiscard]] std::string meta_tables_question(std::string_view meta_database);

// A selected table or view of the source.
struct table_fact {
    state::object_name name;
    state::object_name on_target;
    std::string engine; // empty for views
    bool is_view = false;
    bool has_key = false;                      // primary, or unique without NULLs
    bool cascades = false;                     // a foreign key from or to it changes rows by itself
    std::vector<state::object_name> parents{}; // that its foreign keys refer to
    std::string not_in_mysql{};                // MariaDB: what it has that no MySQL table can have
    std::vector<column_fact> columns{};        // only asked for when the target's table is adopted
    // Only asked for where the columns that both sides have are enough.
    std::optional<applier::target_table> definition{};
    std::string shape_misfit{}; // why it cannot take what objects.tables makes of it; empty: it can
};

// Tables that are on the target before the task begins are written as they are.
[[nodiscard]] bool keeps_definitions(const state::task_spec& spec);
// Of these, ones that are defined otherwise take the columns that both have.
[[nodiscard]] bool takes_common_columns(const state::task_spec& spec);
// They, or tables that are merged, have to have the source's columns.
[[nodiscard]] bool compares_columns(const state::task_spec& spec);

// A view, routine, trigger or event that is copied, and whose right it runs with.
struct definer_fact {
    std::string kind; // "view", "procedure", "function", "trigger", "event"
    state::object_name name;
    std::string definer; // user@host
};

// A task that writes to a server, as its rows in the meta database there say.
struct resident_task {
    std::string name;
    std::string source_uuid;
    std::string objects; // state::objects_text
    // Of the source's: applier/upstream_store.hpp.
    std::set<std::string> upstream{};
};

// Something in a definition that not every target knows.
struct feature_fact {
    enum class kind : std::uint8_t { vector, srid, invisible, expression, not_enforced };
    kind what = kind::vector;
    state::object_name table;
    std::string part; // of a column, an index, a constraint: its name
};

// What both sides say of themselves.
struct server_seen {
    std::string version;
    std::uint32_t version_number = 0;
    bool is_mariadb = false;
    std::string tls_version; // empty: not encrypted
    std::string account;     // user@host, as CURRENT_USER() says
    std::string server_uuid;
    variables settings;
    std::optional<grants> granted;
    std::vector<unanswered> questions;
    std::vector<resident_task> tasks{};         // but for this one, as far as they are to be seen
    std::optional<std::uint64_t> connections{}; // open now
    std::optional<std::int64_t> clock_offset{}; // seconds that its clock is ahead of ours
    std::optional<std::int64_t> certificate_days{}; // until it expires; below 0: it has
};

// Seconds that a server's clock is ahead of ours, from its answer to protocol::clock_question.
[[nodiscard]] std::optional<std::int64_t> clock_offset(std::string_view answer);
// What it answers: a name, and when the certificate of the session's server expires.
inline constexpr std::string_view certificate_question =
    "SHOW SESSION STATUS LIKE 'Ssl_server_not_after'";
[[nodiscard]] std::optional<std::int64_t> certificate_days(const std::string& answer);
// "Nov 25 18:28:54 2036 GMT", as the status variable Ssl_server_not_after has it. Negative: past.
[[nodiscard]] std::optional<std::int64_t> days_until(const std::string& tls_time,
                                                     std::chrono::sys_seconds now);
// utf8mb3_general_ci and utf8_general_ci are one.
[[nodiscard]] std::string comparable_collation(std::string name);

struct source_seen {
    server_seen server;
    std::uint32_t server_id = 0;
    protocol::gtid_set executed;
    protocol::gtid_set purged;
    bool gtid_mode_on = false;
    struct log_file {
        std::string name;
        std::uint64_t size = 0;
    };
    std::optional<std::vector<log_file>> log_files;
    std::vector<std::string> logged_databases;   // binlog-do-db
    std::vector<std::string> unlogged_databases; // binlog-ignore-db
    struct replica {
        std::uint32_t server_id = 0;
        std::string uuid;
        std::string host;
    };
    std::vector<replica> replicas;
    std::vector<std::string> databases;         // touched by the selection
    std::vector<table_fact> tables;             // selected
    std::vector<definer_fact> definers;         // of what is selected
    std::vector<std::string> unmatched;         // include patterns that fit nothing
    bool is_replica = false;                    // of some other server
    bool replica_applies = true;                // and what it received is executed
    std::optional<std::uint64_t> replica_lag{}; // seconds
    // How many sessions log otherwise than the global settings want: "binlog_format = MIXED" and
    // the like. Nothing: not to be seen.
    std::optional<std::map<std::string, std::uint64_t>> odd_sessions{};
    std::optional<std::uint64_t> prepared_transactions{}; // of XA
    std::optional<std::uint64_t> oldest_transaction{}; // seconds; nothing: none, or not to be seen
    std::map<std::string, std::string> collations{};   // with a column that has each
    std::vector<feature_fact> features{};              // of selected tables
    // What objects.accounts selects; and what these may do, as statements for the target, or why
    // such a statement cannot be made.
    std::vector<state::account_name> accounts{};
    std::vector<std::string> account_grants{};
    std::vector<std::string> account_troubles{};
    // Views that are selected, with each table of theirs that the account is shown.
    std::vector<std::pair<state::object_name, state::object_name>> view_tables{};
};

// Row changes that a foreign key makes are in the source's log (MySQL 9.6 and later, unless
// innodb_native_foreign_keys is on). Where they are not, such tables are copied in one snapshot.
[[nodiscard]] bool logs_cascades(const source_seen& source);
// The copy of this table has to begin with a short LOCK TABLES … READ.
[[nodiscard]] bool is_locked_for_copy(const source_seen& source, const table_fact& table);

struct target_seen {
    server_seen server;
    bool read_only = false;
    std::vector<state::object_name> existing; // tables and views with a mapped name
    std::vector<state::object_name> filled;   // those of them with at least one row
    std::map<state::object_name, std::vector<column_fact>> columns{};  // as in table_fact
    std::map<state::object_name, applier::target_table> definitions{}; // as in table_fact
    std::set<std::string> collations{};                                // comparable_collation()
    bool knows_time_zones = true;
    std::vector<std::string> engines; // that can be used, lower case
    // Of tables that are there and have a mapped name.
    struct trigger {
        std::string name;
        state::object_name table;
        bool guarded = false; // depends on @understudy_applying
    };
    std::vector<trigger> triggers{};
    struct child {
        state::object_name table; // any table, selected or not
        state::object_name parent;
    };
    std::vector<child> children{};            // whose foreign keys refer to one of existing
    std::vector<state::object_name> events{}; // ENABLED, in databases that are written
    std::optional<std::uint64_t> threads_running{};
    std::optional<std::uint64_t> history_length{}; // of InnoDB's undo log
    // user@host of accounts with SYSTEM_USER, where this account may look.
    std::optional<std::vector<std::string>> system_users;
    std::vector<state::account_name> accounts{}; // of the source's, those that are there already
};

} // namespace understudy::precheck
