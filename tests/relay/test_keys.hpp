#pragma once

#include "relay/key_ring.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace understudy::relay_test {

// A ring with a key for each letter from a to f, the last one the newest; "": an empty ring.
[[nodiscard]] inline relay::key_ring test_keys(std::string_view ids) {
    if (ids.empty()) return {};
    std::string text;
    for (const char id : ids)
        text += std::string(1, id) + " " + std::string(64, id) + "\n";
    auto parsed = relay::key_ring::parse(text, "test keys");
    EXPECT_TRUE(parsed) << parsed.error().what;
    return parsed ? *parsed : relay::key_ring{};
}

} // namespace understudy::relay_test
