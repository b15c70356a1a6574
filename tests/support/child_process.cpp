#include "tests/support/child_process.hpp"

#include "tests/support/scratch_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <queue>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

namespace understudy::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

// The parent-death signal comes when the *thread* that forked ends (prctl(2)), so all children are
// forked by one thread that lives as long as the process.
class forking_thread {
public:
    pid_t run(std::function<pid_t()> fork_child) {
        std::packaged_task<pid_t()> task(std::move(fork_child));
        std::future<pid_t> pid = task.get_future();
        {
            const std::lock_guard lock(mutex_);
            tasks_.push(std::move(task));
        }
        wake_.notify_one();
        return pid.get();
    }

private:
    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (wake_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
            std::packaged_task<pid_t()> task = std::move(tasks_.front());
            tasks_.pop();
            lock.unlock();
            task();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::queue<std::packaged_task<pid_t()>> tasks_;
    std::jthread thread_{[this](const std::stop_token& stop) { work(stop); }};
};

forking_thread& forks() {
    static forking_thread thread;
    return thread;
}

class descriptor {
public:
    descriptor(const std::filesystem::path& file, int flags)
        : number_(::open(file.c_str(), flags | O_CLOEXEC, 0600)) {
        if (number_ < 0) fail("cannot open " + file.string());
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number_); }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts)
        result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> whole_environment(const std::vector<std::string>& extra) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry)
        result.emplace_back(*entry);
    for (const std::string& entry : extra) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(result, [&](const std::string& old) { return old.starts_with(name); });
        result.push_back(entry);
    }
    return result;
}

} // namespace

child_process child_process::start(const command& what) {
    const descriptor input("/dev/null", O_RDONLY);
    const auto writable = [](const std::filesystem::path& file) {
        return file.empty() ? std::filesystem::path("/dev/null") : file;
    };
    const descriptor output(writable(what.output_file), O_WRONLY | O_CREAT | O_APPEND);
    const descriptor error(writable(what.error_file), O_WRONLY | O_CREAT | O_APPEND);
    std::vector<std::string> argv_texts = what.argv;
    std::vector<std::string> environment_texts = whole_environment(what.environment);
    const std::vector<char*> argv = pointers(argv_texts);
    const std::vector<char*> environment = pointers(environment_texts);
    const pid_t parent = ::getpid();

    // Between fork and exec only what is safe in a copy of a process with threads.
    const pid_t pid = forks().run([&]() -> pid_t {
        const pid_t child = ::fork();
        if (child != 0) return child;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(input.number(), 0);
        ::dup2(output.number(), 1);
        ::dup2(error.number(), 2);
        ::execvpe(argv[0], argv.data(), environment.data());
        ::_exit(127);
    });
    if (pid < 0) fail("cannot fork");
    // glibc 2.36 declares pidfd_open() without C linkage.
    const int pid_descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pid_descriptor < 0) {
        ::kill(pid, SIGKILL);
        fail("cannot watch a child process");
    }
    ::fcntl(pid_descriptor, F_SETFD, FD_CLOEXEC);
    return {pid, pid_descriptor};
}

child_process::child_process(pid_t pid, int pid_descriptor)
    : pid_(pid), pid_descriptor_(pid_descriptor) {}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_descriptor_(std::exchange(other.pid_descriptor_, -1)), status_(other.status_) {}

child_process& child_process::operator=(child_process&& other) noexcept {
    if (this != &other) {
        end();
        pid_ = std::exchange(other.pid_, -1);
        pid_descriptor_ = std::exchange(other.pid_descriptor_, -1);
        status_ = other.status_;
    }
    return *this;
}

child_process::~child_process() {
    end();
}

void child_process::end() noexcept {
    if (pid_ < 0) return;
    if (!status_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(pid_descriptor_);
    pid_ = -1;
}

bool child_process::running() {
    return !wait(std::chrono::milliseconds(0));
}

void child_process::kill(int signal) {
    // A reaped child's id may be somebody else's by now.
    if (pid_ > 0 && !status_) ::kill(pid_, signal);
}

std::optional<exit_status> child_process::wait(std::chrono::milliseconds timeout) {
    if (status_ || pid_ < 0) return status_;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    int ready = 0;
    do {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd watched{.fd = pid_descriptor_, .events = POLLIN, .revents = 0};
        ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) return std::nullopt;
    int raw = 0;
    rusage usage{};
    if (::wait4(pid_, &raw, 0, &usage) != pid_) fail("cannot reap a child process");
    status_ = exit_status{.code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1,
                          .signal = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0,
                          .memory_max_kib = usage.ru_maxrss};
    return status_;
}

finished_process run_to_end(command what, std::chrono::milliseconds timeout) {
    const scratch_directory scratch("run");
    what.output_file = scratch.path() / "output";
    what.error_file = scratch.path() / "error";
    child_process process = child_process::start(what);
    const std::optional<exit_status> status = process.wait(timeout);
    if (!status) {
        process.kill(SIGKILL);
        throw std::runtime_error(fmt::format("still running after {} ms: {}\n{}{}", timeout.count(),
                                             fmt::join(what.argv, " "), file_text(what.output_file),
                                             file_text(what.error_file)));
    }
    return {*status, file_text(what.output_file), file_text(what.error_file)};
}

std::string run_successfully(command what, std::chrono::milliseconds timeout) {
    const std::string text = fmt::format("{}", fmt::join(what.argv, " "));
    finished_process end = run_to_end(std::move(what), timeout);
    if (end.status.code != 0) {
        throw std::runtime_error(fmt::format("exit code {}, signal {}: {}\n{}{}", end.status.code,
                                             end.status.signal, text, end.output, end.error));
    }
    return std::move(end.output);
}

std::string file_text(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return std::move(text).str();
}

} // namespace understudy::test
