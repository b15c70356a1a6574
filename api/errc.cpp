#include "api/errc.hpp"

#include <string>

namespace understudy::api {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "understudy.api"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::listen_failed: return "the address cannot be listened on";
        case errc::bad_tls: return "the certificate or its key cannot be used";
        case errc::bad_tokens: return "the file of tokens is not valid";
        case errc::not_safe: return "the address needs TLS and tokens";
        case errc::io_failed: return "a file operation failed";
        }
        return "unknown api error " + std::to_string(code);
    }
};

} // namespace

const std::error_category& api_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), api_category()};
}

} // namespace understudy::api
