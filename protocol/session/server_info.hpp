#pragma once

#include <cstdint>
#include <string>

namespace understudy::protocol {

// What a server says of itself in its greeting.
struct server_info {
    std::string
        version; // "9.7.4", "10.11.19-MariaDB-…" (the "5.5.5-" prefix of MariaDB is taken off)
    std::uint32_t version_number = 0; // 90704, 50624, 101119
    bool is_mariadb = false;
    std::uint32_t connection_id = 0;
    std::uint64_t capabilities = 0; // agreed ones
    bool encrypted = false;
    std::string tls_version; // "TLSv1.3", empty without TLS
};

} // namespace understudy::protocol
