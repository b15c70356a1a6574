#include "state/task_directory.hpp"

#include "protocol/assert.hpp"
#include "state/durable_file.hpp"
#include "state/errc.hpp"
#include "state/status_json.hpp"
#include "state/task_name.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace understudy::state {

namespace {

struct flock whole_file_lock() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

std::string read_pid(int fd) {
    std::array<char, 24> text{};
    const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
    if (count <= 0) return {};
    const std::string all(text.data(), static_cast<std::size_t>(count));
    return all.substr(0, all.find('\n'));
}

std::unexpected<protocol::error> system_error(const std::filesystem::path& path,
                                              const char* doing) {
    const int number = errno;
    return protocol::fail(errc::io_failed, path.string() + ": " + doing + ": " +
                                               std::generic_category().message(number));
}

protocol::result<void> make_private_directory(const std::filesystem::path& data_dir,
                                              const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::create_directories(data_dir, failure);
    if (failure) {
        return protocol::fail(errc::io_failed,
                              data_dir.string() +
                                  ": cannot create the data directory: " + failure.message() +
                                  ". Choose another with --data-dir or UNDERSTUDY_DATA_DIR");
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error(path, "cannot create the directory");
    }
    return {};
}

protocol::result<void> take_lock(int fd, const std::filesystem::path& path,
                                 const std::string& task) {
    struct flock lock = whole_file_lock();
    if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) return system_error(path / "lock", "cannot lock");
        return protocol::fail(errc::already_running,
                              "task " + task + " runs already from " + path.string() +
                                  " (process " + read_pid(fd) +
                                  "). Stop it with `understudy stop " + task + "`");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) != 0 ||
        ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return system_error(path / "lock", "cannot write");
    }
    return {};
}

task_directory::identity make_identity() {
    std::random_device random;
    task_directory::identity made;
    made.server_id =
        std::uniform_int_distribution<std::uint32_t>(1U << 31U, UINT32_MAX - 1)(random);
    for (auto& byte : made.server_uuid.bytes)
        byte = static_cast<std::uint8_t>(random() & 0xFFU);
    // Version 4, variant 1 (RFC 9562): a UUID made of random bits.
    made.server_uuid.bytes[6] =
        static_cast<std::uint8_t>((made.server_uuid.bytes[6] & 0x0FU) | 0x40U);
    made.server_uuid.bytes[8] =
        static_cast<std::uint8_t>((made.server_uuid.bytes[8] & 0x3FU) | 0x80U);
    return made;
}

std::string identity_text(const task_directory::identity& value) {
    return "# How this task shows itself to the source, as a replica. Made once; keep it.\n"
           "server_id = " +
           std::to_string(value.server_id) + "\n" + "server_uuid = \"" +
           value.server_uuid.to_string() + "\"\n";
}

// What stands behind "key = ", up to the end of the line.
std::optional<std::string_view> find_value(std::string_view text, std::string_view key) {
    const std::string start = "\n" + std::string(key) + " = ";
    const auto at = text.find(start);
    if (at == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(at + start.size());
    return rest.substr(0, rest.find('\n'));
}

std::optional<task_directory::identity> parse_identity(std::string_view text) {
    const auto id = find_value(text, "server_id");
    const auto uuid = find_value(text, "server_uuid");
    if (!id || !uuid || uuid->size() < 2) return std::nullopt;
    task_directory::identity value;
    const auto [end, failure] =
        std::from_chars(id->data(), id->data() + id->size(), value.server_id);
    const auto parsed = protocol::uuid::parse(uuid->substr(1, uuid->size() - 2));
    if (failure != std::errc{} || end != id->data() + id->size() || value.server_id == 0 ||
        !parsed) {
        return std::nullopt;
    }
    value.server_uuid = *parsed;
    return value;
}

} // namespace

task_directory::task_directory(std::filesystem::path path, int lock_fd)
    : path_(std::move(path)), lock_fd_(lock_fd) {}

// The lock goes with the descriptor; the file stays, with the pid of its last holder.
task_directory::~task_directory() {
    ::close(lock_fd_);
}

protocol::result<std::unique_ptr<task_directory>>
task_directory::open(const std::filesystem::path& data_dir, const std::string& task) {
    UNDERSTUDY_ASSERT(is_task_name(task));
    const std::filesystem::path path = std::filesystem::absolute(data_dir) / task;
    if (auto made = make_private_directory(path.parent_path(), path); !made) {
        return std::unexpected(made.error());
    }
    const int fd = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return system_error(path / "lock", "cannot open");
    if (auto locked = take_lock(fd, path, task); !locked) {
        ::close(fd);
        return std::unexpected(locked.error());
    }
    return std::unique_ptr<task_directory>(new task_directory(path, fd));
}

protocol::result<task_directory::identity> task_directory::our_identity() {
    const std::filesystem::path file = path_ / "identity.toml";
    std::error_code failure;
    if (std::filesystem::exists(file, failure)) {
        const auto text = read_whole(file);
        if (!text) return std::unexpected(text.error());
        if (const auto value = parse_identity(*text)) return *value;
        return protocol::fail(errc::damaged, file.string() +
                                                 " does not hold server_id and server_uuid. "
                                                 "Remove it to let the task choose new ones");
    }
    if (failure) return protocol::fail(errc::io_failed, file.string() + ": " + failure.message());
    const identity made = make_identity();
    if (auto written = write_durably(file, identity_text(made)); !written) {
        return std::unexpected(written.error());
    }
    return made;
}

protocol::result<void> task_directory::write_status(const status& value) {
    return write_for_readers(path_ / "status.json",
                             to_json({value, std::chrono::system_clock::now()}) + "\n");
}

std::optional<pid_t> task_directory::running_pid(const std::filesystem::path& data_dir,
                                                 const std::string& task) {
    const int fd = ::open((data_dir / task / "lock").c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    struct flock lock = whole_file_lock();
    const bool asked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0;
    const std::string text = read_pid(fd);
    ::close(fd);
    if (!asked || lock.l_type == F_UNLCK) return std::nullopt;
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    return pid > 0 ? std::optional(pid) : std::nullopt;
}

} // namespace understudy::state
