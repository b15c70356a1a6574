#include "api/server_tls.hpp"

#include "api/errc.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace understudy::api {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::unexpected<protocol::error> unusable(const std::filesystem::path& file,
                                          const std::string& why) {
    return protocol::fail(errc::bad_tls, file.string() + ": " + why);
}

bool is_mismatch(const error_code& failure) {
    const auto code = static_cast<unsigned long>(failure.value());
    return ERR_GET_LIB(code) == ERR_LIB_X509 &&
           (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

} // namespace

protocol::result<std::shared_ptr<asio::ssl::context>>
make_tls(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    ::SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
    error_code failure;
    // OpenSSL's own way is to ask at the terminal and wait.
    const auto locked = std::make_shared<bool>(false);
    const auto no_pass_phrase = [locked](std::size_t, asio::ssl::context::password_purpose) {
        *locked = true;
        return std::string();
    };
    made->set_password_callback(no_pass_phrase, failure);
    if (!failure) made->use_certificate_chain_file(certificate.string(), failure);
    if (failure) return unusable(certificate, failure.message());
    made->use_private_key_file(key.string(), asio::ssl::context::pem, failure);
    if (*locked) return unusable(key, "has a pass phrase; needed is a key without one");
    if (failure && is_mismatch(failure))
        return unusable(key, "is not the key of " + certificate.string());
    if (failure) return unusable(key, failure.message());
    return made;
}

std::string certificate_in(const asio::ssl::context& context) {
    // Asio's handle is not const; nothing is changed by it.
    auto* const handle = const_cast<asio::ssl::context&>(context).native_handle();
    const std::unique_ptr<BIO, decltype(&::BIO_free)> text(::BIO_new(::BIO_s_mem()), &::BIO_free);
    if (::PEM_write_bio_X509(text.get(), ::SSL_CTX_get0_certificate(handle)) != 1) return {};
    char* data = nullptr;
    const auto size = ::BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

} // namespace understudy::api
