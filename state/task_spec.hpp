#pragma once

#include "protocol/session/connect_options.hpp"
#include "state/definer_policy.hpp"
#include "state/position.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace understudy::state {

// One task, as its TOML file describes it, checked and with defaults filled in. A plain value.
// docs/configuration.md lists every key; state/task_file reads it.
struct task_spec {
    // With a table that is renamed into or out of what is selected.
    enum class rename_policy : std::uint8_t { stop, backfill, follow };
    // With a statement that alters a table of objects.merge: stop, or execute it once for all that
    // it is merged of.
    enum class merged_ddl_policy : std::uint8_t { stop, once };
    // With gh-ost and pt-online-schema-change: the tables that they make beside the one they change
    // are followed, or the change is applied to it as one ALTER.
    enum class schema_change_policy : std::uint8_t { shadow, alter };
    enum class existing_tables : std::uint8_t { intercept, ignore, adopt };
    // With a table that is kept and defined otherwise than on the source.
    enum class differing_tables : std::uint8_t { stop, common_columns, set_aside };
    enum class writer : std::uint8_t { automatic, row_image, sql };
    // With a row that is not on the target as the source had it.
    enum class conflict_action : std::uint8_t { stop, overwrite, ignore, quarantine };
    // Of a table that rows are written to as SQL.
    enum class trigger_policy : std::uint8_t { refuse, guarded };

    std::string name; // [A-Za-z0-9_-]{1,64}: names the checkpoint row and the data directory
    protocol::connect_options source;
    // The source and the servers that may take its place, `source` first; empty where it is one.
    std::vector<protocol::server_address> source_hosts;
    bool semi_sync = false; // the source's commits may wait until the relay holds them
    protocol::connect_options target;

    // A column that the target's table has and the source's has not, with one value for all rows.
    struct added_column {
        std::string name;
        std::optional<std::int64_t> number; // nothing: a text
        std::string text;
        bool operator==(const added_column&) const = default;
    };
    // One entry of objects.tables: what becomes of rows of the tables that the pattern takes.
    struct table_rules {
        std::string pattern; // as in objects.include
        std::string where;   // empty: all rows
        std::vector<std::string> drop_columns;
        std::vector<std::pair<std::string, std::string>> rename_columns;
        std::vector<added_column> add_columns;
        std::vector<std::string> skip; // "insert", "update", "delete"
    };

    struct {
        std::vector<std::string> include; // "db.*", "db.table", "db", globs in both parts
        std::vector<std::string> exclude;
        std::vector<std::pair<std::string, std::string>>
            rename; // "db.table" = "db2.table2" or "db" = "db2", in file order
        definer_policy definers;
        std::vector<std::string> accounts; // "app@%", "*": account_selection
        std::vector<std::string> skip;     // kinds of statements that are left out
        rename_policy on_rename = rename_policy::stop;
        schema_change_policy online_schema_changes = schema_change_policy::shadow;
        // Tables of the target with rows of several tables: of this task, or of others too.
        std::vector<std::string> merge;
        merged_ddl_policy merged_ddl = merged_ddl_policy::stop;
        std::vector<table_rules> tables; // in file order
    } objects;

    struct {
        bool schema = true;
        bool data = true;
        std::uint32_t connections = 4; // source sessions that read chunks at the same time
        std::uint64_t chunk_bytes = 8U << 20U;
        std::uint64_t late_keys_rows = 50'000; // tables from this size on get keys behind the rows
        bool binlog = true;                    // copied rows go to the target's binary log
        // Limits of reading from the source; 0: none.
        std::uint64_t rows_per_second_max = 0;
        std::uint64_t bytes_per_second_max = 0;
        std::uint32_t threads_running_max = 0; // pause while source or target is busier
        // Pause while one of these replicas of the target is further behind; 0: none is asked.
        std::chrono::milliseconds replica_lag_max{0};
        std::vector<protocol::server_address> replicas;
    } initial;

    struct {
        existing_tables policy = existing_tables::intercept;
        differing_tables differing = differing_tables::stop;
    } conflict;

    std::vector<std::string> waived; // ids of precheck items that need not pass

    // What is on the target is taken as it is.
    [[nodiscard]] bool adopts() const { return conflict.policy == existing_tables::adopt; }
    // Where what is on the target stands in the source's log, with existing_tables::adopt: a set of
    // GTIDs, or a file and an offset. Nothing: where the source is at the first start.
    std::optional<source_position> adopted;

    struct {
        writer how = writer::automatic;
        trigger_policy triggers = trigger_policy::refuse;
        conflict_action on_conflict = conflict_action::stop; // of tables in none of these lists
        struct {
            std::vector<std::string> stop; // "db.table", "db.*", as in objects.include
            std::vector<std::string> overwrite;
            std::vector<std::string> ignore;
            std::vector<std::string> quarantine;
        } conflicts;
        struct { // 0: no limit
            std::uint64_t rows_per_second = 0;
            std::uint64_t bytes_per_second = 0;
            std::uint32_t threads_running_max = 0;
            std::chrono::milliseconds replica_lag_max{0};
            std::vector<protocol::server_address> replicas; // of the target
        } throttle;
        // Groups that execute side by side on the target; 0: chosen by the machine and the target.
        std::uint32_t workers = 0;
        std::uint64_t group_bytes_max = 16U << 20U; // of source events in one target transaction
        std::uint64_t group_rows_max = 100'000;
        std::chrono::milliseconds group_time_max{1'000};
        // Tables of the target that are larger are set aside while they are altered; 0: none.
        std::uint64_t alter_aside_bytes = 1U << 30U;
        std::string meta_database =
            "understudy"; // on the target: checkpoint, journal, copy progress
    } apply;

    struct {
        // Tasks of one process that name the same have one dump connection and one relay log
        // together; empty: the task has its own.
        std::string share;
        std::uint64_t bytes_max =
            0; // 0: no limit; retention never deletes what the applier still needs
        std::chrono::seconds age_max{std::chrono::hours{24}};
        std::uint64_t segment_bytes = 64U << 20U;
        std::uint32_t frame_bytes = 1U << 20U;
        std::uint64_t memory_bytes = 24U << 20U; // recent frames kept for live readers
        int zstd_level = 1;
        std::chrono::milliseconds sync_interval{1'000};
        std::uint64_t disk_reserve_bytes = 64U << 20U; // the receiver pauses when less is free
        std::uint64_t key_index_bytes = 2U << 20U; // of filters for keys in one segment; 0: none
        struct {
            std::filesystem::path key_file; // absolute
            std::string key_env;            // neither: the log is not encrypted
        } encryption;
    } relay;

    struct {
        std::uint32_t server_id = 0; // 0: chosen by us and kept in the data directory
        std::chrono::milliseconds heartbeat_period{5'000};
    } replica;
};

} // namespace understudy::state
