#include "apps/commands.hpp"
#include "apps/event_printer.hpp"
#include "apps/relay_text.hpp"
#include "relay/inspect.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <system_error>

namespace understudy::apps {

namespace {

// A task's directory stands for the relay directory in it.
std::filesystem::path relay_path(const std::filesystem::path& given) {
    std::error_code failure;
    return std::filesystem::is_directory(given / "relay", failure) ? given / "relay" : given;
}

int fail(const protocol::error& why) {
    std::fflush(stdout);
    fmt::print(stderr, "understudy: {}\n", why.what);
    return exit_failed;
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        fmt::print("{}\n", line);
}

int list(const std::filesystem::path& path) {
    const auto segments = relay::list_segments(path);
    if (!segments) return fail(segments.error());
    print_lines(segment_table(*segments));
    return exit_good;
}

int show(const std::filesystem::path& path) {
    event_printer printer;
    std::optional<protocol::error> failure;
    const auto walked = relay::segment_walker(path).walk([&](const relay::walked_event& event) {
        // What is not part of the file stands before the event that ends there.
        const std::uint64_t start = event.end_offset - (event.artificial ? 0 : event.bytes.size());
        const auto lines = printer.print(event.bytes, event.file, start);
        if (!lines) {
            failure = lines.error();
            failure->what = event.file + ", event that ends at " +
                            std::to_string(event.end_offset) + ": " + failure->what;
            return false;
        }
        print_lines(*lines);
        return true;
    });
    if (failure) return fail(*failure);
    if (!walked) return fail(walked.error());
    return exit_good;
}

int verify(const std::filesystem::path& path) {
    const auto found = relay::verify(path);
    if (!found) return fail(found.error());
    print_lines(verify_lines(*found));
    return found->good() ? exit_good : exit_failed;
}

} // namespace

int execute(const relay_command& what) {
    const auto path = relay_path(what.path);
    std::error_code failure;
    if (!std::filesystem::exists(path, failure)) {
        fmt::print(stderr, "understudy: there is nothing at {}\n", path.string());
        return exit_usage;
    }
    switch (what.what) {
    case relay_command::verb::ls: return list(path);
    case relay_command::verb::show: return show(path);
    case relay_command::verb::verify: return verify(path);
    }
    return exit_usage;
}

} // namespace understudy::apps
