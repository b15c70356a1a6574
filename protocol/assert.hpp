#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace understudy::protocol {

// A broken invariant is a bug of ours: going on could write wrong rows, so the process ends.
// The relay and the checkpoint are made for exactly that.
[[noreturn]] inline void assertion_failed(const char* expression,
                                          const std::source_location& where) {
    std::fprintf(stderr, "understudy: bug: '%s' does not hold in %s (%s:%u)\n", expression,
                 where.function_name(), where.file_name(), where.line());
    std::abort();
}

} // namespace understudy::protocol

// Stays on in release builds.
#define UNDERSTUDY_ASSERT(expression)                                                              \
    ((expression)                                                                                  \
         ? static_cast<void>(0)                                                                    \
         : ::understudy::protocol::assertion_failed(#expression, std::source_location::current()))
