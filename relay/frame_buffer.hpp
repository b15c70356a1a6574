#pragma once

#include "protocol/assert.hpp"
#include "relay/format.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay {

// Memory of finished frames, for the next ones: a frame's worth of fresh pages costs more than
// filling it. Thread-safe.
class buffer_pool {
public:
    using memory = std::unique_ptr<std::byte[]>;

    buffer_pool(std::size_t buffer_size, std::size_t buffers_max)
        : buffer_size_(buffer_size), buffers_max_(buffers_max) {}

    [[nodiscard]] memory take(std::size_t size) {
        if (size == buffer_size_) {
            const std::scoped_lock lock(mutex_);
            if (!free_.empty()) {
                auto taken = std::move(free_.back());
                free_.pop_back();
                return taken;
            }
        }
        return std::make_unique_for_overwrite<std::byte[]>(size);
    }
    void give_back(memory bytes, std::size_t size) {
        if (size != buffer_size_) return;
        const std::scoped_lock lock(mutex_);
        if (free_.size() < buffers_max_) free_.push_back(std::move(bytes));
    }

private:
    std::mutex mutex_;
    std::size_t buffer_size_;
    std::size_t buffers_max_;
    std::vector<memory> free_;
};

// The raw bytes of one frame and what is known of them. Filled by the appending thread; readers use
// the first readable() bytes, which never change or move, while the rest is still being filled. The
// header belongs to the appending thread until the frame is closed and is fixed from then on;
// header.file, kind and start_offset of a frame that readers can see do not change before that.
class frame_buffer {
public:
    frame_buffer(std::shared_ptr<buffer_pool> pool, std::size_t capacity,
                 std::shared_ptr<const std::string> file)
        : pool_(std::move(pool)), memory_(pool_->take(capacity)), capacity_(capacity),
          file_(std::move(file)) {
        header.file = *file_;
    }
    ~frame_buffer() { pool_->give_back(std::move(memory_), capacity_); }
    frame_buffer(const frame_buffer&) = delete;
    frame_buffer& operator=(const frame_buffer&) = delete;

    frame_header header;

    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t room() const { return capacity_ - size_; }
    [[nodiscard]] const std::shared_ptr<const std::string>& file() const { return file_; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return {memory_.get(), size_}; }
    [[nodiscard]] std::span<std::byte> memory() { return {memory_.get(), capacity_}; }
    // For readers: bytes from the beginning that are theirs.
    [[nodiscard]] std::span<const std::byte> readable_bytes() const {
        return {memory_.get(), readable()};
    }

    void append(std::span<const std::byte> more) {
        UNDERSTUDY_ASSERT(more.size() <= room());
        std::memcpy(memory_.get() + size_, more.data(), more.size());
        size_ += more.size();
    }
    // For bytes that were read into memory().
    void fill_up() { size_ = capacity_; }
    // Takes bytes off the end that no reader has seen.
    void shrink(std::size_t size) {
        UNDERSTUDY_ASSERT(size <= size_ && size >= readable());
        size_ = size;
    }

    // seq_cst, together with the flag of waiting readers: a reader that finds nothing here and then
    // announces that it waits is either seen by the appender or sees the bytes when it looks again.
    void set_readable(std::size_t size) { readable_.store(size); }
    [[nodiscard]] std::size_t readable() const { return readable_.load(); }
    void set_closed() { closed_.store(true); }
    [[nodiscard]] bool closed() const { return closed_.load(); }

private:
    std::shared_ptr<buffer_pool> pool_;
    buffer_pool::memory memory_;
    std::size_t capacity_;
    std::shared_ptr<const std::string> file_;
    std::size_t size_ = 0;
    std::atomic<std::size_t> readable_{0};
    std::atomic<bool> closed_{false};
};

} // namespace understudy::relay
