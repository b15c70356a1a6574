#include "relay/inspection/open_source.hpp"

#include "relay/inspection/binlog_cutter.hpp"
#include "relay/inspection/binlog_file_source.hpp"
#include "relay/inspection/segment_cutter.hpp"

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

result<std::unique_ptr<event_source>> open_paths(const std::vector<std::filesystem::path>& paths,
                                                 const open_options& options) {
    if (paths.size() == 1) return open_one(paths.front(), options.follow, options);
    return std::make_unique<chained_source>(paths, options);
}

result<event_stream> open_stream(const std::vector<std::filesystem::path>& paths,
                                 const open_options& options) {
    auto source = open_paths(paths, options);
    if (!source) return std::unexpected(std::move(source.error()));
    return event_stream(std::move(*source), event_stream::checksums::check);
}

namespace {

class path_cutter final : public log_cutter {
public:
    path_cutter(std::vector<std::filesystem::path> paths, piece_options options)
        : paths_(std::move(paths)), options_(std::move(options)) {}

    result<std::optional<log_piece>> next() override {
        for (;;) {
            if (current_) {
                auto piece = current_->next();
                if (!piece || *piece) return piece;
            }
            if (next_ == paths_.size()) return std::nullopt;
            auto opened = open(paths_[next_++]);
            if (!opened) return std::unexpected(std::move(opened.error()));
            current_ = std::move(*opened);
        }
    }

private:
    [[nodiscard]] result<std::unique_ptr<log_cutter>> open(const std::filesystem::path& given) {
        const auto path = relay_path(given);
        if (!is_relay_path(path)) return binlog_cutter::open(path);
        return segment_cutter::open(path, {.wanted = options_.wanted,
                                           .keys = options_.keys,
                                           .with_index = options_.with_index,
                                           .whole_segments = options_.whole_segments});
    }

    std::vector<std::filesystem::path> paths_;
    piece_options options_;
    std::size_t next_ = 0;
    std::unique_ptr<log_cutter> current_;
};

class whole_log final : public log_cutter {
public:
    whole_log(std::vector<std::filesystem::path> paths, open_options options)
        : paths_(std::move(paths)), options_(std::move(options)) {}

    result<std::optional<log_piece>> next() override {
        if (std::exchange(given_, true)) return std::nullopt;
        return log_piece{[this](const piece_context& context) {
            auto options = options_;
            options.indexed = context.indexed;
            options.entered = context.entered;
            return open_paths(paths_, options);
        }};
    }

private:
    std::vector<std::filesystem::path> paths_;
    open_options options_;
    bool given_ = false;
};

} // namespace

std::unique_ptr<log_cutter> cut_paths(std::vector<std::filesystem::path> paths,
                                      piece_options options) {
    return std::make_unique<path_cutter>(std::move(paths), std::move(options));
}

std::unique_ptr<log_cutter> whole_paths(std::vector<std::filesystem::path> paths,
                                        open_options options) {
    return std::make_unique<whole_log>(std::move(paths), std::move(options));
}

} // namespace understudy::relay::inspection
