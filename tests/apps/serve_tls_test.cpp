#include "tests/api/tls_conversation.hpp"
#include "tests/live/serving_daemon.hpp"
#include "tests/support/certificate_authority.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace understudy::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* viewer = "the-token-of-the-viewer";

class serve_tls : public testing::Test {
protected:
    serve_tls() {
        install("first");
        write(tokens, std::string("viewer vera ") + viewer + "\n");
    }

    static void write(const fs::path& file, const std::string& text) {
        std::ofstream(file) << text;
    }
    void install(const std::string& name) {
        put_in_place(authority.issue({.common_name = name, .addresses = {"127.0.0.1"}}),
                     {certificate, key});
    }
    [[nodiscard]] std::vector<std::string> options() const {
        return {"--tls-cert", certificate, "--tls-key", key, "--tokens", tokens};
    }
    [[nodiscard]] std::string shown(serving_daemon& it) const {
        return tls_conversation(it.port(), authority.ca_file()).common_name();
    }
    [[nodiscard]] int status(serving_daemon& it, const std::string& token) const {
        tls_conversation link(it.port(), authority.ca_file());
        return ask(link, it.port(), "GET", "/api/v1/tasks", token).status;
    }
    // SIGHUP, and what the log says of it.
    static std::string reload(serving_daemon& it) {
        const auto before = file_text(it.output()).size();
        it.process().kill(SIGHUP);
        const auto said = [&] { return file_text(it.output()).substr(before); };
        EXPECT_TRUE(wait_until([&] { return said().find("reloaded") != std::string::npos; }, 10s));
        return said();
    }
    // What a daemon says that does not start.
    std::string refusal(std::vector<std::string> more) {
        std::vector<std::string> argv{UNDERSTUDY_PROGRAM, "serve", "--data-dir", data};
        argv.insert(argv.end(), more.begin(), more.end());
        const auto ended = run_to_end({.argv = std::move(argv), .environment = {}}, 20s);
        EXPECT_NE(ended.status.code, 0);
        EXPECT_EQ(ended.status.signal, 0);
        return ended.error;
    }

    scratch_directory directory{"serve_tls"};
    certificate_authority authority{directory.path() / "authority"};
    fs::path data = directory.path() / "data";
    fs::path certificate = directory.path() / "cert.pem";
    fs::path key = directory.path() / "key.pem";
    fs::path tokens = directory.path() / "tokens";
};

} // namespace

TEST_F(serve_tls, the_command_line_speaks_it_without_settings) {
    serving_daemon it(data, options());
    EXPECT_EQ(shown(it), "first");
    EXPECT_EQ(status(it, viewer), 200);
    EXPECT_EQ(status(it, ""), 401);
    const auto asked = it.run({"status"});
    EXPECT_EQ(asked.status.code, 0) << asked.error;
    EXPECT_THAT(asked.output, HasSubstr("no tasks"));
    EXPECT_THAT(it.run({"pause", "none"}).error, HasSubstr("there is no task none"));
    EXPECT_LT(it.terminate(), 5s);
    EXPECT_FALSE(fs::exists(data / "api-certificate.pem"));
}

TEST_F(serve_tls, on_every_address_too) {
    auto with = options();
    with.insert(with.end(), {"--listen", "0.0.0.0:0"});
    serving_daemon it(data, with);
    const auto asked = it.run({"status"});
    EXPECT_EQ(asked.status.code, 0) << asked.error;
}

TEST_F(serve_tls, a_renewed_certificate_is_shown_after_a_reload) {
    serving_daemon it(data, options());
    install("second");
    EXPECT_EQ(shown(it), "first");
    EXPECT_EQ(it.run({"status"}).error, "") << "between renewal and reload";
    EXPECT_THAT(reload(it), HasSubstr(" reloaded: tokens, certificate"));
    EXPECT_EQ(shown(it), "second");
    EXPECT_EQ(it.run({"status"}).error, "");
}

TEST_F(serve_tls, what_is_broken_changes_nothing_and_is_in_the_log) {
    serving_daemon it(data, options());
    write(key, "broken");
    write(tokens, "viewer vera another-token-of-the-viewer\n");
    EXPECT_THAT(reload(it), HasSubstr("not reloaded, all is as before: " + key.string() + ": "));
    EXPECT_EQ(shown(it), "first");
    EXPECT_EQ(it.run({"status"}).error, "");
    EXPECT_EQ(status(it, viewer), 200);

    install("second");
    write(tokens, "# who\nadmin vera another-token-of-the-viewer\n");
    EXPECT_THAT(reload(it), AllOf(HasSubstr("not reloaded, all is as before: " + tokens.string() +
                                            ": line 2: "),
                                  Not(HasSubstr("another-token"))));
    EXPECT_EQ(shown(it), "first");
    EXPECT_EQ(status(it, viewer), 200);

    write(tokens, "viewer vera another-token-of-the-viewer\n");
    EXPECT_THAT(reload(it), HasSubstr(" reloaded: "));
    EXPECT_EQ(shown(it), "second");
    EXPECT_EQ(status(it, viewer), 401);
    EXPECT_EQ(status(it, "another-token-of-the-viewer"), 200);
}

TEST_F(serve_tls, does_not_start_with_what_cannot_be_meant) {
    const auto none = directory.path() / "none.pem";
    EXPECT_THAT(refusal({"--tls-cert", certificate, "--tls-key", none}),
                HasSubstr(none.string() + ": No such file"));
    const auto other = authority.issue({}).key;
    EXPECT_THAT(refusal({"--tls-cert", certificate, "--tls-key", other}),
                HasSubstr(other.string() + ": is not the key of " + certificate.string()));
    EXPECT_THAT(refusal({"--tls-cert", certificate}), HasSubstr("given together"));
    for (const auto& given : std::vector<std::vector<std::string>>{
             {}, {"--tokens", tokens}, {"--tls-cert", certificate, "--tls-key", key}}) {
        auto with = given;
        with.insert(with.end(), {"--listen", "0.0.0.0:0"});
        EXPECT_THAT(refusal(with), HasSubstr("that needs --tls-cert, --tls-key and --tokens"));
    }
    write(tokens, "viewer vera short\n");
    EXPECT_THAT(refusal(options()),
                AllOf(HasSubstr(tokens.string() + ": line 1: "), Not(HasSubstr("short\n"))));
    EXPECT_FALSE(fs::exists(data / "api-token"));
}

} // namespace understudy::test
