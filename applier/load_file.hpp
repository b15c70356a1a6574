#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>

namespace understudy::applier {

// The file of a LOAD DATA that was logged as a statement, until the statement is executed: on disk,
// because it can be of any size, in /tmp, without a name, so that a crash leaves nothing. Written
// first, then read, by one thread at a time.
class load_file {
public:
    [[nodiscard]] static protocol::result<std::shared_ptr<load_file>> make();

    [[nodiscard]] protocol::result<void> append(std::span<const std::byte> data);
    // From the beginning on; a transaction that is made again reads it again.
    [[nodiscard]] protocol::result<void> rewind();
    // The next bytes; 0 at the end.
    [[nodiscard]] std::size_t read(std::span<char> into);
    // False also after an error of the disk.
    [[nodiscard]] bool was_read_whole() const { return read_bytes_ == size_bytes_; }

private:
    struct close {
        void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
    };
    std::unique_ptr<std::FILE, close> file_;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t read_bytes_ = 0;
};

} // namespace understudy::applier
