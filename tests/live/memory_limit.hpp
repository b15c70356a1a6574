#pragma once

namespace understudy::test {

// Resident memory that the program may ever take. Sanitizers multiply it, so the figure counts in
// builds without them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr long memory_max_kib = 3L * 1024 * 1024;
#else
inline constexpr long memory_max_kib = 256L * 1024;
#endif
#else
inline constexpr long memory_max_kib = 256L * 1024;
#endif

} // namespace understudy::test
