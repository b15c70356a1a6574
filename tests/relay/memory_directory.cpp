#include "tests/relay/memory_directory.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <cstring>

namespace understudy::relay_test {

using protocol::fail;
using protocol::result;

class memory_file final : public relay::file {
public:
    memory_file(std::shared_ptr<memory_directory> where, std::string name,
                std::shared_ptr<memory_directory::content> bytes)
        : where_(std::move(where)), name_(std::move(name)), content_(std::move(bytes)) {}

    result<void> append(std::span<const std::byte> bytes) override {
        return where_->append(*content_, name_, bytes);
    }
    result<void> sync() override {
        std::function<void()> before;
        {
            const std::scoped_lock lock(where_->mutex_);
            before = where_->before_sync_;
        }
        if (before) before();
        const std::scoped_lock lock(where_->mutex_);
        content_->durable = content_->bytes;
        return {};
    }
    result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        const std::scoped_lock lock(where_->mutex_);
        const auto& bytes = content_->bytes;
        if (offset >= bytes.size()) return 0;
        const auto count = std::min<std::size_t>(into.size(), bytes.size() - offset);
        if (count > 0) std::memcpy(into.data(), bytes.data() + offset, count);
        return count;
    }
    result<void> truncate(std::uint64_t size) override {
        const std::scoped_lock lock(where_->mutex_);
        where_->free_ +=
            content_->bytes.size() - std::min<std::size_t>(content_->bytes.size(), size);
        content_->bytes.resize(size);
        return {};
    }
    result<std::uint64_t> size() override {
        const std::scoped_lock lock(where_->mutex_);
        return content_->bytes.size();
    }

private:
    std::shared_ptr<memory_directory> where_;
    std::string name_;
    std::shared_ptr<memory_directory::content> content_;
};

result<void> memory_directory::append(content& file, const std::string& name,
                                      std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    const auto count = std::min<std::uint64_t>(bytes.size(), free_);
    file.bytes.insert(file.bytes.end(), bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(count));
    free_ -= count;
    if (count < bytes.size()) {
        return fail(relay::errc::disk_full, "cannot write " + path_of(name) + ": no space left");
    }
    return {};
}

result<std::unique_ptr<relay::file>> memory_directory::open_for_reading(const std::string& name) {
    return open_for_writing(name);
}

result<std::unique_ptr<relay::file>> memory_directory::open_for_writing(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) {
        return fail(relay::errc::io_failed, "cannot open " + path_of(name) + ": no such file");
    }
    return std::make_unique<memory_file>(shared_from_this(), name, found->second);
}

result<std::unique_ptr<relay::file>> memory_directory::create(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto& file = files_[name];
    file = std::make_shared<content>();
    return std::make_unique<memory_file>(shared_from_this(), name, file);
}

result<void> memory_directory::rename(const std::string& from, const std::string& to) {
    const std::scoped_lock lock(mutex_);
    auto node = files_.extract(from);
    files_[to] = std::move(node.mapped());
    return {};
}

result<void> memory_directory::remove(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return {};
    free_ += found->second->bytes.size();
    files_.erase(found);
    return {};
}

result<void> memory_directory::sync() {
    std::function<void()> before;
    {
        const std::scoped_lock lock(mutex_);
        before = before_sync_;
    }
    if (before) before();
    const std::scoped_lock lock(mutex_);
    durable_files_ = files_;
    return {};
}

result<std::vector<std::string>> memory_directory::names() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [name, file] : files_)
        found.push_back(name);
    return found;
}

result<std::uint64_t> memory_directory::free_bytes() {
    const std::scoped_lock lock(mutex_);
    return free_ + pretended_;
}

void memory_directory::set_free(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    free_ = bytes;
}

void memory_directory::set_pretended_free(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    pretended_ = bytes;
}

void memory_directory::on_sync(std::function<void()> callback) {
    const std::scoped_lock lock(mutex_);
    before_sync_ = std::move(callback);
}

std::shared_ptr<memory_directory>
memory_directory::after_power_cut(std::minstd_rand* random) const {
    constexpr std::size_t block = 16;
    const std::scoped_lock lock(mutex_);
    auto found = std::make_shared<memory_directory>();
    for (const auto& [name, file] : durable_files_) {
        auto kept = std::make_shared<content>();
        kept->bytes = file->durable;
        if (random != nullptr && file->bytes.size() > kept->bytes.size()) {
            const auto rest = file->bytes.size() - kept->bytes.size();
            const auto size = kept->bytes.size() + (*random)() % (rest + 1);
            for (auto at = kept->bytes.size(); at < size; at += block) {
                const auto count = std::min(block, size - at);
                const bool written = (*random)() % 4 != 0;
                for (std::size_t i = 0; i < count; ++i) {
                    kept->bytes.push_back(written ? file->bytes[at + i] : std::byte{0});
                }
            }
        }
        kept->durable = kept->bytes;
        found->files_[name] = kept;
    }
    found->durable_files_ = found->files_;
    return found;
}

std::shared_ptr<memory_directory> memory_directory::copy() const {
    const std::scoped_lock lock(mutex_);
    auto found = std::make_shared<memory_directory>();
    for (const auto& [name, file] : files_) {
        found->files_[name] = std::make_shared<content>(content{file->bytes, file->bytes});
    }
    found->durable_files_ = found->files_;
    return found;
}

std::vector<std::byte> memory_directory::read(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    return found == files_.end() ? std::vector<std::byte>{} : found->second->bytes;
}

void memory_directory::write(const std::string& name, std::vector<std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    files_[name] = std::make_shared<content>(content{bytes, bytes});
}

} // namespace understudy::relay_test
