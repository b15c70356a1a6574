#include "apps/commands.hpp"
#include "apps/relay_json.hpp"
#include "apps/relay_show.hpp"
#include "apps/relay_text.hpp"
#include "relay/inspect.hpp"
#include "relay/inspection/check_binlog.hpp"
#include "relay/inspection/open_source.hpp"
#include "relay/inspection/ordered_turns.hpp"
#include "relay/key_ring.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace understudy::apps {

namespace {

using protocol::result;
namespace inspection = relay::inspection;

// The key ring of an encrypted log, where the environment names one.
protocol::result<relay::key_ring> keys_of_environment() {
    if (const char* file = std::getenv("UNDERSTUDY_RELAY_KEY_FILE"))
        return relay::key_ring::open({.key_file = file, .key_variable = {}});
    return relay::key_ring{};
}

int fail(const protocol::error& why) {
    std::fflush(stdout);
    fmt::print(stderr, "understudy: {}\n", why.what);
    return is_bad_option(why) ? exit_usage : exit_failed;
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        fmt::print("{}\n", line);
}

result<inspection::binlog_report> check_file(const std::filesystem::path& path,
                                             const relay_command& what) {
    if (path == "-") {
        const auto cutter = inspection::whole_paths({path}, {});
        return inspection::check_binlog(*cutter, 1);
    }
    const auto cutter = inspection::cut_paths({path}, {});
    return inspection::check_binlog(*cutter, inspection::thread_count(what.threads));
}

bool is_relay(const std::filesystem::path& path) {
    return path != "-" && inspection::is_relay_path(path);
}

int list(const relay_command& what) {
    std::vector<relay::segment_summary> all;
    for (const auto& given : what.paths) {
        const auto path = inspection::relay_path(given);
        if (is_relay(path)) {
            auto segments = relay::list_segments(path, what.keys);
            if (!segments) return fail(segments.error());
            all.insert(all.end(), segments->begin(), segments->end());
            continue;
        }
        auto report = check_file(path, what);
        if (!report) return fail(report.error());
        if (!report->damage.empty()) return fail({{}, report->damage, {}});
        report->summary.path = path;
        all.push_back(std::move(report->summary));
    }
    if (what.how == relay_command::format::json) {
        for (const auto& segment : all)
            fmt::print("{}\n", segment_json(segment));
        return exit_good;
    }
    print_lines(segment_table(all));
    return exit_good;
}

int verify(const relay_command& what) {
    bool good = true;
    const bool as_json = what.how == relay_command::format::json;
    for (const auto& given : what.paths) {
        const auto path = inspection::relay_path(given);
        if (is_relay(path)) {
            const auto found =
                relay::verify(path, what.keys, inspection::thread_count(what.threads));
            if (!found) return fail(found.error());
            print_lines(as_json ? std::vector{verify_json(path.string(), *found)}
                                : verify_lines(*found));
            good = good && found->good();
            continue;
        }
        const auto found = check_file(path, what);
        if (!found) return fail(found.error());
        const auto name = path == "-" ? std::string("standard input") : path.string();
        print_lines(as_json ? std::vector{binlog_verify_json(name, *found)}
                            : binlog_verify_lines(name, *found));
        good = good && found->good();
    }
    return good ? exit_good : exit_failed;
}

int report(const result<void>& done) {
    return done ? exit_good : fail(done.error());
}

} // namespace

int execute(const relay_command& given) {
    relay_command what = given;
    for (const auto& path : what.paths) {
        std::error_code failure;
        if (path == "-" || std::filesystem::exists(path, failure)) continue;
        fmt::print(stderr, "understudy: there is nothing at {}\n", path.string());
        return exit_usage;
    }
    auto keys = keys_of_environment();
    if (!keys) return fail(keys.error());
    what.keys = std::move(*keys);
    switch (what.what) {
    case relay_command::verb::ls: return list(what);
    case relay_command::verb::verify: return verify(what);
    case relay_command::verb::show: return report(show_changes(what));
    case relay_command::verb::events: return report(show_events(what));
    case relay_command::verb::stat: return report(show_statistics(what));
    case relay_command::verb::history: return report(show_history(what));
    case relay_command::verb::export_: return report(export_binlog(what));
    }
    return exit_usage;
}

} // namespace understudy::apps
