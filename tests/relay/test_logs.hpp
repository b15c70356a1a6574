#pragma once

#include "relay/stored_log.hpp"
#include "tests/relay/memory_directory.hpp"
#include "tests/relay/source_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>

namespace understudy::relay_test {

// Frames of half a kilobyte and segments of four: a hundred groups fill many of each.
[[nodiscard]] inline relay::log_options small_options() {
    relay::log_options options;
    options.source_uuid = test_uuid();
    options.frame_bytes_max = 512;
    options.segment_bytes_max = 4'096;
    options.memory_bytes_max = 4'096;
    options.disk_reserve_bytes = 0;
    return options;
}

[[nodiscard]] inline state::source_position log_start() {
    return {{"binlog.000001", 4}, {}};
}

[[nodiscard]] inline std::unique_ptr<relay::log>
open_log(const std::shared_ptr<memory_directory>& where,
         const relay::log_options& options = small_options()) {
    auto opened = relay::stored_log::open_in(options, where, std::nullopt);
    EXPECT_TRUE(opened) << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
}

[[nodiscard]] inline std::unique_ptr<relay::log>
begin_log(const std::shared_ptr<memory_directory>& where,
          const relay::log_options& options = small_options()) {
    auto opened = open_log(where, options);
    EXPECT_TRUE(opened->empty());
    EXPECT_TRUE(opened->reset(log_start()));
    return opened;
}

// Empty if a reader from `position` gives exactly these events.
[[nodiscard]] inline std::string compare(relay::log& from, const state::source_position& position,
                                         std::span<const source_event> expected) {
    auto reader = from.open_reader(position);
    if (!reader) return reader.error().what;
    const auto got = read_available(**reader);
    if (!got) return got.error().what;
    return difference(*got, expected);
}

} // namespace understudy::relay_test
