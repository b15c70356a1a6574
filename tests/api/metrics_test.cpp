#include "api/metrics.hpp"
#include "tests/api/fake_service.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace understudy::api {

using testing::HasSubstr;

namespace {

std::string sample() {
    auto task = test::fake_service::some_task("shop");
    task.status.lag = std::chrono::milliseconds(1'500);
    task.status.applied_transactions = 30;
    task.status.applied_groups = 10;
    task.status.applied_updates = 70;
    task.source = "odd\"na\\me\n";
    const std::vector<task_view> tasks{task};
    return metrics_text(tasks, {.resident_bytes = 1024, .descriptors = 7}, {.requests = 3}, "1.2");
}

std::string read(const std::string& path) {
    std::ifstream file(std::string(UNDERSTUDY_SOURCE_DIR) + "/" + path);
    EXPECT_TRUE(file.good()) << path;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST(metrics, say_what_a_task_does) {
    const std::string text = sample();
    EXPECT_THAT(text, HasSubstr("understudy_task_lag_seconds{task=\"shop\"} 1.5\n"));
    EXPECT_THAT(text,
                HasSubstr("understudy_task_state{task=\"shop\",state=\"synchronizing\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_state{task=\"shop\",state=\"paused\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_applied_log_number{task=\"shop\"} 42\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_applied_log_offset_bytes{task=\"shop\"} 4711\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_group_transactions{task=\"shop\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_applied_row_changes_total{task=\"shop\",kind="
                                "\"update\"} 70\n"));
    EXPECT_THAT(text, HasSubstr("understudy_task_copy_rows{task=\"shop\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("source=\"odd\\\"na\\\\me\\n\""));
    EXPECT_THAT(text, HasSubstr("process_open_fds 7\n"));
    EXPECT_THAT(text, HasSubstr("understudy_http_requests_total 3\n"));
}

// https://prometheus.io/docs/instrumenting/exposition_formats/ and …/practices/naming/
TEST(metrics, follow_the_conventions_of_prometheus) {
    std::istringstream lines(sample());
    const std::regex value(
        R"(([a-z_]+)(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [-+0-9.e]+)");
    std::string type_of;
    std::set<std::string> families;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) continue;
        std::smatch parts;
        if (line.starts_with("# TYPE ")) {
            std::istringstream words(line.substr(7));
            std::string kind;
            words >> type_of >> kind;
            EXPECT_TRUE(families.insert(type_of).second) << type_of << " twice";
            EXPECT_EQ(kind == "counter", type_of.ends_with("_total")) << type_of;
            continue;
        }
        ASSERT_TRUE(std::regex_match(line, parts, value)) << line;
        EXPECT_EQ(parts[1], type_of);
    }
    const auto names = metric_names();
    EXPECT_EQ(families, std::set<std::string>(names.begin(), names.end()));
}

TEST(metrics, exist_that_the_dashboard_and_the_alerts_name) {
    const auto names = metric_names();
    const std::set<std::string> known(names.begin(), names.end());
    for (const char* file : {"docs/monitoring/dashboard.json", "docs/monitoring/alerts.yml"}) {
        const std::string text = read(file);
        const std::regex name("(understudy|process)_[a-z_]+[a-z]");
        std::size_t found = 0;
        for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
            ++found;
            EXPECT_TRUE(known.contains(at->str())) << file << " names " << at->str();
        }
        EXPECT_GT(found, 5U) << file;
    }
    boost::system::error_code failure;
    std::ignore = boost::json::parse(read("docs/monitoring/dashboard.json"), failure);
    EXPECT_FALSE(failure);
}

} // namespace understudy::api
