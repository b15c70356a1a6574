#pragma once

#include "applier/event_shelf.hpp"
#include "applier/row_shaper.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace understudy::applier {

// The relay log as it would be if the source's tables had the rows and columns of the target's
// (objects.tables): TABLE_MAPs and rows events of tables with a shape are replaced by what
// row_shaper makes of them, all of which end where the replaced event ends. Everything behind this
// reader knows nothing of shapes. Used like the reader it wraps, which gives events without
// compression (unpacking_reader); the selection lives longer.
class shaping_reader final : public relay::reader {
public:
    shaping_reader(std::unique_ptr<relay::reader> plain, const state::object_selection& selection)
        : plain_(std::move(plain)), selection_(&selection) {}

    // errc::unsupported_event: the table at hand does not fit its shape.
    [[nodiscard]] protocol::result<std::optional<relay::stored_event>> next() override;
    [[nodiscard]] std::optional<std::uint64_t> unread() const override { return plain_->unread(); }
    void release_until(const protocol::binlog_position& applied) override {
        plain_->release_until(applied);
    }

private:
    using stored = relay::stored_event;

    [[nodiscard]] protocol::result<void> take_map(const stored& origin,
                                                  const protocol::event_view& event);
    [[nodiscard]] protocol::result<void> take_rows(const stored& origin,
                                                   const protocol::event_view& event);
    [[nodiscard]] protocol::result<std::shared_ptr<row_shaper>>
    shaper_for(const protocol::event_view& event);

    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    std::unique_ptr<relay::reader> plain_;
    const state::object_selection* selection_;
    protocol::format_description format_;
    event_shelf shelf_;
    // By the map's bytes behind the table id; null: the table has no shape.
    std::unordered_map<std::string, std::shared_ptr<row_shaper>, text_hash, std::equal_to<>>
        layouts_;
    std::unordered_map<std::uint64_t, std::shared_ptr<row_shaper>> open_; // by table id
    std::deque<stored> ready_;
    std::vector<std::byte> documents_; // rows of an UPDATE whose JSON changes were made whole
};

} // namespace understudy::applier
