// The daemon: tasks by the command line and by HTTP, its end and its crashes, many tasks at once.

#include "tests/live/serving_daemon.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class serve : public testing::Test {
protected:
    serve() : pair(server_kind::mysql_97, server_kind::mysql_97, shop()) {
        pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, "
                               "name VARCHAR(30)); INSERT INTO shop.t VALUES (1, 'one')");
    }
    static pair_options shop() {
        pair_options options;
        options.objects.include = {"shop.*"};
        return options;
    }
    std::string rows() { return pair.target_sql().scalar("SELECT COUNT(*) FROM shop.t"); }

    source_and_target pair;
};

TEST_F(serve, runs_a_task_through_its_life_by_the_command_line) {
    serving_daemon it(pair.data_dir());
    const auto started = it.run({"start", pair.task_file()});
    ASSERT_EQ(started.status.code, 0) << started.error << file_text(it.output());
    ASSERT_TRUE(it.wait_for("test", "synchronizing")) << file_text(it.output());
    EXPECT_EQ(rows(), "1");

    EXPECT_THAT(it.run({"status"}).output, HasSubstr("synchronizing"));
    EXPECT_THAT(it.run({"status", "test"}).output, HasSubstr("streaming"));

    const auto paused = it.run({"pause", "test"});
    EXPECT_EQ(paused.status.code, 0) << paused.error;
    EXPECT_EQ(paused.output, "test is paused\n");
    pair.source_sql().exec("INSERT INTO shop.t VALUES (2, 'two')");

    // Paused stays paused, over a crash too.
    it.kill_9();
    it.start();
    EXPECT_EQ(it.state("test"), "paused");
    EXPECT_EQ(rows(), "1");
    EXPECT_EQ(it.run({"resume", "test"}).status.code, 0);
    ASSERT_TRUE(wait_until([&] { return rows() == "2"; })) << file_text(it.output());
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));

    // What ran goes on after a crash.
    it.kill_9();
    pair.source_sql().exec("INSERT INTO shop.t VALUES (3, 'three')");
    it.start();
    ASSERT_TRUE(wait_until([&] { return rows() == "3"; })) << file_text(it.output());

    const auto wrong = it.run({"remove", "test"});
    EXPECT_EQ(wrong.status.code, 1);
    EXPECT_THAT(wrong.error, HasSubstr("stop it first"));
    EXPECT_EQ(it.run({"stop", "test"}).output, "test is finished\n");
    EXPECT_THAT(pair.compare(), IsEmpty());

    const auto removed = it.run({"remove", "test", "--traces"});
    EXPECT_EQ(removed.status.code, 0) << removed.error;
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.checkpoint"), "0");
    EXPECT_FALSE(fs::exists(pair.data_dir() / "test"));
    EXPECT_EQ(rows(), "3") << "the copied tables stay";
    EXPECT_LT(it.terminate(), 5s);
    EXPECT_THAT(it.run({"pause", "test"}).error, HasSubstr("no daemon runs"));
}

TEST_F(serve, ends_by_itself_at_a_goal_and_goes_on_when_started_again) {
    serving_daemon it(pair.data_dir());
    ASSERT_EQ(it.run({"start", pair.task_file(), "--until", "caught-up"}).status.code, 0);
    ASSERT_TRUE(it.wait_for("test", "finished")) << file_text(it.output());
    const std::string uuid = pair.source_sql().scalar("SELECT @@server_uuid");
    const std::string executed = pair.source_sql().scalar("SELECT @@gtid_executed");
    const int last = std::stoi(executed.substr(executed.rfind('-') + 1));
    const auto bad = it.run({"start", "test", "--until", "gtid:nonsense"});
    EXPECT_EQ(bad.status.code, 2);
    ASSERT_EQ(
        it.run({"start", "test", "--until", fmt::format("gtid:{}:{}", uuid, last + 2)}).status.code,
        0);
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));
    pair.source_sql().exec("INSERT INTO shop.t VALUES (2, 'two')");
    ASSERT_TRUE(wait_until([&] { return rows() == "2"; }));
    EXPECT_EQ(it.state("test"), "synchronizing");
    pair.source_sql().exec("INSERT INTO shop.t VALUES (3, 'three')");
    ASSERT_TRUE(it.wait_for("test", "finished"));
    EXPECT_EQ(rows(), "3");
}

TEST_F(serve, tells_what_needs_a_person_and_waits_for_what_passes) {
    serving_daemon it(pair.data_dir());
    // A wrong password: nothing that time heals.
    pair.source_sql().exec("ALTER USER repl IDENTIFIED BY 'other-secret'");
    ASSERT_EQ(it.run({"start", pair.task_file()}).status.code, 0);
    ASSERT_TRUE(it.wait_for("test", "precheck failed"));
    EXPECT_THAT(std::string(it.get("/api/v1/tasks/test").at("error").as_string()),
                HasSubstr("Access denied"));
    pair.source_sql().exec("ALTER USER repl IDENTIFIED BY 'repl-secret'");
    // A reload tries what failed again.
    it.process().kill(SIGHUP);
    ASSERT_TRUE(it.wait_for("test", "synchronizing")) << file_text(it.output());

    // A target that is gone, also when the daemon is started meanwhile.
    it.kill_9();
    pair.target().stop();
    it.start();
    ASSERT_TRUE(wait_until([&] {
        const auto task = it.get("/api/v1/tasks/test");
        return !task.at("waiting").as_string().empty() ||
               !task.at("status").at("applier").at("note").as_string().empty();
    })) << file_text(it.output());
    EXPECT_EQ(it.state("test"), "synchronizing");
    pair.source_sql().exec("INSERT INTO shop.t VALUES (2, 'two')");
    pair.target().restart();
    ASSERT_TRUE(wait_until([&] { return rows() == "2"; })) << file_text(it.output());
}

TEST_F(serve, takes_a_changed_definition_of_a_running_task) {
    pair.source_sql().exec("CREATE TABLE shop.u (id INT PRIMARY KEY)");
    serving_daemon it(pair.data_dir());
    ASSERT_EQ(it.run({"start", pair.task_file()}).status.code, 0);
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));
    pair.options().objects.exclude = {"shop.u"};
    pair.write_task_file();
    const auto changed = it.run({"start", pair.task_file()});
    ASSERT_EQ(changed.status.code, 0) << changed.error;
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));
    const auto definition = it.get("/api/v1/tasks/test/definition");
    EXPECT_EQ(definition.at("objects").at("exclude").at(0).as_string(), "shop.u");
    pair.source_sql().exec("INSERT INTO shop.u VALUES (1); INSERT INTO shop.t VALUES (2, 'two')");
    ASSERT_TRUE(wait_until([&] { return rows() == "2"; }));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.u"), "0");
}

std::string file_text_or_nothing(const fs::path& file) {
    std::ifstream from(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
}

// Every answer that there is for a viewer and an operator, asked for in the document's words.
std::string all_answers(serving_daemon& it) {
    std::string all;
    const auto document = json::parse(it.call("GET", "/openapi.json").body);
    for (const auto& [pattern, methods] : document.at("paths").as_object()) {
        if (!methods.as_object().contains("get")) continue;
        std::string path(pattern);
        const auto put = [&path](const std::string& name, const std::string& value) {
            if (const auto at = path.find(name); at != std::string::npos)
                path.replace(at, name.size(), value);
        };
        put("{task}", "test");
        put("{name}", path.find("relay") == std::string::npos ? "app.js" : "show");
        if (path.ends_with("/events")) continue; // has no end
        const auto reply = it.call("GET", path);
        EXPECT_EQ(reply.status, 200) << path << reply.body;
        all += reply.head + reply.body;
    }
    http_conversation events(it.port());
    events.send(fmt::format("GET /api/v1/events HTTP/1.1\r\nHost: localhost:{}\r\n"
                            "Authorization: Bearer {}\r\n\r\n",
                            it.port(), it.token()));
    const std::string streamed = events.read_bytes(1500ms);
    EXPECT_THAT(streamed, HasSubstr("event: task"));
    return all + streamed;
}

// What other users of the machine may read of the daemon and of what it runs.
std::string process_texts(serving_daemon& it) {
    std::string all;
    const std::string own = std::to_string(it.process().pid());
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string pid = entry.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        const std::string status = file_text_or_nothing(entry.path() / "status");
        if (pid == own || status.find("PPid:\t" + own + "\n") != std::string::npos)
            all += file_text_or_nothing(entry.path() / "cmdline");
    }
    return all;
}

TEST_F(serve, gives_away_no_password) {
    const fs::path tokens = pair.data_dir().string() + ".tokens";
    const fs::path hook = pair.data_dir().string() + ".hook";
    std::ofstream(tokens) << "viewer vera secret-token-of-the-viewer\n";
    std::ofstream(hook) << "secret-token-of-the-webhook\n";
    serving_daemon it(pair.data_dir(), {"--log-format", "json", "--tokens", tokens, "--webhook",
                                        "http://127.0.0.1:1/", "--webhook-token", hook});
    ASSERT_EQ(it.run({"start", pair.task_file()}).status.code, 0);
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));
    std::string all = all_answers(it);
    all += it.call("POST", "/api/v1/tasks/test/precheck").body;
    const json::object endpoint{{"host", "127.0.0.1"},
                                {"port", pair.source().port()},
                                {"user", "repl"},
                                {"password", "repl-secret-wrong"}};
    for (const char* path : {"/api/v1/test-connection", "/api/v1/objects"}) {
        const auto probe =
            it.call("POST", path, json::serialize(json::object{{"endpoint", endpoint}}));
        EXPECT_THAT(probe.body,
                    AnyOf(HasSubstr("\"failed_step\":\"sign-in\""), HasSubstr("Access denied")));
        all += probe.body;
    }
    // A definition that will not do is told back without what is in it.
    for (const char* bad :
         {R"(name = \"x\"\nsource.password = \"repl-secret\"\nsource.port = 0)",
          R"(source.password = \"repl-secret)", R"(source.password = [\"repl-secret\"])",
          R"(source.password = repl-secret)", R"(source.nonsense = \"repl-secret\")"}) {
        const std::string body = std::string(R"({"toml":")") + bad + "\"}";
        for (const auto& reply :
             {it.call("POST", "/api/v1/tasks", body), it.call("PUT", "/api/v1/tasks/test", body),
              it.call("POST", "/api/v1/precheck", body)}) {
            EXPECT_EQ(reply.status, 422) << bad << reply.body;
            all += reply.body;
        }
    }
    // The last error of a task is told in many places.
    pair.source_sql().exec("ALTER USER repl IDENTIFIED BY 'other-secret'");
    EXPECT_EQ(it.call("POST", "/api/v1/tasks/test/stop").status, 202);
    ASSERT_TRUE(it.wait_for("test", "finished"));
    EXPECT_EQ(it.call("POST", "/api/v1/tasks/test/start").status, 202);
    ASSERT_TRUE(it.wait_for("test", "precheck failed")) << file_text(it.output());
    all += all_answers(it);
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"status"}, {"status", "--json"}, {"status", "test"}, {"pause", "test"}}) {
        const auto said = it.run(arguments);
        all += said.output + said.error;
    }
    all += file_text(it.output()) + file_text(pair.data_dir() / "audit.log") +
           file_text(pair.data_dir() / "test/task.log") +
           file_text(pair.data_dir() / "test/lifecycle.json") +
           file_text(pair.data_dir() / "test/status.json") + process_texts(it);
    for (const char* secret : {"repl-secret", "apply-secret", "other-secret", "secret-token-of"})
        EXPECT_THAT(all, Not(HasSubstr(secret)));
    EXPECT_THAT(all, Not(HasSubstr(it.token())));
    for (const char* file : {"api-token", "serve.json", "audit.log", "test/task.toml"}) {
        EXPECT_EQ(fs::status(pair.data_dir() / file).permissions() & fs::perms(0077),
                  fs::perms::none)
            << file;
    }
}

TEST_F(serve, finds_rows_in_the_relay_and_objects_on_the_source) {
    serving_daemon it(pair.data_dir());
    ASSERT_EQ(it.run({"start", pair.task_file()}).status.code, 0);
    ASSERT_TRUE(it.wait_for("test", "synchronizing"));
    pair.source_sql().exec("INSERT INTO shop.t VALUES (42, 'first'); UPDATE shop.t SET name = "
                           "'second' WHERE id = 42; INSERT INTO shop.t VALUES (43, 'other')");
    ASSERT_TRUE(wait_until([&] { return rows() == "3"; }));
    // What the relay's writer has put on disk.
    ASSERT_TRUE(wait_until([&] {
        return it.get("/api/v1/tasks/test/relay/show?table=shop.t&where=id%20%3D%2042")
                   .at("changes")
                   .as_array()
                   .size() == 2;
    }));
    const auto history = it.get("/api/v1/tasks/test/relay/history?table=shop.t&key=42");
    EXPECT_EQ(history.at("changes").as_array().size(), 2U);
    EXPECT_THAT(json::serialize(history), HasSubstr("second"));
    const auto limited = it.get("/api/v1/tasks/test/relay/show?table=shop.t&limit=1");
    EXPECT_EQ(limited.at("changes").as_array().size(), 1U);
    EXPECT_TRUE(limited.at("truncated").as_bool());
    EXPECT_TRUE(it.get("/api/v1/tasks/test/relay/stat").at("statistics").is_object());
    for (const char* bad : {"show?where=id%20=%20=", "show?follow=true", "show?table=-x&nonsense=1",
                            "history?table=shop.t", "show?limit=0", "show?since=never"})
        EXPECT_EQ(it.call("GET", std::string("/api/v1/tasks/test/relay/") + bad).status, 422)
            << bad;

    const json::object endpoint{{"host", "127.0.0.1"},
                                {"port", pair.source().port()},
                                {"user", "repl"},
                                {"password", "repl-secret"}};
    const auto objects =
        it.call("POST", "/api/v1/objects", json::serialize(json::object{{"endpoint", endpoint}}));
    EXPECT_THAT(objects.body, HasSubstr(R"("databases":[{"name":"shop","tables":[{"name":"t")"));
}

// Two servers with 48 tasks between them; and one whose target dies, one whose source falls silent.
class serve_many : public testing::Test {
protected:
    static constexpr int count = 48;

    serve_many()
        : pair(server_kind::mysql_97, server_kind::mysql_97),
          ill(server_kind::mysql_97, server_kind::mysql_97) {
        for (auto* server : {&pair.source(), &pair.target()})
            server->root().exec("SET GLOBAL max_connections = 2000");
        for (int i = 0; i < count; ++i)
            make_table(pair.source_sql(), fmt::format("db{}", i));
        make_table(pair.source_sql(), "to_dead");
        make_table(ill.source_sql(), "from_silent");
    }

    static void make_table(sql_client& source, const std::string& database) {
        source.exec(
            fmt::format("CREATE DATABASE {0}; CREATE TABLE {0}.t (id INT PRIMARY KEY)", database));
    }

    void start(serving_daemon& it, const std::string& name, live_server& source,
               live_server& target) {
        const std::string definition =
            fmt::format("name = \"{0}\"\n"
                        "[source]\nhost = \"127.0.0.1\"\nport = {1}\nuser = \"repl\"\n"
                        "password = \"repl-secret\"\ntls.mode = \"disabled\"\n"
                        "[target]\nhost = \"127.0.0.1\"\nport = {2}\nuser = \"apply\"\n"
                        "password = \"apply-secret\"\ntls.mode = \"disabled\"\n"
                        "[objects]\ninclude = [\"{0}.*\"]\n[initial]\nconnections = 1\n"
                        "[relay]\nmemory_bytes = \"8MiB\"\n",
                        name, source.port(), target.port());
        const json::object body{{"toml", definition}};
        const auto made = it.call("POST", "/api/v1/tasks", json::serialize(body));
        ASSERT_EQ(made.status, 201) << made.body;
        ASSERT_EQ(it.call("POST", "/api/v1/tasks/" + name + "/start").status, 202);
    }

    static bool all_stream(serving_daemon& it) {
        const auto tasks = it.get("/api/v1/tasks");
        return std::ranges::all_of(tasks.at("tasks").as_array(), [](const json::value& task) {
            return task.at("status").at("phase").as_string() == "streaming";
        });
    }

    // Small loads on all of the 48, and how long until the targets have them.
    double load(int from, int rounds) {
        const auto began = steady_clock::now();
        for (int row = from; row < from + rounds; ++row) {
            for (int i = 0; i < count; ++i)
                pair.source_sql().exec(fmt::format("INSERT INTO db{}.t VALUES ({})", i, row));
        }
        for (int i = 0; i < count; ++i) {
            const std::string query = fmt::format("SELECT COUNT(*) FROM db{}.t", i);
            EXPECT_TRUE(wait_until([&] {
                return pair.target_sql().scalar(query) == std::to_string(from + rounds);
            })) << query;
        }
        return std::chrono::duration<double>(steady_clock::now() - began).count();
    }

    source_and_target pair;
    source_and_target ill;
    scratch_directory directory{"many"};
};

double figure(serving_daemon& it, const std::string& name) {
    const std::string text = it.call("GET", "/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
}

TEST_F(serve_many, tasks_in_one_process_do_not_disturb_each_other) {
    serving_daemon it(directory.path() / "data");
    const auto began = steady_clock::now();
    for (int i = 0; i < count; ++i)
        start(it, fmt::format("db{}", i), pair.source(), pair.target());
    start(it, "to_dead", pair.source(), ill.target());
    start(it, "from_silent", ill.source(), pair.target());
    ASSERT_TRUE(wait_until([&] { return all_stream(it); }, 400s));
    fmt::print("50 tasks stream after {:.1f} s\n",
               std::chrono::duration<double>(steady_clock::now() - began).count());

    const double cpu = figure(it, "process_cpu_seconds_total");
    const double good = load(0, 5);
    fmt::print(
        "240 transactions: {:.2f} s, {:.2f} s of CPU; memory {:.0f} MiB, descriptors {:.0f}, "
        "threads {:.0f}\n",
        good, figure(it, "process_cpu_seconds_total") - cpu,
        figure(it, "process_resident_memory_bytes") / (1 << 20), figure(it, "process_open_fds"),
        figure(it, "process_threads"));

    ill.target().kill_9();
    ::kill(ill.source().pid(), SIGSTOP);
    pair.source_sql().exec("INSERT INTO to_dead.t VALUES (1)");
    ASSERT_TRUE(wait_until([&] {
        const auto task = it.get("/api/v1/tasks/to_dead");
        return !task.at("status").at("applier").at("note").as_string().empty() ||
               !task.at("waiting").as_string().empty();
    })) << file_text(it.output());
    const double beside = load(5, 5);
    fmt::print("beside a dead target and a silent source: {:.2f} s\n", beside);
    EXPECT_LT(beside, 3 * good + 5);
    for (int i = 0; i < count; ++i) {
        const auto task = it.get(fmt::format("/api/v1/tasks/db{}", i));
        EXPECT_EQ(task.at("state").as_string(), "synchronizing") << i;
        EXPECT_EQ(task.at("failures").to_number<int>(), 0) << i;
        EXPECT_EQ(task.at("status").at("applier").at("retries").to_number<int>(), 0) << i;
    }
    EXPECT_EQ(it.state("to_dead"), "synchronizing");

    const auto took = it.terminate();
    fmt::print("stopped in {} ms\n", took.count());
    EXPECT_LT(took, 15s);
    ::kill(ill.source().pid(), SIGCONT);
}

} // namespace
} // namespace understudy::test
