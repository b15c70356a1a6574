#include "relay/inspection/byte_input.hpp"

#include "relay/errc.hpp"

#include <cerrno>
#include <fcntl.h>
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
    descriptor_input(int descriptor, std::string path, bool owned)
        : descriptor_(descriptor), path_(std::move(path)), owned_(owned) {}
    ~descriptor_input() override {
        if (owned_) ::close(descriptor_);
    }
    descriptor_input(const descriptor_input&) = delete;
    descriptor_input& operator=(const descriptor_input&) = delete;

    result<std::size_t> read(std::span<std::byte> into) override {
        for (;;) {
            const auto count = ::read(descriptor_, into.data(), into.size());
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno != EINTR) return failed("read", path_, errno);
        }
    }

private:
    int descriptor_;
    std::string path_;
    bool owned_;
};

} // namespace

result<std::unique_ptr<byte_input>> open_file_input(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failed("open", path.string(), errno);
    return std::make_unique<descriptor_input>(descriptor, path.string(), true);
}

std::unique_ptr<byte_input> standard_input() {
    return std::make_unique<descriptor_input>(STDIN_FILENO, "standard input", false);
}

} // namespace understudy::relay::inspection
