#include "apps/daemon_files.hpp"

#include "state/durable_file.hpp"
#include "state/errc.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <string_view>
#include <sys/random.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

namespace {

namespace json = boost::json;
using state::errc;

constexpr const char* lock_name = "serve.lock";
constexpr const char* address_name = "serve.json";
constexpr const char* token_name = "api-token";
constexpr const char* certificate_name = "api-certificate.pem";

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

std::string pid_in(int fd) {
    std::array<char, 24> text{};
    const ssize_t count = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return pid.substr(0, pid.find('\n'));
}

protocol::result<std::string> make_token() {
    std::array<unsigned char, 32> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return protocol::fail(errc::io_failed, "the system gives no random bytes");
    constexpr std::string_view digits = "0123456789abcdef";
    std::string token;
    for (const unsigned char byte : bytes) {
        token += digits[byte >> 4U];
        token += digits[byte & 15U];
    }
    return token;
}

} // namespace

daemon_files::daemon_files(std::filesystem::path data_dir, int lock_fd, std::string token)
    : data_dir_(std::move(data_dir)), lock_fd_(lock_fd), token_(std::move(token)) {}

daemon_files::~daemon_files() {
    std::error_code ignored;
    std::filesystem::remove(data_dir_ / address_name, ignored);
    std::filesystem::remove(data_dir_ / token_name, ignored);
    std::filesystem::remove(data_dir_ / certificate_name, ignored);
    ::close(lock_fd_);
}

protocol::result<std::unique_ptr<daemon_files>>
daemon_files::open(const std::filesystem::path& data_dir) {
    const auto failed = [&](const std::filesystem::path& path) {
        const int number = errno;
        return protocol::fail(errc::io_failed,
                              path.string() + ": " + std::generic_category().message(number));
    };
    std::error_code failure;
    std::filesystem::create_directories(data_dir.parent_path(), failure);
    if (::mkdir(data_dir.c_str(), 0700) != 0 && errno != EEXIST) return failed(data_dir);
    const auto path = data_dir / lock_name;
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return failed(path);
    struct flock lock = whole_file();
    if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        const std::string pid = pid_in(fd);
        ::close(fd);
        return protocol::fail(errc::already_running, "a daemon runs already from " +
                                                         data_dir.string() + " (process " + pid +
                                                         ")");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    auto token = make_token();
    const bool noted = ::ftruncate(fd, 0) == 0 &&
                       ::pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
    if (!token || !noted) {
        auto why = token ? protocol::result<void>(failed(path)) : std::unexpected(token.error());
        ::close(fd);
        return std::unexpected(why.error());
    }
    return std::unique_ptr<daemon_files>(new daemon_files(data_dir, fd, *std::move(token)));
}

// The address last: whoever finds it finds the others too.
protocol::result<void> daemon_files::announce(const std::string& url,
                                              const std::string& certificate) {
    if (auto written = state::write_durably(data_dir_ / token_name, token_ + "\n"); !written)
        return written;
    const auto file = data_dir_ / certificate_name;
    if (!certificate.empty()) {
        if (auto written = state::write_durably(file, certificate); !written) return written;
    }
    const json::object address{{"pid", ::getpid()},
                               {"url", url},
                               {"certificate", certificate.empty() ? "" : file.string()}};
    return state::write_durably(data_dir_ / address_name, json::serialize(address) + "\n");
}

protocol::result<std::optional<daemon_address>>
daemon_files::find(const std::filesystem::path& data_dir) {
    const auto path = data_dir / lock_name;
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (fd < 0) {
        return protocol::fail(errc::io_failed,
                              path.string() + ": " + std::generic_category().message(errno) +
                                  ". Run this as the user that the daemon runs as");
    }
    struct flock lock = whole_file();
    const bool locked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ::close(fd);
    if (!locked) return std::nullopt;
    const auto text = state::read_whole(data_dir / address_name);
    if (!text) return std::nullopt; // it starts or ends at this moment
    auto token = state::read_whole(data_dir / token_name);
    if (!token) return std::unexpected(token.error());
    while (token->ends_with('\n'))
        token->pop_back();
    // Boost.JSON's accessors throw; the border of that is here.
    try {
        const json::value address = json::parse(*text);
        return daemon_address{.pid = address.at("pid").to_number<pid_t>(),
                              .url = std::string(address.at("url").as_string()),
                              .certificate = std::string(address.at("certificate").as_string()),
                              .token = *std::move(token)};
    } catch (const std::exception& failure) {
        return protocol::fail(errc::damaged,
                              (data_dir / address_name).string() + ": " + failure.what());
    }
}

} // namespace understudy::apps
