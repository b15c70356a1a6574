#include "protocol/net/tls_verification.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

#include <arpa/inet.h>

namespace understudy::protocol::net {

namespace {

struct bio_free {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using text_bio = std::unique_ptr<BIO, bio_free>;

std::string text_of(const text_bio& bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const X509_NAME* name) {
    const text_bio bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ);
    return text_of(bio);
}

std::string text_of(const ASN1_TIME* time) {
    const text_bio bio(BIO_new(BIO_s_mem()));
    ASN1_TIME_print(bio.get(), time);
    return text_of(bio);
}

// "DNS:db.example, IP Address:10.0.0.1", or the common name where there is no such list.
std::string names_in(X509* certificate) {
    const int index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    if (index >= 0) {
        const text_bio bio(BIO_new(BIO_s_mem()));
        X509V3_EXT_print(bio.get(), X509_get_ext(certificate, index), 0, 0);
        return text_of(bio);
    }
    return text_of(X509_get_subject_name(certificate));
}

bool is_wrong_issuer(int code) {
    switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED: return true;
    default: return false;
    }
}

} // namespace

bool is_ip_address(const std::string& host) {
    std::array<unsigned char, 16> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

tls_verification::tls_verification(const connect_options& options)
    : mode_(options.tls.mode), host_(options.host), ca_(options.tls.ca) {}

result<void> tls_verification::attach(SSL* session) {
    if (mode_ != tls_mode::verify_ca && mode_ != tls_mode::verify_identity) {
        SSL_set_verify(session, SSL_VERIFY_NONE, nullptr);
        return {};
    }
    if (mode_ == tls_mode::verify_identity) {
        auto* const param = SSL_get0_param(session);
        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        const bool set = is_ip_address(host_)
                             ? X509_VERIFY_PARAM_set1_ip_asc(param, host_.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(param, host_.data(), host_.size()) == 1;
        if (!set) return fail(errc::tls_failed, "'" + host_ + "' cannot be in a certificate");
    }
    SSL_set_app_data(session, this);
    SSL_set_verify(session, SSL_VERIFY_PEER, &tls_verification::on_certificate);
    return {};
}

int tls_verification::on_certificate(int passed, X509_STORE_CTX* store) {
    if (passed == 1) return 1;
    const auto* const session =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const self = static_cast<tls_verification*>(SSL_get_app_data(session));
    UNDERSTUDY_ASSERT(self != nullptr);
    self->describe(store);
    return 0; // the first failure ends the handshake
}

void tls_verification::describe(X509_STORE_CTX* store) {
    const int code = X509_STORE_CTX_get_error(store);
    X509* const certificate = X509_STORE_CTX_get_current_cert(store);
    if (certificate == nullptr) {
        failure_ = X509_verify_cert_error_string(code);
        return;
    }
    const auto subject = "the certificate of " + text_of(X509_get_subject_name(certificate));
    if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        failure_ = "the server's certificate is made out to " + names_in(certificate) +
                   ", but tls.mode \"verify-identity\" expects \"" + host_ + "\"";
    } else if (is_wrong_issuer(code)) {
        failure_ =
            subject + ", issued by " + text_of(X509_get_issuer_name(certificate)) +
            ", is not signed by " +
            (ca_.empty() ? "a CA that this machine trusts (set tls.ca)" : "the CA in " + ca_) +
            ": " + X509_verify_cert_error_string(code);
    } else if (code == X509_V_ERR_CERT_HAS_EXPIRED) {
        failure_ =
            subject + " has expired: it was good until " + text_of(X509_get0_notAfter(certificate));
    } else if (code == X509_V_ERR_CERT_NOT_YET_VALID) {
        failure_ = subject + " is not good before " + text_of(X509_get0_notBefore(certificate)) +
                   ": is the clock right?";
    } else {
        failure_ = subject + ": " + X509_verify_cert_error_string(code);
    }
}

} // namespace understudy::protocol::net
