#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace understudy::apps {

// A file without a name in $TMPDIR (or /tmp) that is gone with the process, however that ends. Made
// when the first bytes come. One thread. Errors are errc::io_failed or disk_full of the relay room.
class temporary_file {
public:
    temporary_file() = default;
    ~temporary_file();
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    [[nodiscard]] protocol::result<void> append(std::string_view bytes);
    // All of `into`, which must be there.
    [[nodiscard]] protocol::result<void> read_at(std::uint64_t offset, std::span<char> into) const;
    [[nodiscard]] protocol::result<void> clear();
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

} // namespace understudy::apps
