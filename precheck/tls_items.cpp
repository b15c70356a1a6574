// Whether a connection is private, and for how long.

#include "precheck/items.hpp"

namespace understudy::precheck {

namespace {

[[nodiscard]] bool is_loopback(std::string_view host) {
    return host.starts_with('/') || host == "localhost" || host == "::1" ||
           host.starts_with("127.");
}

[[nodiscard]] item encryption(std::string_view side, const protocol::connect_options& options,
                              const std::string& tls_version) {
    using protocol::tls_mode;
    const std::string id = std::string(side) + ".tls";
    const std::string title = "encryption";
    const std::string mode = "tls.mode = \"" + std::string(to_string(options.tls.mode)) + "\"";
    const bool verified =
        options.tls.mode == tls_mode::verify_ca || options.tls.mode == tls_mode::verify_identity;
    const std::string seen = (tls_version.empty() ? "none" : tls_version) + ", " + mode;
    if (is_loopback(options.host) || (verified && !tls_version.empty())) {
        return pass(id, severity::warning, title,
                    is_loopback(options.host) ? seen + ", on this machine" : seen);
    }
    const std::string why =
        tls_version.empty()
            ? "passwords aside, every row can be read and changed on the way"
            : "the server's certificate is not verified: somebody in between could pose as it";
    return {id,
            severity::warning,
            outcome::failed,
            title,
            seen,
            why,
            "[" + std::string(side) + "] tls.mode = \"verify-identity\", tls.ca = \"ca.pem\""};
}

// Of what is checked: who does not look at the certificate is not stopped by its end.
[[nodiscard]] std::vector<item> certificate(std::string_view side, const server_seen& server) {
    constexpr std::int64_t days_min = 14;
    if (server.tls_version.empty() || !server.certificate_days) return {};
    const std::string id = std::string(side) + ".certificate";
    const std::string title = "server's certificate";
    const std::int64_t days = *server.certificate_days;
    const std::string seen =
        days < 0 ? "has expired" : "good for " + counted(static_cast<std::size_t>(days), "day");
    constexpr std::uint32_t reloads_since = 80016;
    const std::string reload = server.is_mariadb ? "FLUSH SSL;"
                               : server.version_number < reloads_since
                                   ? "restart the server"
                                   : "ALTER INSTANCE RELOAD TLS;";
    if (days >= days_min) return {pass(id, severity::warning, title, seen)};
    return {{id, severity::warning, outcome::failed, title, seen,
             "once it has expired, nobody who verifies it can connect, this task included",
             "Put a new certificate where ssl_cert and ssl_key point, then " + reload}};
}

} // namespace

std::vector<item> tls_items(std::string_view side, const protocol::connect_options& options,
                            const server_seen& server) {
    std::vector<item> all{encryption(side, options, server.tls_version)};
    for (item& one : certificate(side, server))
        all.push_back(std::move(one));
    return all;
}

} // namespace understudy::precheck
