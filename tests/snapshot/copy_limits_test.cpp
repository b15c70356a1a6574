// What the task file says of the pause while replicas of the target lag (initial.replica_lag_max).

#include "state/task_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace understudy::snapshot {
namespace {

using namespace std::chrono_literals;

protocol::result<state::task_file> read(const std::string& rest) {
    return state::read_task_text(R"([source]
host = "db1"
user = "u"
password = ""
[target]
host = "db2"
port = 3307
user = "u"
password = ""
[objects]
include = ["shop.*"]
)" + rest,
                                 "/tasks/shop.toml");
}

std::string addresses(const std::vector<protocol::server_address>& list) {
    std::string text;
    for (const auto& one : list)
        text += one.host + ":" + std::to_string(one.port) + " ";
    return text;
}

TEST(copy_limits, know_the_replicas_of_the_target) {
    const std::string throttle =
        "[apply.throttle]\nreplica_lag_max = \"1m\"\nreplicas = [\"db4:4000\"]\n";
    struct expectation {
        std::string rest;
        std::chrono::milliseconds lag;
        std::string replicas;
    };
    const std::vector<expectation> cases = {
        {"", 0ms, ""},
        {throttle, 0ms, ""},
        {"[initial]\nreplica_lag_max = \"5s\"\nreplicas = [\"db3\"]\n", 5s, "db3:3307 "},
        {"[initial]\nreplica_lag_max = \"500ms\"\n" + throttle, 500ms, "db4:4000 "},
        {"[initial]\nreplica_lag_max = \"5s\"\nreplicas = [\"db3\"]\n" + throttle, 5s, "db3:3307 "},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.rest);
        const auto file = read(one.rest);
        ASSERT_TRUE(file) << file.error().what;
        EXPECT_EQ(file->spec.initial.replica_lag_max, one.lag);
        EXPECT_EQ(addresses(file->spec.initial.replicas), one.replicas);
    }
}

TEST(copy_limits, refuse_what_means_nothing) {
    const std::string together =
        "shop.toml:12:1: initial.replicas: replica_lag_max and replicas go together";
    for (const auto& [rest, complaint] : std::vector<std::pair<std::string, std::string>>{
             {"[initial]\nreplica_lag_max = \"5s\"\n", together},
             {"[initial]\nreplicas = [\"db3\"]\n", "initial.replicas: replica_lag_max and"},
             {"[initial]\nreplica_lag_max = \"2d\"\nreplicas = [\"db3\"]\n",
              "initial.replica_lag_max"},
             {"[initial]\nreplica_lag_max = \"5s\"\nreplicas = [\"db3\", \":1\"]\n",
              "initial.replicas: found \":1\""}}) {
        SCOPED_TRACE(rest);
        const auto file = read(rest);
        ASSERT_FALSE(file);
        EXPECT_NE(file.error().what.find(complaint), std::string::npos) << file.error().what;
    }
}

} // namespace
} // namespace understudy::snapshot
