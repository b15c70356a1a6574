#include "protocol/net/trust_store.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>

namespace understudy::protocol::net {

namespace {

std::string environment_or(const char* variable, const char* otherwise) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it once there are threads
    const char* const said = std::getenv(variable);
    return said != nullptr ? said : otherwise;
}

std::string file_of_environment() {
    return environment_or(X509_get_default_cert_file_env(), X509_get_default_cert_file());
}

std::optional<std::string>& hidden_file() {
    static std::optional<std::string> file;
    return file;
}

} // namespace

void hide_trust_store_from_libraries() {
    hidden_file() = file_of_environment();
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads
    std::ignore = ::setenv(X509_get_default_cert_file_env(), "/dev/null", 1);
}

void load_trust_store(SSL_CTX* into) {
    X509_STORE* const store = SSL_CTX_get_cert_store(into);
    const std::string file = hidden_file().value_or(file_of_environment());
    const std::string directories =
        environment_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
    std::ignore = X509_STORE_load_file(store, file.c_str());
    std::ignore = X509_STORE_load_path(store, directories.c_str());
    ERR_clear_error();
}

} // namespace understudy::protocol::net
