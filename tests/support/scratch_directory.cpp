#include "tests/support/scratch_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

bool keeps_directories() {
    return std::getenv("UNDERSTUDY_KEEP_TEST_DIRS") != nullptr;
}

// Open files are closed by the process's end and not before: that is what others wait for.
int open_locked(const fs::path& file, int operation) {
    const int number = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (number < 0) fail("cannot open " + file.string());
    if (::flock(number, operation) == 0) return number;
    ::close(number);
    return -1;
}

void remove_abandoned(const fs::path& base) {
    for (const fs::directory_entry& entry : fs::directory_iterator(base)) {
        // Its watcher may be at it too: what is gone already is no error.
        std::error_code ignored;
        if (!entry.is_directory(ignored)) continue;
        const int lock =
            ::open((entry.path() / "owner").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock < 0 && errno == ENOENT) continue;
        if (lock < 0) fail("cannot open " + (entry.path() / "owner").string());
        if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
            ::close(lock);
            continue;
        }
        fs::remove_all(entry.path(), ignored);
        ::close(lock);
    }
}

// The watcher is a grandchild in a session of its own, so neither a signal to the test's process
// group nor a runner that waits for open pipes has to do with it.
void start_watcher(const fs::path& directory) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe");
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const std::string script = "cat; for i in 1 2 3 4 5 6 7 8 9; do "
                               "rm -rf \"$0\" && exit; sleep 0.2; done";
    const pid_t child = ::fork();
    if (child < 0) fail("cannot fork");
    if (child == 0) {
        ::setsid();
        if (::fork() != 0) ::_exit(0);
        ::dup2(ends[0], 0);
        ::dup2(null, 1);
        ::dup2(null, 2);
        ::execl("/bin/sh", "sh", "-c", script.c_str(), directory.c_str(), nullptr);
        ::_exit(127);
    }
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ::close(null);
}

fs::path make_process_directory() {
    const fs::path base =
        fs::temp_directory_path() /
        fmt::format("understudy-{}-{}", keeps_directories() ? "kept" : "tests", ::getuid());
    fs::create_directories(base);
    // Held while a directory is new and has no lock yet, so that nobody takes it for abandoned.
    const int base_lock = open_locked(base / "lock", LOCK_EX);
    if (!keeps_directories()) remove_abandoned(base);
    std::string name = (base / fmt::format("{}-XXXXXX", ::getpid())).string();
    if (::mkdtemp(name.data()) == nullptr) fail("cannot make " + name);
    open_locked(fs::path(name) / "owner", LOCK_EX);
    ::close(base_lock);
    if (!keeps_directories()) start_watcher(name);
    return name;
}

const fs::path& process_directory() {
    static const fs::path directory = make_process_directory();
    return directory;
}

} // namespace

scratch_directory::scratch_directory(const std::string& name) {
    static std::atomic<int> next_number = 1;
    path_ = process_directory() / fmt::format("{}-{}", name, next_number++);
    // 108 bytes hold the path of a socket and its final zero.
    if (path_.native().size() > 90) {
        throw std::runtime_error("TMPDIR is too long for sockets: " + path_.string());
    }
    fs::create_directory(path_);
}

scratch_directory::scratch_directory(scratch_directory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

scratch_directory& scratch_directory::operator=(scratch_directory&& other) noexcept {
    if (this != &other) {
        remove();
        path_ = std::exchange(other.path_, {});
    }
    return *this;
}

scratch_directory::~scratch_directory() {
    remove();
}

void scratch_directory::remove() noexcept {
    if (path_.empty() || keeps_directories()) return;
    std::error_code ignored; // what is left goes with the process directory
    fs::remove_all(path_, ignored);
}

} // namespace understudy::test
