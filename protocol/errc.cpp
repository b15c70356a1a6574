#include "protocol/errc.hpp"

#include <string>

namespace understudy::protocol {

namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "understudy.protocol"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::truncated: return "the bytes end before the value does";
        case errc::malformed: return "malformed bytes";
        case errc::checksum_mismatch: return "checksum mismatch";
        case errc::unsupported: return "not supported";
        case errc::unknown_event: return "unknown event";
        case errc::limit_exceeded: return "a size limit is exceeded";
        case errc::connect_failed: return "could not connect";
        case errc::connection_lost: return "connection lost";
        case errc::timed_out: return "timed out";
        case errc::tls_failed: return "TLS failed";
        case errc::tls_not_offered: return "the server does not offer TLS";
        case errc::access_denied: return "access denied";
        case errc::plugin_unsupported: return "authentication plugin not supported";
        case errc::password_exposed: return "the password would go out in clear text";
        case errc::server_error: return "the server reported an error";
        case errc::source_unsuitable: return "the source cannot be replicated from";
        case errc::binlog_position_lost: return "the source no longer has the requested position";
        case errc::cancelled: return "stopped on request";
        }
        return "unknown protocol error";
    }
};

} // namespace

const std::error_category& protocol_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), protocol_category()};
}

} // namespace understudy::protocol
