#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace understudy::test {

// What a random test starts from: UNDERSTUDY_TEST_SEED where it is set, which repeats a run that
// has failed; otherwise a new one. The test says it with its failures. Any thread.
[[nodiscard]] inline std::uint64_t random_seed() {
    const char* const given = std::getenv("UNDERSTUDY_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

} // namespace understudy::test
