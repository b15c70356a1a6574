#pragma once

#include "applier/applier.hpp"
#include "relay/log.hpp"
#include "relay/receiver.hpp"
#include "state/object_selection.hpp"
#include "state/status_board.hpp"
#include "tests/support/comparison.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/scratch_directory.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A source and a target with receiver, relay and applier between them in this process, without the
// initial copy: what tests of the applier alone start from.
//
//   applier_rig rig;
//   rig.source().exec("CREATE DATABASE t; …");   // before the position
//   rig.begin();                                 // the stream begins here
//   rig.source().exec("INSERT …");
//   EXPECT_EQ(rig.catch_up(), "");
//   EXPECT_THAT(rig.differences(), IsEmpty());
namespace understudy::test {

struct rig_options {
    bool source_gtid = true;
    bool target_gtid = true;
    server_kind source_kind = server_kind::mysql_97;
    std::vector<std::string> source_args{};
    std::vector<std::string> target_args{};
    std::vector<std::string> include{"t.*"};
    std::vector<std::pair<std::string, std::string>> rename{};
    std::string target_privileges = "ALL ON *.*";
    std::uint64_t group_bytes_max = 16U << 20U;
    state::task_spec::writer writer = state::task_spec::writer::automatic;
    state::task_spec::trigger_policy triggers = state::task_spec::trigger_policy::refuse;
    std::function<void(state::task_spec&)> adjust{}; // anything else of the task
};

class applier_rig {
public:
    explicit applier_rig(rig_options options = {});
    ~applier_rig();

    [[nodiscard]] sql_client& source() { return *source_sql_; }
    [[nodiscard]] sql_client& target() { return *target_sql_; }
    [[nodiscard]] live_server& source_server() { return servers_[0]; }
    [[nodiscard]] live_server& target_server() { return servers_[1]; }
    [[nodiscard]] relay::log& relay() { return *relay_; } // after begin()
    void reconnect(); // the two clients, after a server was restarted

    // Both sides.
    void exec_both(std::string_view sql);
    // Makes the checkpoint at the source's position of now.
    void begin();
    // What the initial copy would have left: up to the source's position of now changes overwrite.
    void end_copy(std::set<state::object_name> copied,
                  std::map<state::object_name, state::source_position> start_after = {});
    [[nodiscard]] state::source_position source_position();

    // Runs receiver and applier until all that the source has executed now is committed on the
    // target. "" or the error that stopped the applier. An exception of the hook comes out.
    [[nodiscard]] std::string catch_up(std::chrono::seconds timeout = std::chrono::seconds(60));
    // To the target, as the task's account.
    [[nodiscard]] std::unique_ptr<applier::target_session> connect();
    // What an operator wants of a table of the source (understudy quarantine, resume --table).
    void set_aside(const state::object_name& table);
    void resume(const state::object_name& table);
    // Between the steps of a statement.
    std::function<void(std::string_view)> on_step;
    // Called from time to time while catch_up() runs.
    std::function<void()> meanwhile;

    [[nodiscard]] std::vector<std::string> differences(const comparison_options& what = {});
    [[nodiscard]] state::status status() const { return board_.read(); }
    [[nodiscard]] const std::string& meta_database() const { return spec_.apply.meta_database; }

private:
    struct run_state;
    void make_accounts();

    rig_options options_;
    scratch_directory directory_;
    std::vector<live_server> servers_;
    std::optional<sql_client> source_sql_;
    std::optional<sql_client> target_sql_;
    state::task_spec spec_;
    std::optional<state::object_selection> selection_;
    state::status_board board_;
    std::unique_ptr<relay::log> relay_;
    std::set<state::object_name> copied_;
    std::map<state::object_name, state::source_position> start_after_;
    protocol::binlog_position copy_end_{"", 4};
};

} // namespace understudy::test
