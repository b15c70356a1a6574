#include "apps/inspection/temporary_file.hpp"

#include "relay/errc.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace understudy::apps {

namespace {

using protocol::result;

std::string folder() {
    const char* chosen = std::getenv("TMPDIR");
    return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
}

std::unexpected<protocol::error> failed(const std::string& what, int number) {
    const auto code =
        number == ENOSPC || number == EDQUOT ? relay::errc::disk_full : relay::errc::io_failed;
    return protocol::fail(
        code, "cannot " + what + " a temporary file in " + folder() +
                  " (TMPDIR names another place): " + std::generic_category().message(number));
}

int open_nameless() {
    auto name = folder() + "/understudy-XXXXXX";
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) ::unlink(name.c_str());
    return descriptor;
}

} // namespace

temporary_file::~temporary_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

result<void> temporary_file::append(std::string_view bytes) {
    if (descriptor_ < 0) descriptor_ = open_nameless();
    if (descriptor_ < 0) return failed("make", errno);
    while (!bytes.empty()) {
        const auto count =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("write", errno);
        size_ += static_cast<std::uint64_t>(count);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

result<void> temporary_file::read_at(std::uint64_t offset, std::span<char> into) const {
    while (!into.empty()) {
        const auto count =
            ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed("read", count < 0 ? errno : EIO);
        offset += static_cast<std::uint64_t>(count);
        into = into.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

result<void> temporary_file::clear() {
    if (size_ > 0 && ::ftruncate(descriptor_, 0) != 0) return failed("empty", errno);
    size_ = 0;
    return {};
}

} // namespace understudy::apps
