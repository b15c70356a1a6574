#pragma once

#include "relay/file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace understudy::relay_test {

// A relay directory in memory that knows what survives a crash and fails on command.
class memory_directory final : public relay::directory,
                               public std::enable_shared_from_this<memory_directory> {
public:
    struct content {
        std::vector<std::byte> bytes;
        std::vector<std::byte> durable; // as of the last sync
    };
    using names_to_contents = std::map<std::string, std::shared_ptr<content>>;

    protocol::result<std::unique_ptr<relay::file>>
    open_for_reading(const std::string& name) override;
    protocol::result<std::unique_ptr<relay::file>>
    open_for_writing(const std::string& name) override;
    protocol::result<std::unique_ptr<relay::file>> create(const std::string& name) override;
    protocol::result<void> rename(const std::string& from, const std::string& to) override;
    protocol::result<void> remove(const std::string& name) override;
    protocol::result<void> sync() override;
    protocol::result<std::vector<std::string>> names() override;
    protocol::result<std::uint64_t> free_bytes() override;
    std::string path_of(const std::string& name) const override { return "memory/" + name; }

    // Bytes that may still be written; appends that need more write what fits and fail.
    void set_free(std::uint64_t bytes);
    // What free_bytes() claims beyond that, to let writes run into the wall.
    void set_pretended_free(std::uint64_t bytes);
    // Called before every sync of a file or the directory.
    void on_sync(std::function<void()> callback);

    // The directory as it may be found after a power cut: what was synced, and of what was not any
    // mixture of 16-byte blocks, if `random` is given.
    [[nodiscard]] std::shared_ptr<memory_directory> after_power_cut(std::minstd_rand* random) const;
    // As after the end of the process only.
    [[nodiscard]] std::shared_ptr<memory_directory> copy() const;
    [[nodiscard]] std::vector<std::byte> read(const std::string& name) const;
    void write(const std::string& name, std::vector<std::byte> bytes);

private:
    friend class memory_file;
    protocol::result<void> append(content& file, const std::string& name,
                                  std::span<const std::byte> bytes);

    mutable std::mutex mutex_;
    names_to_contents files_;
    names_to_contents durable_files_;
    std::uint64_t free_ = UINT64_MAX / 2;
    std::uint64_t pretended_ = 0;
    std::function<void()> before_sync_;
};

} // namespace understudy::relay_test
