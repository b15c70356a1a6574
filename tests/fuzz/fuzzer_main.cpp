#include "tests/fuzz/fuzz_target.hpp"

#include <cstdint>

// UNDERSTUDY_FUZZ_TARGET is the function that this program feeds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    understudy::fuzz::UNDERSTUDY_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
    return 0;
}
