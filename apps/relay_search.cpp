#include "apps/relay_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace {

using api::refusal;
using std::chrono::steady_clock;

constexpr std::size_t output_bytes_max = 8U << 20U;
constexpr std::size_t error_bytes_max = 8U << 10U;
constexpr auto time_max = std::chrono::seconds(60);
constexpr std::size_t limit_default = 1'000;
constexpr std::size_t limit_max = 10'000;
constexpr int lower_priority = 10;

constexpr auto filters = std::to_array<std::string_view>(
    {"since", "until", "gtid", "exclude-gtid", "start-position", "stop-position"});
constexpr auto change_filters =
    std::to_array<std::string_view>({"table", "kind", "where", "min-bytes", "min-rows"});

template<std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::unexpected<refusal> invalid(std::string why) {
    return std::unexpected(refusal{refusal::kind::invalid, std::move(why)});
}

struct arguments {
    std::vector<std::string> argv;
    std::size_t limit = limit_default;
};

// Values are joined to their options and the rest comes behind "--", so that no value is taken for
// an option.
api::outcome<arguments> make_arguments(const relay_search& what) {
    const bool show = what.command == "show";
    const bool history = what.command == "history";
    if (!show && !history && what.command != "stat")
        return std::unexpected(refusal{refusal::kind::not_found,
                                       "a relay log can be asked for show, history and stat"});
    arguments made;
    made.argv = {what.program.string(), "relay", what.command, "--json"};
    std::string table;
    std::string key;
    for (const auto& [name, value] : what.arguments) {
        if (name == "limit" && (show || history)) {
            const auto [end, failed] =
                std::from_chars(value.data(), value.data() + value.size(), made.limit);
            if (failed != std::errc() || end != value.data() + value.size() || made.limit == 0 ||
                made.limit > limit_max)
                return invalid(fmt::format("limit is no number from 1 to {}", limit_max));
        } else if (history && name == "table") {
            table = value;
        } else if (history && name == "key") {
            key = value;
        } else if (name == "full" && (show || history)) {
            if (value == "true") made.argv.emplace_back("--full");
        } else if (has(filters, name) || (show && has(change_filters, name))) {
            made.argv.push_back("--" + name + "=" + value);
        } else {
            return invalid("unknown parameter \"" + name + "\"");
        }
    }
    made.argv.emplace_back("--");
    if (history) {
        if (table.empty() || key.empty()) return invalid("history needs table and key");
        made.argv.push_back(table);
        made.argv.push_back(key);
    }
    made.argv.push_back(what.task_directory.string());
    return made;
}

class pipe_pair {
public:
    pipe_pair() { open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
    ~pipe_pair() {
        close_write();
        if (open_ && ends_[0] >= 0) ::close(ends_[0]);
    }
    pipe_pair(const pipe_pair&) = delete;
    pipe_pair& operator=(const pipe_pair&) = delete;

    [[nodiscard]] bool good() const { return open_; }
    [[nodiscard]] int read_end() const { return ends_[0]; }
    [[nodiscard]] int write_end() const { return ends_[1]; }
    void close_write() {
        if (open_ && ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
    }

private:
    std::array<int, 2> ends_{-1, -1};
    bool open_ = false;
};

struct finished {
    std::string output;
    std::string error;
    int status = 0;
    bool cut = false; // ended by us: too long, or too much
};

std::unexpected<refusal> system_failed(const char* doing, int number) {
    return std::unexpected(
        refusal{refusal::kind::internal,
                std::string(doing) + ": " + std::generic_category().message(number)});
}

std::vector<std::string> environment(const relay_search& what) {
    // Nothing of ours: a variable may hold a password.
    std::vector<std::string> made{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "NO_COLOR=1"};
    // Sanitizers and the like are told by their variables how to behave.
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name)) made.push_back(std::string(name) + "=" + value);
    }
    if (!what.key_file.empty())
        made.push_back("UNDERSTUDY_RELAY_KEY_FILE=" + what.key_file.string());
    return made;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> made;
    for (std::string& text : texts)
        made.push_back(text.data());
    made.push_back(nullptr);
    return made;
}

// False at the end, and when there is more than is wanted.
bool read_some(int fd, std::string& into, std::size_t bytes_max) {
    std::array<char, 16'384> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) return count < 0 && errno == EINTR;
    into.append(buffer.data(), static_cast<std::size_t>(count));
    return into.size() < bytes_max;
}

void collect(finished& into, const pipe_pair& output, const pipe_pair& error) {
    const auto give_up = steady_clock::now() + time_max;
    std::array<pollfd, 2> watched{pollfd{output.read_end(), POLLIN, 0},
                                  pollfd{error.read_end(), POLLIN, 0}};
    while (watched[0].fd >= 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(give_up - steady_clock::now());
        if (left.count() <= 0) {
            into.cut = true;
            return;
        }
        const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) return;
        if (ready <= 0) continue;
        if (watched[1].revents != 0 && !read_some(watched[1].fd, into.error, error_bytes_max))
            watched[1].fd = -1;
        if (watched[0].revents != 0 && !read_some(watched[0].fd, into.output, output_bytes_max)) {
            into.cut = into.output.size() >= output_bytes_max;
            watched[0].fd = -1;
        }
    }
}

api::outcome<finished> run(const relay_search& what, std::vector<std::string> argv) {
    pipe_pair output;
    pipe_pair error;
    if (!output.good() || !error.good()) return system_failed("pipe", errno);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, error.write_end(), STDERR_FILENO);
    // The daemon's threads block the signals that it takes one by one; the child is to end by them.
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t none{};
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    auto variables = environment(what);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, argv.front().c_str(), &actions, &attributes,
                                     pointers(argv).data(), pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return system_failed(what.program.c_str(), failed);
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), lower_priority);
    output.close_write();
    error.close_write();
    finished made;
    collect(made, output, error);
    if (made.cut) ::kill(pid, SIGKILL);
    while (::waitpid(pid, &made.status, 0) < 0 && errno == EINTR) {
    }
    return made;
}

// Lines of JSON as one array; what is behind the last whole line is left out.
std::string changes_of(const finished& done, std::size_t limit) {
    std::string text = "{\"changes\":[";
    std::string_view rest = done.output;
    std::size_t count = 0;
    bool more = done.cut;
    while (true) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) break;
        if (count == limit) {
            more = true;
            break;
        }
        if (end > 0) {
            if (count++ > 0) text += ',';
            text += rest.substr(0, end);
        }
        rest.remove_prefix(end + 1);
    }
    return text + "],\"truncated\":" + (more ? "true" : "false") + "}";
}

} // namespace

api::outcome<std::string> search_relay(const relay_search& what) {
    auto wanted = make_arguments(what);
    if (!wanted) return std::unexpected(wanted.error());
    const auto done = run(what, std::move(wanted->argv));
    if (!done) return std::unexpected(done.error());
    const bool ended_well = WIFEXITED(done->status) && WEXITSTATUS(done->status) == 0;
    if (!ended_well && !done->cut) {
        const bool usage = WIFEXITED(done->status) && WEXITSTATUS(done->status) == 2;
        return std::unexpected(
            refusal{usage ? refusal::kind::invalid : refusal::kind::failed,
                    done->error.empty() ? "the search ended without a word" : done->error});
    }
    if (what.command != "stat") return changes_of(*done, wanted->limit);
    if (done->cut)
        return std::unexpected(
            refusal{refusal::kind::failed, "counting took too long; narrow it by since and until"});
    std::string_view statistics = done->output;
    while (statistics.ends_with('\n'))
        statistics.remove_suffix(1);
    return "{\"statistics\":" + std::string(statistics) + ",\"truncated\":false}";
}

} // namespace understudy::apps
