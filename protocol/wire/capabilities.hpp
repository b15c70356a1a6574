#pragma once

#include <cstdint>

namespace understudy::protocol::capability {

// Capability flags of the connection phase (manual: "Capabilities Flags"), those we look at.
inline constexpr std::uint64_t long_password = 1ULL << 0U; // clear in a greeting means MariaDB
inline constexpr std::uint64_t long_flag = 1ULL << 2U;
inline constexpr std::uint64_t connect_with_db = 1ULL << 3U;
inline constexpr std::uint64_t compress = 1ULL << 5U;
inline constexpr std::uint64_t protocol_41 = 1ULL << 9U;
inline constexpr std::uint64_t ssl = 1ULL << 11U;
inline constexpr std::uint64_t transactions = 1ULL << 13U;
inline constexpr std::uint64_t secure_connection = 1ULL << 15U;
inline constexpr std::uint64_t plugin_auth = 1ULL << 19U;
inline constexpr std::uint64_t connect_attributes = 1ULL << 20U;
inline constexpr std::uint64_t plugin_auth_lenenc = 1ULL << 21U;
inline constexpr std::uint64_t session_track = 1ULL << 23U;
inline constexpr std::uint64_t deprecate_eof = 1ULL << 24U;
inline constexpr std::uint64_t zstd_compression = 1ULL << 26U;
inline constexpr std::uint64_t multi_factor = 1ULL << 28U;

// Only what we parse: a flag that is agreed on and not understood shifts bytes somewhere. With
// multi_factor the server asks for a second factor, which we can name; without it just denies
// access.
inline constexpr std::uint64_t wanted = long_password | long_flag | protocol_41 | transactions |
                                        secure_connection | plugin_auth | connect_attributes |
                                        plugin_auth_lenenc | deprecate_eof | multi_factor;
// Every server since 5.5 has these.
inline constexpr std::uint64_t needed = protocol_41 | secure_connection | plugin_auth;

} // namespace understudy::protocol::capability
