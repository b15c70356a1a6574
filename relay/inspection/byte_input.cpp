#include "relay/inspection/byte_input.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::result;

std::unexpected<protocol::error> failed(const std::string& what, const std::string& path,
                                        int number) {
    return protocol::fail(errc::io_failed, "cannot " + what + " " + path + ": " +
                                               std::generic_category().message(number));
}

class descriptor_input final : public byte_input {
public:
    descriptor_input(int descriptor, std::string path, bool owned,
                     std::uint64_t limit = std::numeric_limits<std::uint64_t>::max())
        : descriptor_(descriptor), path_(std::move(path)), owned_(owned), left_(limit) {}
    ~descriptor_input() override {
        if (owned_) ::close(descriptor_);
    }
    descriptor_input(const descriptor_input&) = delete;
    descriptor_input& operator=(const descriptor_input&) = delete;

    result<std::size_t> read(std::span<std::byte> into) override {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
        if (wanted == 0) return 0U;
        for (;;) {
            const auto count = ::read(descriptor_, into.data(), wanted);
            if (count >= 0) {
                left_ -= static_cast<std::uint64_t>(count);
                return static_cast<std::size_t>(count);
            }
            if (errno != EINTR) return failed("read", path_, errno);
        }
    }

private:
    int descriptor_;
    std::string path_;
    bool owned_;
    std::uint64_t left_; // that may be read
};

} // namespace

result<std::unique_ptr<byte_input>> open_file_input(const std::filesystem::path& path) {
    return open_file_part(path, 0, std::nullopt);
}

result<std::unique_ptr<byte_input>> open_file_part(const std::filesystem::path& path,
                                                   std::uint64_t begin,
                                                   std::optional<std::uint64_t> end) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failed("open", path.string(), errno);
    const auto limit = end ? *end - begin : std::numeric_limits<std::uint64_t>::max();
    auto opened = std::make_unique<descriptor_input>(descriptor, path.string(), true, limit);
    if (begin != 0 && ::lseek(descriptor, static_cast<off_t>(begin), SEEK_SET) < 0)
        return failed("read", path.string(), errno);
    return opened;
}

std::unique_ptr<byte_input> standard_input() {
    return std::make_unique<descriptor_input>(STDIN_FILENO, "standard input", false);
}

} // namespace understudy::relay::inspection
