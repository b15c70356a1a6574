#pragma once

#include "apps/relay_pump.hpp"
#include "apps/relay_supply.hpp"
#include "relay/log.hpp"

#include <memory>
#include <utility>

namespace understudy::apps {

// The relay log of one task, and nobody else's.
class own_relay final : public relay_supply {
public:
    explicit own_relay(std::unique_ptr<relay::log> of_task) : log_(std::move(of_task)) {}
    ~own_relay() override { pump_.stop(); }

    [[nodiscard]] relay::log& log() override { return *log_; }
    void start(relay::receiver_options options, state::status_board& board,
               end_sink ended) override {
        pump_.start(*log_, std::move(options), board, std::move(ended));
    }
    void stop() override { pump_.stop(); }
    void allow_switch(protocol::binlog_position after) override {
        pump_.allow_switch(std::move(after));
    }

private:
    std::unique_ptr<relay::log> log_;
    relay_pump pump_;
};

} // namespace understudy::apps
