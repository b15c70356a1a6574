#include "applier/load_file.hpp"

#include "applier/errc.hpp"

#include <cerrno>
#include <cstring>
#include <string>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

std::unexpected<protocol::error> failed(std::string_view step) {
    const int number = errno;
    return fail(errc::unsupported_event,
                std::string(step) + " the file of a LOAD DATA statement of the source in /tmp: " +
                    std::strerror(number));
}

} // namespace

result<std::shared_ptr<load_file>> load_file::make() {
    auto made = std::make_shared<load_file>();
    made->file_.reset(std::tmpfile());
    if (!made->file_) return failed("making");
    return made;
}

result<void> load_file::append(std::span<const std::byte> data) {
    if (std::fwrite(data.data(), 1, data.size(), file_.get()) != data.size())
        return failed("writing");
    size_bytes_ += data.size();
    return {};
}

result<void> load_file::rewind() {
    if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0)
        return failed("reading");
    read_bytes_ = 0;
    return {};
}

std::size_t load_file::read(std::span<char> into) {
    const std::size_t count = std::fread(into.data(), 1, into.size(), file_.get());
    read_bytes_ += count;
    return count;
}

} // namespace understudy::applier
