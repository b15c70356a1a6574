#include "protocol/session/sign_in_error.hpp"

#include "protocol/errc.hpp"

#include <string>
#include <string_view>

namespace understudy::protocol {

namespace {

struct meaning {
    errc code = errc::server_error;
    std::string_view mend;
};

// Numbers of the server's error reference.
meaning meaning_of(std::uint16_t number) {
    switch (number) {
    case 1129: // ER_HOST_IS_BLOCKED
        return {errc::access_denied, "run FLUSH HOSTS on the server once the cause is known"};
    case 1130: // ER_HOST_NOT_PRIVILEGED
        return {errc::access_denied, "create the account for the host Understudy runs on"};
    case 1045: // ER_ACCESS_DENIED_ERROR
    case 1698: // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
        return {errc::access_denied, "check the user, the password and the account's host part"};
    case 1044: // ER_DBACCESS_DENIED_ERROR
    case 1820: // ER_MUST_CHANGE_PASSWORD
    case 1862: // ER_MUST_CHANGE_PASSWORD_LOGIN
    case 3118: // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 4151: // MariaDB's ER_ACCOUNT_HAS_BEEN_LOCKED
        return {errc::access_denied, ""};
    case 3159: // ER_SECURE_TRANSPORT_REQUIRED
        return {errc::access_denied,
                "the server wants TLS: set tls.mode to \"required\" or better"};
    case 1251: // ER_NOT_SUPPORTED_AUTH_MODE
    case 1524: // ER_PLUGIN_IS_NOT_LOADED
        return {errc::plugin_unsupported, ""};
    default: return {};
    }
}

} // namespace

error sign_in_error(error refused, const connect_options& options) {
    if (refused.code != make_error_code(errc::server_error)) return refused;
    const auto [code, mend] = meaning_of(refused.server.number);
    refused.code = make_error_code(code);
    refused.what = options.to_string() + " was refused by the server: " + refused.what;
    if (!mend.empty()) refused.what.append("; ").append(mend);
    return refused;
}

} // namespace understudy::protocol
