// TLS with verify-identity to both sides, and its refusals.

#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

pair_options verified() {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.source.tls = true;
    options.target.tls = true;
    options.source_tls_mode = "verify-identity";
    options.target_tls_mode = "verify-identity";
    return options;
}

// Starts the server anew with another certificate.
void use_certificate(live_server& server, const certificate_files& files) {
    server.restart({"--ssl-cert=" + files.certificate.string(), "--ssl-key=" + files.key.string()});
}

TEST(tls, verifies_both_sides_and_replicates) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, verified());
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT "
                           "INTO shop.t VALUES (1)");
    pair.source_sql().exec("ALTER USER repl REQUIRE SSL");
    pair.target_sql().exec("ALTER USER apply REQUIRE SSL");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.source_sql().exec("INSERT INTO shop.t VALUES (2)");
    const auto second = pair.run_task();
    ASSERT_EQ(second.status.code, 0) << second.error << second.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

struct refusal {
    std::string name;
    bool on_source;
    certificate_request request;
    bool foreign_authority = false;
    std::string expected;
};

class tls_refusal : public testing::TestWithParam<refusal> {};

TEST_P(tls_refusal, names_the_side_and_the_reason) {
    const auto& refused = GetParam();
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, verified());
    auto& server = refused.on_source ? pair.source() : pair.target();
    scratch_directory elsewhere("foreign_authority");
    certificate_authority foreign(elsewhere.path() / "ca");
    use_certificate(server, refused.foreign_authority ? foreign.issue(refused.request)
                                                      : server.authority().issue(refused.request));
    const auto run = pair.run_task({"--until", "caught-up"}, 60s);
    EXPECT_EQ(run.status.code, 1);
    const auto said = run.error + run.output;
    EXPECT_THAT(said, HasSubstr(refused.on_source ? "source" : "target"));
    EXPECT_THAT(said, HasSubstr(refused.expected));
    EXPECT_EQ(
        pair.target_sql().scalar(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'understudy'"),
        "0");
}

std::vector<refusal> refusals() {
    std::vector<refusal> all;
    for (const bool on_source : {true, false}) {
        const std::string side = on_source ? "source" : "target";
        all.push_back({side + "_wrong_authority",
                       on_source,
                       {.names = {"localhost"}, .addresses = {"127.0.0.1"}},
                       true,
                       "certificate"});
        all.push_back({side + "_wrong_name",
                       on_source,
                       {.names = {"db.example"}, .addresses = {"127.0.0.9"}},
                       false,
                       "certificate"});
        all.push_back({side + "_expired",
                       on_source,
                       {.names = {"localhost"}, .addresses = {"127.0.0.1"}, .valid_until = -1h},
                       false,
                       "expired"});
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(of, tls_refusal, testing::ValuesIn(refusals()),
                         [](const auto& param) { return param.param.name; });

} // namespace
} // namespace understudy::test
