#include "relay/posix_directory.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::result;

std::unexpected<protocol::error> failed(const std::string& what, const std::string& path,
                                        int number) {
    const auto code = number == ENOSPC || number == EDQUOT ? errc::disk_full : errc::io_failed;
    return protocol::fail(code, "cannot " + what + " " + path + ": " +
                                    std::generic_category().message(number));
}

class posix_file final : public file {
public:
    posix_file(int descriptor, std::string path)
        : descriptor_(descriptor), path_(std::move(path)) {}
    ~posix_file() override { ::close(descriptor_); }
    posix_file(const posix_file&) = delete;
    posix_file& operator=(const posix_file&) = delete;

    result<void> append(std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const auto count = ::write(descriptor_, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed("write", path_, errno);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return {};
    }

    result<void> sync() override {
        if (::fdatasync(descriptor_) != 0) return failed("fsync", path_, errno);
        return {};
    }

    result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        std::size_t done = 0;
        while (done < into.size()) {
            const auto count = ::pread(descriptor_, into.data() + done, into.size() - done,
                                       static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed("read", path_, errno);
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
            return failed("truncate", path_, errno);
        }
        return {};
    }

    result<std::uint64_t> size() override {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) return failed("stat", path_, errno);
        return static_cast<std::uint64_t>(status.st_size);
    }

private:
    int descriptor_;
    std::string path_;
};

class posix_directory final : public directory {
public:
    explicit posix_directory(std::filesystem::path path) : path_(std::move(path)) {}

    result<std::unique_ptr<file>> open_for_reading(const std::string& name) override {
        return open(name, O_RDONLY);
    }
    result<std::unique_ptr<file>> open_for_writing(const std::string& name) override {
        return open(name, O_RDWR | O_APPEND);
    }
    result<std::unique_ptr<file>> create(const std::string& name) override {
        return open(name, O_RDWR | O_APPEND | O_CREAT | O_TRUNC);
    }

    result<void> rename(const std::string& from, const std::string& to) override {
        if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0) {
            return failed("rename", path_of(from), errno);
        }
        return {};
    }

    result<void> remove(const std::string& name) override {
        if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT) {
            return failed("remove", path_of(name), errno);
        }
        return {};
    }

    result<void> sync() override {
        const int descriptor = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return failed("open", path_.string(), errno);
        const int failure = ::fsync(descriptor) == 0 ? 0 : errno;
        ::close(descriptor);
        if (failure != 0) return failed("fsync", path_.string(), failure);
        return {};
    }

    result<std::vector<std::string>> names() override {
        std::error_code code;
        std::vector<std::string> found;
        for (std::filesystem::directory_iterator entry(path_, code), end; !code && entry != end;
             entry.increment(code)) {
            found.push_back(entry->path().filename().string());
        }
        if (code) return failed("list", path_.string(), code.value());
        std::ranges::sort(found);
        return found;
    }

    result<std::uint64_t> free_bytes() override {
        struct statvfs status{};
        if (::statvfs(path_.c_str(), &status) != 0) return failed("statvfs", path_.string(), errno);
        return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    }

    std::string path_of(const std::string& name) const override { return (path_ / name).string(); }

private:
    result<std::unique_ptr<file>> open(const std::string& name, int flags) {
        const auto path = path_of(name);
        // Row data of the source: nobody but the owner reads it.
        const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
        if (descriptor < 0) return failed("open", path, errno);
        return std::make_unique<posix_file>(descriptor, path);
    }

    std::filesystem::path path_;
};

} // namespace

result<std::unique_ptr<directory>> open_posix_directory(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::is_directory(path, code)) {
        return failed("open directory", path.string(), code ? code.value() : ENOTDIR);
    }
    return std::make_unique<posix_directory>(path);
}

result<directory_lock> directory_lock::acquire(const std::filesystem::path& path) {
    std::error_code code;
    const bool created = std::filesystem::create_directories(path, code);
    if (code) return failed("create directory", path.string(), code.value());
    if (created) std::filesystem::permissions(path, std::filesystem::perms::owner_all, code);
    if (code) return failed("set the mode of", path.string(), code.value());
    const auto name = (path / "lock").string();
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed("open", name, errno);
    directory_lock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failed("lock", name, errno);
        return protocol::fail(errc::locked, "the relay log in " + path.string() +
                                                " is in use by another process");
    }
    return lock;
}

directory_lock::directory_lock(directory_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

directory_lock& directory_lock::operator=(directory_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

directory_lock::~directory_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace understudy::relay
