#pragma once

#include "relay/log.hpp"

#include <memory>
#include <optional>

namespace understudy::applier {

// The relay log up to a position that moves: the end of a transaction, behind which nothing is
// given. Used like the reader it wraps; the bound outlives it and is changed between calls only.
class bounded_reader final : public relay::reader {
public:
    bounded_reader(std::unique_ptr<relay::reader> all, const protocol::binlog_position& bound)
        : all_(std::move(all)), bound_(bound) {}

    [[nodiscard]] protocol::result<std::optional<relay::stored_event>> next() override {
        if (!next_) {
            auto read = all_->next();
            if (!read || !*read) return read;
            next_ = std::move(**read);
        }
        // Every event of a transaction before the bound begins before it, and no other does.
        const auto size = next_->bytes.size();
        const auto begin = next_->end_offset > size ? next_->end_offset - size : 0;
        if (protocol::binlog_position{*next_->file, begin} >= bound_) return std::nullopt;
        return std::exchange(next_, std::nullopt);
    }
    // Of the whole log.
    [[nodiscard]] std::optional<std::uint64_t> unread() const override { return all_->unread(); }
    void release_until(const protocol::binlog_position& applied) override {
        all_->release_until(applied);
    }

private:
    std::unique_ptr<relay::reader> all_;
    const protocol::binlog_position& bound_;
    std::optional<relay::stored_event> next_;
};

} // namespace understudy::applier
