#include "relay/inspection/open_source.hpp"

#include "relay/inspection/binlog_file_source.hpp"

#include <system_error>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::result;

result<std::unique_ptr<event_source>> open_one(const std::filesystem::path& given, bool follow,
                                               const open_options& options) {
    const auto path = relay_path(given);
    if (options.entered) options.entered(path);
    if (given == "-") return std::make_unique<binlog_file_source>(standard_input(), "stdin");
    if (is_relay_path(path))
        return segment_source::open(path, follow, options.wanted, options.keys, options.indexed);
    return binlog_file_source::open(path, follow);
}

// One behind the other; only one is open at a time.
class chained_source final : public event_source {
public:
    chained_source(std::vector<std::filesystem::path> paths, open_options options)
        : paths_(std::move(paths)), options_(std::move(options)) {}

    result<std::optional<raw_event>> next() override {
        for (;;) {
            if (!current_) {
                const bool last = next_ + 1 == paths_.size();
                auto opened = open_one(paths_[next_], options_.follow && last, options_);
                if (!opened) return std::unexpected(std::move(opened.error()));
                current_ = std::move(*opened);
                ++next_;
            }
            auto event = current_->next();
            if (!event || *event || next_ == paths_.size()) return event;
            unfinished_ += current_->unfinished_bytes();
            current_.reset();
        }
    }
    std::uint64_t unfinished_bytes() const override {
        return unfinished_ + (current_ ? current_->unfinished_bytes() : 0);
    }
    std::string place() const override {
        return current_ ? current_->place() : paths_[next_].string();
    }

private:
    std::vector<std::filesystem::path> paths_;
    open_options options_;
    std::size_t next_ = 0;
    std::unique_ptr<event_source> current_;
    std::uint64_t unfinished_ = 0;
};

} // namespace

std::filesystem::path relay_path(const std::filesystem::path& given) {
    std::error_code failure;
    return std::filesystem::is_directory(given / "relay", failure) ? given / "relay" : given;
}

result<event_stream> open_stream(const std::vector<std::filesystem::path>& paths,
                                 const open_options& options) {
    if (paths.size() == 1) {
        auto one = open_one(paths.front(), options.follow, options);
        if (!one) return std::unexpected(std::move(one.error()));
        return event_stream(std::move(*one), event_stream::checksums::check);
    }
    return event_stream(std::make_unique<chained_source>(paths, options),
                        event_stream::checksums::check);
}

} // namespace understudy::relay::inspection
