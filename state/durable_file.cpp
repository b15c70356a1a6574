#include "state/durable_file.hpp"

#include "state/errc.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace understudy::state {

namespace {

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }

private:
    int fd_;
};

std::unexpected<protocol::error> failed(const std::filesystem::path& file, const char* doing) {
    const int number = errno;
    return protocol::fail(errc::io_failed, file.string() + ": " + doing + ": " +
                                               std::generic_category().message(number));
}

protocol::result<void> write_new(const std::filesystem::path& file, std::string_view text,
                                 bool durably) {
    const descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out.is_open()) return failed(file, "cannot open for writing");
    while (!text.empty()) {
        const ssize_t written = ::write(out.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed(file, "cannot write");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (durably && ::fsync(out.get()) != 0) return failed(file, "cannot sync");
    return {};
}

protocol::result<void> sync_directory(const std::filesystem::path& directory) {
    const descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.is_open() || ::fsync(handle.get()) != 0) return failed(directory, "cannot sync");
    return {};
}

protocol::result<void> replace(const std::filesystem::path& file, std::string_view text,
                               bool durably) {
    const std::filesystem::path beside = file.string() + ".new";
    if (auto written = write_new(beside, text, durably); !written) return written;
    if (::rename(beside.c_str(), file.c_str()) != 0) return failed(file, "cannot replace");
    return {};
}

} // namespace

std::unexpected<protocol::error> file_error(const std::filesystem::path& file,
                                            const std::error_code& failure) {
    return protocol::fail(errc::io_failed, file.string() + ": " + failure.message());
}

protocol::result<void> write_durably(const std::filesystem::path& file, std::string_view text) {
    auto done = replace(file, text, true);
    return done ? sync_directory(file.parent_path()) : done;
}

protocol::result<void> write_for_readers(const std::filesystem::path& file, std::string_view text) {
    return replace(file, text, false);
}

protocol::result<std::string> read_whole(const std::filesystem::path& file) {
    const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in.is_open()) return failed(file, "cannot open");
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t count = ::read(in.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(file, "cannot read");
        if (count == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

} // namespace understudy::state
